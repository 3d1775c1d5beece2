package dev.culebra.emulator.exec;

import dev.culebra.emulator.memory.Poison;
import java.util.Arrays;

/** A function's activation in a warp: its registers and where its local memory starts. */
final class Frame {

    final Program program;
    final int[][] r;
    final long[][] q;
    final int[] p;
    /** Lanes whose carry flag (CC.CF) is set. */
    int carry;
    /** First byte of the frame's local memory in each lane's stack. */
    int localBase;
    /** With alloca, how much each lane has taken beyond the frame; else null. */
    final int[] grown;
    /** With alloca, where each lane's last call had its frame; else null. */
    private final int[] calleeBases;
    /** The caller's split that waits for the return, or null in a kernel's own frame. */
    Split call;
    /** Where its ops are counted, or null. */
    Profile profile;
    /** Who has its registers; null where no warpgroup multiplies, or nobody looks. */
    WarpgroupRegisters warpgroupRegisters;

    Frame(Program program, Launch.Constants constants) {
        this.program = program;
        r = constants.ints().clone();
        q = constants.longs().clone();
        p = program.predicates.clone();
        grown = program.growsStack ? new int[32] : null;
        calleeBases = program.growsStack ? new int[32] : null;
        for (int i = 0; i < r.length; i++) {
            r[i] = r[i] == null ? new int[32] : r[i];
        }
        for (int i = 0; i < q.length; i++) {
            q[i] = q[i] == null ? new long[32] : q[i];
        }
        reset();
    }

    /** Where the frame of a function that lanes call begins: behind this one and what any of them has taken beyond it. */
    int baseOfCallee(int mask) {
        int base = localBase + program.localBytes;
        if (grown == null) {
            return base;
        }
        int most = 0;
        for (int l = 0; l < 32; l++) {
            most = (mask >>> l & 1) != 0 ? Math.max(most, grown[l]) : most;
        }
        base += most + Program.FRAME_ALIGNMENT - 1 & -Program.FRAME_ALIGNMENT;
        for (int l = 0; l < 32; l++) {
            calleeBases[l] = (mask >>> l & 1) != 0 ? base : calleeBases[l];
        }
        return base;
    }

    /** Where the frame of the function that a lane last called was. */
    int calleeBase(int lane) {
        return grown == null ? localBase + program.localBytes : calleeBases[lane];
    }

    /** Makes the registers as new: poisoned, the same in every run. Reading one is no fault, for nvcc copies undefined ones. */
    void reset() {
        for (int i = 0; i < r.length; i++) {
            if (program.ints[i] == null) {
                Arrays.fill(r[i], program.fresh[i]);
            }
        }
        for (int i = 0; i < q.length; i++) {
            if (program.longs[i] == null) {
                Arrays.fill(q[i], Poison.LONG);
            }
        }
        System.arraycopy(program.predicates, 0, p, 0, p.length);
        carry = 0;
        if (warpgroupRegisters != null) {
            warpgroupRegisters.clear();
        }
        if (grown != null) {
            Arrays.fill(grown, 0);
        }
    }
}
