package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import java.util.List;

/** Branches, returns and ends. */
final class Branching {

    private Branching() {}

    /** An op that ends a basic block. */
    abstract static class Ends extends Op.Control {
        /** Where the divided lanes meet again: an index of an op, or -1. */
        int rejoin = -1;

        /** The labels it may go to. */
        List<String> labels() { return List.of(); }

        /** Whether the next op may follow. */
        abstract boolean mayFallThrough();

        /** Whether nothing that comes here goes on: then it is no place that the others should have met before. */
        boolean fails() {
            return false;
        }

        /** Sets the targets' indices, in the order of {@link #labels}. */
        void resolve(int[] targets) {}
    }

    private static final class Branch extends Ends {
        private final String label;
        private int target;

        Branch(String label) { this.label = label; }

        @Override
        List<String> labels() { return List.of(label); }

        @Override
        boolean mayFallThrough() { return guard >= 0; }

        @Override
        void resolve(int[] targets) { target = targets[0]; }

        @Override
        void execute(Warp w, int mask) {
            Split s = w.current;
            if (mask == s.mask) {
                s.pc = target;
            } else if (mask == 0) {
                s.pc++;
            } else {
                w.splits.diverge(rejoin, mask, target, s.pc + 1);
            }
        }
    }

    private static final class IndexedBranch extends Ends {
        private final int index;
        private final List<String> labels;
        private int[] targets;

        IndexedBranch(int index, List<String> labels) {
            this.index = index;
            this.labels = labels;
        }

        @Override
        List<String> labels() { return labels; }

        @Override
        boolean mayFallThrough() { return false; }

        @Override
        void resolve(int[] at) { targets = at; }

        @Override
        void execute(Warp w, int mask) {
            int[] masks = new int[targets.length];
            for (int l = 0; l < 32; l++) {
                if ((mask >>> l & 1) != 0) {
                    int i = w.r[index][l];
                    if (i < 0 || i >= targets.length) {
                        throw new Fault(DeviceFault.INVALID_PC, l,
                                "index " + i + " into a list of " + targets.length + " branch targets");
                    }
                    masks[i] |= 1 << l;
                }
            }
            for (int i = 0; i < masks.length; i++) {
                if (masks[i] == mask) {
                    w.current.pc = targets[i];
                    return;
                }
            }
            w.splits.scatter(rejoin, masks, targets);
        }
    }

    private static final class Leave extends Ends {
        private final boolean exit;

        Leave(boolean exit) { this.exit = exit; }

        @Override
        boolean mayFallThrough() { return guard >= 0; }

        @Override
        void execute(Warp w, int mask) {
            if (mask == 0) {
                w.current.pc++;
            } else if (exit) {
                w.exit(mask);
            } else {
                w.ret(mask);
            }
        }
    }

    private static final class Trap extends Ends {
        private final int cudaError;
        private final String what;

        Trap(int cudaError, String what) {
            this.cudaError = cudaError;
            this.what = what;
        }

        @Override
        boolean mayFallThrough() { return guard >= 0; }

        @Override
        boolean fails() { return guard < 0; }

        @Override
        void execute(Warp w, int mask) {
            if (mask != 0) {
                throw new Fault(cudaError, Integer.numberOfTrailingZeros(mask), what);
            }
            w.current.pc++;
        }
    }

    /** The op behind a body's last one: a body that does not end in {@code ret} returns there. */
    static Op end() {
        return new Leave(false);
    }

    /** A branch to a label, for what the translator itself adds. */
    static Op branch(String label) {
        return new Branch(label);
    }

    static void register(Families f) {
        f.add("bra", x -> {
            x.take("uni");
            x.done(1);
            if (!(x.operand(0) instanceof Operand.Label l)) {
                throw x.refuse("a label of this function is wanted");
            }
            x.emit(new Branch(l.name()));
        });
        f.add("brx", x -> {
            x.take("uni");
            if (!x.take("idx")) {
                throw x.refuse("brx.idx is wanted");
            }
            x.done(2);
            List<String> labels = x.operand(1) instanceof Operand.Label l ? x.targets(l.name()) : null;
            if (labels == null) {
                throw x.refuse("the second operand names no list of branch targets");
            }
            x.emitSplit(new IndexedBranch(x.src(0, PtxType.U32), labels));
        });
        f.add("ret", x -> {
            x.take("uni");
            x.done(0);
            x.emit(new Leave(false));
        });
        f.add("exit", x -> {
            x.done(0);
            x.emit(new Leave(true));
        });
        f.add("trap", x -> {
            x.done(0);
            x.emit(new Trap(DeviceFault.LAUNCH_FAILED, "trap"));
        });
        f.add("brkpt", x -> {
            x.done(0);
            x.emit(new Trap(DeviceFault.LAUNCH_FAILED, "breakpoint"));
        });
    }
}
