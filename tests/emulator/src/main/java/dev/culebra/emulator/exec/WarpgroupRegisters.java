package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.Instruction;
import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.Statement;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Who has the registers of a frame that products of a warpgroup name. From the product until a wait covers it they are the
 * product's; and between another's access and a product there must be a {@code wgmma.fence}, but for accumulators that a product
 * of the same shape had before (PTX ISA, wgmma.fence and wgmma.wait_group). In functions with such products each other instruction
 * that names one of these registers has an op before it that asks; no other code pays for it.
 */
final class WarpgroupRegisters {

    /** What a product had a register for that holds A; for an accumulator it is the product's N. */
    private static final int HOLDS_A = -1;

    /** Number of fences before the last access by another instruction, and by a product, each plus 1; 0: none. */
    private final int[] touched;
    private final int[] used;
    private final int[] touchedLine;
    private final int[] usedAs;
    /** Products in flight that have it, and the line of the last. */
    private final int[] flying;
    private final int[] flyingLine;

    /** For a program with so many registers of 32 bits. */
    WarpgroupRegisters(int count) {
        touched = new int[count];
        used = new int[count];
        touchedLine = new int[count];
        usedAs = new int[count];
        flying = new int[count];
        flyingLine = new int[count];
    }

    void clear() {
        Arrays.fill(touched, 0);
        Arrays.fill(used, 0);
        Arrays.fill(flying, 0);
    }

    /** The registers that products in a function's body name. */
    static Set<Operand.Register> named(List<Statement> body) {
        Set<Operand.Register> all = new HashSet<>();
        for (Statement s : body) {
            if (s instanceof Instruction i && i.opcode().equals("wgmma") && i.modifiers().contains("mma_async")) {
                for (Operand o : i.operands()) {
                    if (o instanceof Operand.Vector) {
                        collect(o, all);
                    }
                }
            }
        }
        return all;
    }

    private static void collect(Operand o, Set<Operand.Register> to) {
        switch (o) {
            case Operand.Register r -> to.add(r);
            case Operand.Address a -> collect(a.base(), to);
            case Operand.Part p -> collect(p.of(), to);
            case Operand.Vector v -> v.elements().forEach(e -> collect(e, to));
            case Operand.Group g -> g.elements().forEach(e -> collect(e, to));
            default -> {
                // no register that a product could have
            }
        }
    }

    /** The op that asks before an instruction which is none of a warpgroup's; null where it names none of the registers. */
    static Op before(Instruction i, Set<Operand.Register> ofProducts, Assembler assembler) {
        Set<Operand.Register> mine = new LinkedHashSet<>();
        i.operands().forEach(o -> collect(o, mine));
        mine.retainAll(ofProducts);
        if (mine.isEmpty()) {
            return null;
        }
        int[] numbers = mine.stream().mapToInt(assembler::number).toArray();
        String[] names = mine.stream().map(Operand.Register::name).toArray(String[]::new);
        Op op = new Op() {
            @Override
            void execute(Warp w, int mask) {
                if (w.frame.warpgroupRegisters != null) {
                    w.frame.warpgroupRegisters.touch(w, mask, numbers, names, line);
                }
            }
        };
        op.line = i.line();
        op.text = i.text();
        if (i.guard() != null) {
            op.guard = assembler.number(i.guard());
            op.guardFlip = i.guardNegated() ? -1 : 0;
        }
        return op;
    }

    private void touch(Warp w, int mask, int[] numbers, String[] names, int line) {
        int now = w.block.warpgroups.of(w).fences + 1;
        for (int i = 0; i < numbers.length; i++) {
            int r = numbers[i];
            if (flying[r] != 0) {
                throw new Fault(DeviceFault.LAUNCH_FAILED, Integer.numberOfTrailingZeros(mask), "register " + names[i]
                        + (usedAs[r] == HOLDS_A ? ", which holds A," : ", an accumulator,")
                        + " is read or written while the wgmma.mma_async at ptx line " + flyingLine[r]
                        + " has it; wait for that with wgmma.commit_group and wgmma.wait_group first");
            }
            touched[r] = now;
            touchedLine[r] = line;
        }
    }

    /** A product takes its registers. */
    void take(WarpgroupProduct op, int fences) {
        if (fences == 0) {
            throw new Fault(DeviceFault.LAUNCH_FAILED, 0,
                    "wgmma.mma_async with no wgmma.fence before it: the first one needs one");
        }
        for (int r : op.d) {
            check(r, op.n, fences + 1);
        }
        for (int i = 0; op.a != null && i < op.a.length; i++) {
            check(op.a[i], HOLDS_A, fences + 1);
        }
        for (int r : op.d) {
            take(r, op.n, fences + 1, op.line);
        }
        for (int i = 0; op.a != null && i < op.a.length; i++) {
            take(op.a[i], HOLDS_A, fences + 1, op.line);
        }
    }

    private void check(int r, int as, int now) {
        String what = as == HOLDS_A ? "a register with A" : "an accumulator";
        if (usedAs[r] != as && flying[r] != 0) {
            throw new Fault(DeviceFault.LAUNCH_FAILED, 0, "wgmma.mma_async has " + what
                    + " that the wgmma.mma_async at ptx line " + flyingLine[r] + (usedAs[r] == HOLDS_A
                            ? " reads A from"
                            : as == HOLDS_A ? " has as accumulator" : " has in another shape")
                    + " and nobody has waited for; wait for that with wgmma.commit_group and wgmma.wait_group first");
        }
        if (touched[r] == now || used[r] == now && usedAs[r] != as) {
            throw new Fault(DeviceFault.LAUNCH_FAILED, 0, "wgmma.mma_async has " + what + " that "
                    + (touched[r] == now
                            ? "the instruction at ptx line " + touchedLine[r] + " read or wrote"
                            : "the wgmma.mma_async at ptx line " + flyingLine[r] + " had for another purpose")
                    + " with no wgmma.fence since: it needs wgmma.fence");
        }
    }

    private void take(int r, int as, int now, int line) {
        used[r] = now;
        usedAs[r] = as;
        flying[r]++;
        flyingLine[r] = line;
    }

    /** A product has been done. */
    void giveBack(WarpgroupProduct op) {
        for (int r : op.d) {
            flying[r]--;
        }
        for (int i = 0; op.a != null && i < op.a.length; i++) {
            flying[op.a[i]]--;
        }
    }
}
