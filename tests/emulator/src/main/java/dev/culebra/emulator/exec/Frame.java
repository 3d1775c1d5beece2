package dev.culebra.emulator.exec;

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
    /** The caller's split that waits for the return, or null in a kernel's own frame. */
    Split call;

    Frame(Program program, Launch.Constants constants) {
        this.program = program;
        r = constants.ints().clone();
        q = constants.longs().clone();
        p = program.predicates.clone();
        for (int i = 0; i < r.length; i++) {
            r[i] = r[i] == null ? new int[32] : r[i];
        }
        for (int i = 0; i < q.length; i++) {
            q[i] = q[i] == null ? new long[32] : q[i];
        }
    }

    /** Makes the registers as new, for the next block. */
    void reset() {
        for (int i = 0; i < r.length; i++) {
            if (program.ints[i] == null) {
                Arrays.fill(r[i], 0);
            }
        }
        for (int i = 0; i < q.length; i++) {
            if (program.longs[i] == null) {
                Arrays.fill(q[i], 0);
            }
        }
        System.arraycopy(program.predicates, 0, p, 0, p.length);
        carry = 0;
    }
}
