package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import dev.culebra.emulator.ptx.PtxVariable;
import java.util.List;

/** Moves, packing and unpacking, predicates, addresses and windows. */
final class MoveOps {

    /** Generic addresses of shared memory are this and the offset; nothing of a host or device lies there. */
    static final long SHARED_WINDOW = 1L << 56;
    /** The same for local memory. */
    static final long LOCAL_WINDOW = 2L << 56;
    /** The same for the kernel's parameters. */
    static final long PARAM_WINDOW = 3L << 56;
    /** Bits that tell a window. */
    static final long WINDOW_BITS = 0xffL << 56;

    private MoveOps() {}

    static void register(Families f) {
        f.add("mov", MoveOps::move);
        f.add("cvta", MoveOps::convertAddress);
        f.add("isspacep", MoveOps::isSpace);
        f.add("nanosleep", MoveOps::sleep);
        f.add("pmevent", x -> { // tells a profiler, and there is none
            x.take("mask");
            x.done(1);
            if (!(x.operand(0) instanceof Operand.Immediate)) {
                throw x.refuse("a constant is wanted");
            }
        });
    }

    /** The address of something in the frame's local memory. */
    static final class FrameAddress extends Op {
        private final int d;
        private final boolean wide;
        private final long offset;

        FrameAddress(int d, boolean wide, long offset) {
            this.d = d;
            this.wide = wide;
            this.offset = offset;
        }

        @Override
        void execute(Warp w, int mask) {
            long at = w.frame.localBase + offset;
            for (int l = 0; l < 32; l++) {
                if (wide) {
                    w.q[d][l] = at;
                } else {
                    w.r[d][l] = (int) at;
                }
            }
        }
    }

    /** d = !a. */
    static final class NotPredicate extends Op {
        private final int d;
        private final int a;

        NotPredicate(int d, int a) {
            this.d = d;
            this.a = a;
        }

        @Override
        void execute(Warp w, int mask) { w.p[d] = w.p[d] & ~mask | ~w.p[a] & mask; }
    }

    /** d = a op b. */
    static final class PredicateLogic extends Op {
        private final int d;
        private final int a;
        private final int b;
        private final String op;

        PredicateLogic(int d, int a, int b, String op) {
            this.d = d;
            this.a = a;
            this.b = b;
            this.op = op;
        }

        @Override
        void execute(Warp w, int mask) {
            int v = switch (op) {
                case "and" -> w.p[a] & w.p[b];
                case "or" -> w.p[a] | w.p[b];
                default -> w.p[a] ^ w.p[b];
            };
            w.p[d] = w.p[d] & ~mask | v & mask;
        }
    }

    /** A register that holds a special register's value from here on. */
    static int special(Decoding x, String name, boolean wide) {
        SpecialRegisters.Value value = SpecialRegisters.find(name);
        if (value == null) {
            throw x.refuse("special register " + name + " is not known");
        }
        if (name.startsWith(SpecialRegisters.RESERVED)) {
            x.assembler.kernel.reserveShared();
        }
        int d = wide ? x.assembler.newLong() : x.assembler.newInt();
        x.emit(wide ? new Alu.ToLong(d) {
            @Override
            void compute(Warp w, long[] to) {
                for (int l = 0; l < 32; l++) {
                    to[l] = value.get(w, l);
                }
            }
        } : new Alu.ToInt(d) {
            @Override
            void compute(Warp w, int[] to) {
                for (int l = 0; l < 32; l++) {
                    to[l] = (int) value.get(w, l);
                }
            }
        });
        return d;
    }

