package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.exec.Alu.III;
import dev.culebra.emulator.exec.Alu.LLL;
import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import java.util.Map;

/** Logic, shifts, counts of bits and permutations of bytes. */
final class BitOps {

    private static final Map<String, III> LOGIC = Map.of("and", (d, a, b) -> {
        for (int l = 0; l < 32; l++) {
            d[l] = a[l] & b[l];
        }
    }, "or", (d, a, b) -> {
        for (int l = 0; l < 32; l++) {
            d[l] = a[l] | b[l];
        }
    }, "xor", (d, a, b) -> {
        for (int l = 0; l < 32; l++) {
            d[l] = a[l] ^ b[l];
        }
    });
    private static final Map<String, LLL> WIDE_LOGIC = Map.of("and", (d, a, b) -> {
        for (int l = 0; l < 32; l++) {
            d[l] = a[l] & b[l];
        }
    }, "or", (d, a, b) -> {
        for (int l = 0; l < 32; l++) {
            d[l] = a[l] | b[l];
        }
    }, "xor", (d, a, b) -> {
        for (int l = 0; l < 32; l++) {
            d[l] = a[l] ^ b[l];
        }
    });

    private BitOps() {}

    static void register(Families f) {
        LOGIC.keySet().forEach(name -> f.add(name, x -> logic(x, name)));
        f.add("not", BitOps::not);
        f.add("cnot", BitOps::cnot);
        f.add("shl", x -> shift(x, true));
        f.add("shr", x -> shift(x, false));
        f.add("shf", BitOps::funnel);
        f.add("lop3", BitOps::lop3);
        f.add("prmt", BitOps::permute);
        f.add("popc", x -> count(x, (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Integer.bitCount(a[l]);
            }
        }, (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Long.bitCount(a[l]);
            }
        }));
        f.add("clz", x -> count(x, (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Integer.numberOfLeadingZeros(a[l]);
            }
        }, (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Long.numberOfLeadingZeros(a[l]);
            }
        }));
        f.add("brev", BitOps::reverse);
        f.add("bfind", BitOps::find);
    }

    private static void logic(Decoding x, String name) {
        PtxType t = x.type();
        x.done(3);
        switch (t) {
            case PRED -> {
                int a = x.predicate(1);
                int b = x.predicate(2);
                x.emit(new MoveOps.PredicateLogic(x.predicateOut(0), a, b, name));
            }
            case B64 -> Alu.lll(x, WIDE_LOGIC.get(name), t);
            case B16, B32 -> Alu.iii(x, LOGIC.get(name), t);
            default -> throw x.refuse("unknown instruction");
        }
    }

    private static void not(Decoding x) {
        PtxType t = x.type();
        x.done(2);
        switch (t) {
            case PRED -> x.emit(new MoveOps.NotPredicate(x.predicateOut(0), x.predicate(1)));
            case B64 -> Alu.ll(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = ~a[l];
                }
            }, t);
            case B32 -> Alu.ii(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = ~a[l];
                }
            }, t, t);
            case B16 -> Alu.ii(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = ~a[l] & 0xffff;
                }
            }, t, t);
            default -> throw x.refuse("unknown instruction");
        }
    }

    private static void cnot(Decoding x) {
        PtxType t = x.type();
        x.done();
        if (t == B64) {
            Alu.ll(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] == 0 ? 1 : 0;
                }
            }, t);
        } else {
            Alu.ii(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] == 0 ? 1 : 0;
                }
            }, t, t);
        }
    }

    /** Amounts are 32-bit whatever the type, and clamp at the width. */
    private static void shift(Decoding x, boolean left) {
        PtxType t = x.type();
        x.done();
        if (left) {
            untyped(x, t);
        }
        switch (t) {
            case B64, U64, S64 -> Alu.lli(x, left ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Integer.compareUnsigned(b[l], 63) > 0 ? 0 : a[l] << b[l];
                }
            }
                    : t == S64 ? (d, a, b) -> {
                        for (int l = 0; l < 32; l++) {
                            d[l] = a[l] >> (Integer.compareUnsigned(b[l], 63) > 0 ? 63 : b[l]);
                        }
                    }
                            : (d, a, b) -> {
                                for (int l = 0; l < 32; l++) {
                                    d[l] = Integer.compareUnsigned(b[l], 63) > 0 ? 0 : a[l] >>> b[l];
                                }
                            },
                    t);
            case B32, U32, S32 -> Alu.iii(x, left ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Integer.compareUnsigned(b[l], 31) > 0 ? 0 : a[l] << b[l];
                }
            }
                    : t == S32 ? (d, a, b) -> {
                        for (int l = 0; l < 32; l++) {
                            d[l] = a[l] >> (Integer.compareUnsigned(b[l], 31) > 0 ? 31 : b[l]);
                        }
                    }
                            : (d, a, b) -> {
                                for (int l = 0; l < 32; l++) {
                                    d[l] = Integer.compareUnsigned(b[l], 31) > 0 ? 0 : a[l] >>> b[l];
                                }
                            },
                    t, t, U32);
            case B16, U16, S16 -> Alu.iii(x, left ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Integer.compareUnsigned(b[l], 15) > 0 ? 0 : a[l] << b[l] & 0xffff;
                }
            }
                    : t == S16 ? (d, a, b) -> {
                        for (int l = 0; l < 32; l++) {
                            d[l] = (short) a[l] >> (Integer.compareUnsigned(b[l], 15) > 0 ? 15 : b[l]) & 0xffff;
                        }
                    }
                            : (d, a, b) -> {
                                for (int l = 0; l < 32; l++) {
                                    d[l] = Integer.compareUnsigned(b[l], 15) > 0 ? 0 : a[l] >>> b[l];
                                }
                            },
                    t, t, U32);
            default -> throw x.refuse("unknown instruction");
        }
    }

    private static void funnel(Decoding x) {
        String way = x.takeAny("l", "r");
        String mode = x.takeAny("clamp", "wrap");
        PtxType t = x.type();
        x.done();
        if (way == null || mode == null || t != B32) {
            throw x.refuse("unknown instruction");
        }
        boolean clamp = mode.equals("clamp");
        Alu.iiii(x, (d, a, b, c) -> {
            for (int l = 0; l < 32; l++) {
                long both = (long) b[l] << 32 | a[l] & 0xffffffffL;
                int n = clamp ? Integer.compareUnsigned(c[l], 32) > 0 ? 32 : c[l] : c[l] & 31;
                d[l] = way.equals("r") ? (int) (both >>> n) : n == 32 ? a[l] : (int) (both << n >>> 32);
            }
        }, t, t, t, U32);
    }

    private static void lop3(Decoding x) {
        String combine = x.takeAny("or", "and");
        PtxType t = x.type();
        x.done();
        x.operands(combine == null ? 5 : 6, combine == null ? 5 : 6);
        if (t != B32 || !(x.operand(4) instanceof Operand.Immediate i) || i.floating()) {
            throw x.refuse("lop3.b32 with a constant table is wanted");
        }
        int table = (int) i.bits() & 0xff;
        int a0 = x.src(1, t);
        int b0 = x.src(2, t);
        int c0 = x.src(3, t);
        Alu.IIII f = lop(table);
        if (combine != null) {
            lop3(x, f, combine, a0, b0, c0);
            return;
        }
        x.emit(new Alu.ToInt(x.dst(0, t)) {
            @Override
            void compute(Warp w, int[] to) { f.run(to, w.r[a0], w.r[b0], w.r[c0]); }
        });
    }

    /** With a second result: whether the first is not zero, combined with a predicate. */
    private static void lop3(Decoding x, Alu.IIII f, String combine, int a0, int b0, int c0) {
        if (!(x.operand(0) instanceof Operand.Pair to)) {
            throw x.refuse("d|p is wanted: lop3." + combine + " gives a predicate");
        }
        int q = x.predicate(5);
        int d = x.dst(to.first(), B32);
        int p = x.predicateOut(to.second());
        boolean and = combine.equals("and");
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) {
                f.run(w.t1, w.r[a0], w.r[b0], w.r[c0]);
                int some = 0;
                for (int l = 0; l < 32; l++) {
                    some |= w.t1[l] != 0 ? 1 << l : 0;
                    w.r[d][l] = (mask >>> l & 1) != 0 ? w.t1[l] : w.r[d][l];
                }
                int yes = and ? some & w.p[q] : some | w.p[q];
                w.p[p] = w.p[p] & ~mask | yes & mask;
            }
        });
    }

    /** The table's bit (a << 2 | b << 1 | c) is the result; the common tables have loops of their own. */
    private static Alu.IIII lop(int table) {
        return switch (table) {
            case 0xf0 & 0xcc & 0xaa -> (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] & b[l] & c[l];
                }
            };
            case 0xf0 | 0xcc | 0xaa -> (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] | b[l] | c[l];
                }
            };
            case 0xf0 ^ 0xcc ^ 0xaa -> (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] ^ b[l] ^ c[l];
                }
            };
            case 0xf0 & 0xcc | 0xaa -> (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] & b[l] | c[l];
                }
            };
            case (0xf0 | 0xcc) & 0xaa -> (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = (a[l] | b[l]) & c[l];
                }
            };
            case (0xf0 ^ 0xcc) & 0xaa -> (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = (a[l] ^ b[l]) & c[l];
                }
            };
            case 0xf0 & 0xcc ^ 0xaa -> (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] & b[l] ^ c[l];
                }
            };
            default -> (d, a, b, c) -> {
                int[] m = new int[8];
                for (int i = 0; i < 8; i++) {
                    m[i] = -(table >> i & 1);
                }
                for (int l = 0; l < 32; l++) {
                    int p = a[l];
                    int q = b[l];
                    int r = c[l];
                    d[l] = ~p & (~q & (~r & m[0] | r & m[1]) | q & (~r & m[2] | r & m[3]))
                            | p & (~q & (~r & m[4] | r & m[5]) | q & (~r & m[6] | r & m[7]));
                }
            };
        };
    }

    private static void permute(Decoding x) {
        PtxType t = x.type();
        String mode = x.takeAny("f4e", "b4e", "rc8", "ecl", "ecr", "rc16");
        x.done();
        if (t != B32) {
            throw x.refuse("unknown instruction");
        }
        if (mode != null) {
            Alu.iiii(x, (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = permute(a[l], b[l], selectors(mode, c[l] & 3));
                }
            }, t, t, t, t);
            return;
        }
        if (x.operand(3) instanceof Operand.Immediate i && (i.bits() & 0x8888) == 0) {
            Alu.iiii(x, permutation((int) i.bits()), t, t, t, t);
            return;
        }
        Alu.iiii(x, (d, a, b, c) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = permute(a[l], b[l], c[l]);
            }
        }, t, t, t, t);
    }

    /** Four bytes of eight; of a selector's four bits the highest asks for the byte's sign. */
    private static int permute(int low, int high, int selectors) {
        long bytes = (long) high << 32 | low & 0xffff_ffffL;
        int v = (int) (bytes >>> (selectors << 3 & 0x38)) & 0xff
                | ((int) (bytes >>> (selectors >> 1 & 0x38)) & 0xff) << 8
                | ((int) (bytes >>> (selectors >> 5 & 0x38)) & 0xff) << 16
                | (int) (bytes >>> (selectors >> 9 & 0x38)) << 24;
        if ((selectors & 0x8888) == 0) {
            return v;
        }
        for (int i = 0; i < 4; i++) {
            int up = 24 - 8 * i;
            int sign = v << up >> 31 & 0xff << 8 * i;
            v = (selectors >>> 4 * i & 8) != 0 ? v & ~(0xff << 8 * i) | sign : v;
        }
        return v;
    }

    /** The same with selectors that are known and ask for no signs: a loop that becomes vector code. */
    private static Alu.IIII permutation(int selectors) {
        int s0 = 8 * (selectors & 3);
        int s1 = 8 * (selectors >> 4 & 3);
        int s2 = 8 * (selectors >> 8 & 3);
        int s3 = 8 * (selectors >> 12 & 3);
        return (d, a, b, c) -> {
            int[] v0 = (selectors & 4) == 0 ? a : b;
            int[] v1 = (selectors & 0x40) == 0 ? a : b;
            int[] v2 = (selectors & 0x400) == 0 ? a : b;
            int[] v3 = (selectors & 0x4000) == 0 ? a : b;
            for (int l = 0; l < 32; l++) {
                d[l] = v0[l] >>> s0 & 0xff | (v1[l] >>> s1 & 0xff) << 8 | (v2[l] >>> s2 & 0xff) << 16
                        | v3[l] >>> s3 << 24;
            }
        };
    }

    private static int selectors(String mode, int n) {
        return switch (mode) {
            case "f4e" -> 0x3210 + 0x1111 * n;
            case "b4e" -> new int[]{0x5670, 0x6701, 0x7012, 0x0123}[n];
            case "rc8" -> 0x1111 * n;
            case "ecl" -> new int[]{0x3210, 0x3211, 0x3222, 0x3333}[n];
            case "ecr" -> new int[]{0x0000, 0x1110, 0x2210, 0x3210}[n];
            default -> (n & 1) == 0 ? 0x1010 : 0x3232;
        };
    }

    private static void count(Decoding x, Alu.II narrow, Alu.IL wide) {
        PtxType t = x.type();
        x.done();
        if (t == B64) {
            Alu.il(x, wide, U32, t);
        } else if (t == B32) {
            Alu.ii(x, narrow, U32, t);
        } else {
            throw x.refuse("unknown instruction");
        }
    }

    /** Refuses a type that is not just bits. */
    private static void untyped(Decoding x, PtxType t) {
        if (t != B16 && t != B32 && t != B64) {
            throw x.refuse("a type .b16, .b32 or .b64 is wanted");
        }
    }

    private static void reverse(Decoding x) {
        PtxType t = x.type();
        x.done();
        untyped(x, t);
        if (t == B64) {
            Alu.ll(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Long.reverse(a[l]);
                }
            }, t);
        } else {
            Alu.ii(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Integer.reverse(a[l]);
                }
            }, t, t);
        }
    }

    /** The highest bit that differs from the sign (for unsigned: that is set), or all ones when there is none. */
    private static void find(Decoding x) {
        boolean shift = x.take("shiftamt");
        PtxType t = x.type();
        x.done();
        switch (t) {
            case U32, S32 -> Alu.ii(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    int v = t == S32 ? a[l] ^ a[l] >> 31 : a[l];
                    int at = 31 - Integer.numberOfLeadingZeros(v);
                    d[l] = shift && at >= 0 ? 31 - at : at;
                }
            }, U32, t);
            case U64, S64 -> Alu.il(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    long v = t == S64 ? a[l] ^ a[l] >> 63 : a[l];
                    int at = 63 - Long.numberOfLeadingZeros(v);
                    d[l] = shift && at >= 0 ? 63 - at : at;
                }
            }, U32, t);
            default -> throw x.refuse("unknown instruction");
        }
    }
}
