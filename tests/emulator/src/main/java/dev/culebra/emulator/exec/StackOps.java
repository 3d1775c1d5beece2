package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.B32;
import static dev.culebra.emulator.ptx.PtxType.B64;
import static dev.culebra.emulator.ptx.PtxType.U32;
import static dev.culebra.emulator.ptx.PtxType.U64;

import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;

/** Local memory that a function takes while it runs: each lane its own, behind the function's frame, until it returns. */
final class StackOps {

    private StackOps() {}

    static void register(Families f) {
        f.add("alloca", StackOps::allocate);
        f.add("stacksave", x -> {
            PtxType t = known(x, 1);
            int d = x.dst(0, t);
            x.emit(new Op() {
                @Override
                void execute(Warp w, int mask) {
                    for (int l = 0; l < 32; l++) {
                        if ((mask >>> l & 1) != 0) {
                            set(w, d, t, l, w.frame.grown[l]);
                        }
                    }
                }
            });
        });
        f.add("stackrestore", x -> {
            PtxType t = known(x, 1);
            int a = x.src(0, t);
            x.emit(new Op() {
                @Override
                void execute(Warp w, int mask) {
                    for (int l = 0; l < 32; l++) {
                        if ((mask >>> l & 1) == 0) {
                            continue;
                        }
                        long to = t.bits() == 64 ? w.q[a][l] : w.r[a][l];
                        if (to < 0 || to > w.frame.grown[l]) {
                            throw new Fault(DeviceFault.STACK_ERROR, l,
                                    "stackrestore of " + to + ", which stacksave did not give");
                        }
                        w.frame.grown[l] = (int) to;
                    }
                }
            });
        });
    }

    private static PtxType known(Decoding x, int operands) {
        PtxType t = x.type();
        x.done(operands);
        x.require(52, 73);
        if (t != U32 && t != U64 && t != B32 && t != B64) {
            throw x.refuse("unknown instruction");
        }
        x.assembler.growsStack();
        return t;
    }

    private static void set(Warp w, int d, PtxType t, int l, long v) {
        if (t.bits() == 64) {
            w.q[d][l] = v;
        } else {
            w.r[d][l] = (int) v;
        }
    }

    private static void allocate(Decoding x) {
        x.operands(2, 3);
        PtxType t = known(x, x.operandCount());
        int alignment = 8;
        if (x.operandCount() == 3) {
            if (!(x.operand(2) instanceof Operand.Immediate i) || i.bits() <= 0 || Long.bitCount(i.bits()) != 1) {
                throw x.refuse("the alignment must be a constant power of two");
            }
            alignment = (int) Math.max(8, Math.min(i.bits(), 1 << 16));
        }
        int up = alignment;
        int size = x.src(1, t);
        int d = x.dst(0, t);
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) {
                Frame f = w.frame;
                int base = f.localBase + f.program.localBytes;
                for (int l = 0; l < 32; l++) {
                    if ((mask >>> l & 1) == 0) {
                        continue;
                    }
                    long wanted = t.bits() == 64 ? w.q[size][l] : w.r[size][l] & 0xffffffffL;
                    long at = base + f.grown[l] + up - 1 & -up;
                    if (wanted < 0 || wanted > w.stackBytes || at + wanted > w.stackBytes) {
                        throw new Fault(DeviceFault.STACK_ERROR, l, "stack overflow: alloca of "
                                + Long.toUnsignedString(wanted) + " bytes, of " + w.stackBytes + " a thread has");
                    }
                    f.grown[l] = (int) (at + wanted - base);
                    w.freshLocals(l, (int) at, (int) wanted);
                    set(w, d, t, l, at);
                }
            }
        });
    }
}