    private static void move(Decoding x) {
        PtxType t = x.type();
        x.done(2);
        if (t == PRED && x.operand(1) instanceof Operand.Special s) {
            explicitCluster(x, s.name());
        } else if (t == B128) {
            WideMoves.move(x);
        } else if (t == PRED) {
            int a = x.predicate(1);
            x.emit(new PredicateLogic(x.predicateOut(0), a, a, "and"));
        } else if (x.operand(0) instanceof Operand.Vector v) {
            unpack(x, v.elements(), t);
        } else if (x.operand(1) instanceof Operand.Vector v) {
            pack(x, v.elements(), t);
        } else if (t.bits() == 64) {
            Alu.ll(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l];
                }
            }, t);
        } else if (t.bits() >= 16 && t.bits() <= 32) {
            Alu.ii(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l];
                }
            }, t, t);
        } else {
            throw x.refuse("unknown instruction");
        }
    }

    private static void explicitCluster(Decoding x, String name) {
        if (!name.equals(SpecialRegisters.EXPLICIT_CLUSTER)) {
            throw x.refuse("special register " + name + " is no predicate");
        }
        x.require(90, 78);
        int p = x.predicateOut(0);
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) { w.p[p] = w.block.launch.explicitCluster ? w.p[p] | mask : w.p[p] & ~mask; }
        });
    }

    private static PtxType part(Decoding x, PtxType t, int n) {
        int bits = t.bits() / n;
        if (n != 2 && n != 4 || bits < 8 || t.bits() > 64) {
            throw x.refuse(n + " parts of ." + Decoding.lower(t));
        }
        return bits == 8 ? B8 : bits == 16 ? B16 : B32;
    }

    private static void pack(Decoding x, List<Operand> parts, PtxType t) {
        PtxType part = part(x, t, parts.size());
        int[] from = parts.stream().mapToInt(o -> part == B8 ? x.srcWide(o, part) : x.src(o, part)).toArray();
        int bits = part.bits();
        int d = x.dst(0, t);
        if (bits == 32) {
            x.emit(new Alu.ToLong(d) {
                @Override
                void compute(Warp w, long[] to) {
                    int[] low = w.r[from[0]];
                    int[] high = w.r[from[1]];
                    for (int l = 0; l < 32; l++) {
                        to[l] = (long) high[l] << 32 | low[l] & 0xffffffffL;
                    }
                }
            });
        } else if (t.bits() == 64) {
            x.emit(new Alu.ToLong(d) {
                @Override
                void compute(Warp w, long[] to) {
                    for (int l = 0; l < 32; l++) {
                        long v = 0;
                        for (int i = 0; i < from.length; i++) {
                            v |= (w.r[from[i]][l] & (1L << bits) - 1) << bits * i;
                        }
                        to[l] = v;
                    }
                }
            });
        } else {
            x.emit(new Alu.ToInt(d) {
                @Override
                void compute(Warp w, int[] to) {
                    int ones = (1 << bits) - 1;
                    for (int l = 0; l < 32; l++) {
                        int v = 0;
                        for (int i = 0; i < from.length; i++) {
                            v |= (w.r[from[i]][l] & ones) << bits * i;
                        }
                        to[l] = v;
                    }
                }
            });
        }
    }

    private static void unpack(Decoding x, List<Operand> parts, PtxType t) {
        PtxType part = part(x, t, parts.size());
        int bits = part.bits();
        int a = x.src(1, t);
        int[] to = parts.stream().mapToInt(o -> part == B8 ? x.dstWide(o, part) : x.dst(o, part)).toArray();
        int ones = bits == 32 ? -1 : (1 << bits) - 1;
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) {
                for (int l = 0; l < 32; l++) {
                    if ((mask >>> l & 1) != 0) {
                        long v = t.bits() == 64 ? w.q[a][l] : w.r[a][l];
                        for (int i = 0; i < to.length; i++) {
                            w.r[to[i]][l] = (int) (v >>> bits * i) & ones;
                        }
                    }
                }
            }
        });
    }

    private static long window(Decoding x) {
        String space = x.takeAny("global", "shared", "shared::cta", "shared::cluster", "local", "const", "param",
                "param::entry");
        return switch (space) {
            case null -> throw x.refuse("a state space is missing");
            case "shared::cluster" -> {
                x.require(90, 78);
                yield SHARED_WINDOW;
            }
            case "shared", "shared::cta" -> SHARED_WINDOW;
            case "local" -> LOCAL_WINDOW;
            case "param", "param::entry" -> PARAM_WINDOW;
            default -> 0;
        };
    }

    private static void convertAddress(Decoding x) {
        boolean to = x.take("to");
        long window = window(x);
        PtxType t = x.type();
        x.done();
        if (t != U64) {
            throw x.refuse("addresses have 64 bits: .u64 is wanted");
        }
        Alu.ll(x, window == 0 ? (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = a[l];
            }
        } : to ? (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = a[l] - window;
            }
        } : (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = a[l] + window;
            }
        }, t);
    }

    private static void isSpace(Decoding x) {
        boolean constant = x.has("const");
        boolean cluster = x.has("shared::cluster");
        long window = window(x);
        x.done(2);
        int a = x.src(1, U64);
        int p = x.predicateOut(0);
        if (constant) {
            isConstant(x, a, p);
            return;
        }
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) {
                int m = 0;
                for (int l = 0; l < 32; l++) {
                    boolean in = (w.q[a][l] & WINDOW_BITS) == window;
                    if (in && window == SHARED_WINDOW) {
                        long rank = SharedWindow.rank(w.q[a][l] - window);
                        in = cluster ? rank < w.block.cluster.blocks.length : rank == w.block.rank;
                    }
                    m |= in ? 1 << l : 0;
                }
                w.p[p] = w.p[p] & ~mask | m & mask;
            }
        });
    }

    /** Constant memory has no window here: it is where the module's constant variables lie. */
    private static void isConstant(Decoding x, int a, int p) {
        List<PtxVariable> variables = x.assembler.kernel.constants().stream().filter(v -> !v.external()).toList();
        int[] bases = variables.stream().mapToInt(v -> x.assembler.linked(v.name(), 0)).toArray();
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) {
                int m = 0;
                for (int i = 0; i < bases.length; i++) {
                    long size = variables.get(i).size();
                    for (int l = 0; l < 32; l++) {
                        long offset = w.q[a][l] - w.q[bases[i]][l];
                        m |= offset >= 0 && offset < size ? 1 << l : 0;
                    }
                }
                w.p[p] = w.p[p] & ~mask | m & mask;
            }
        });
    }

    private static void sleep(Decoding x) {
        PtxType t = x.type();
        x.done(1);
        x.src(0, t);
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) { w.yield = true; }
        });
    }
}
