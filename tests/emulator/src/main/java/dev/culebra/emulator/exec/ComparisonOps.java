package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import java.util.List;

/** Comparisons. */
final class ComparisonOps {

    private static final List<String> COMPARISONS = List.of("eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs",
            "equ", "neu", "ltu",
            "leu", "gtu", "geu", "num", "nan");

    private ComparisonOps() {}

    /** Lanes for which a relation of two ints holds. */
    private interface Narrow {
        int run(int[] a, int[] b);
    }

    /** Lanes for which a relation of two longs holds. */
    private interface Wide {
        int run(long[] a, long[] b);
    }

    /** A comparison of two registers. */
    private abstract static class Comparison {
        abstract int lanes(Warp w);
    }

    static void register(Families f) {
        f.add("setp", ComparisonOps::setPredicate);
        f.add("set", ComparisonOps::set);
    }

    private static Narrow narrow(String relation, PtxType t) {
        return switch (t) {
            case S32 -> relation.equals("lt") ? (a, b) -> {
                int m = 0;
                for (int l = 0; l < 32; l++) {
                    m |= a[l] < b[l] ? 1 << l : 0;
                }
                return m;
            } : (a, b) -> {
                int m = 0;
                for (int l = 0; l < 32; l++) {
                    m |= a[l] == b[l] ? 1 << l : 0;
                }
                return m;
            };
            case S16 -> relation.equals("lt") ? (a, b) -> {
                int m = 0;
                for (int l = 0; l < 32; l++) {
                    m |= (short) a[l] < (short) b[l] ? 1 << l : 0;
                }
                return m;
            } : (a, b) -> {
                int m = 0;
                for (int l = 0; l < 32; l++) {
                    m |= a[l] == b[l] ? 1 << l : 0;
                }
                return m;
            };
            case F32 -> switch (relation) {
                case "lt" -> (a, b) -> {
                    int m = 0;
                    for (int l = 0; l < 32; l++) {
                        m |= Float.intBitsToFloat(a[l]) < Float.intBitsToFloat(b[l]) ? 1 << l : 0;
                    }
                    return m;
                };
                case "le" -> (a, b) -> {
                    int m = 0;
                    for (int l = 0; l < 32; l++) {
                        m |= Float.intBitsToFloat(a[l]) <= Float.intBitsToFloat(b[l]) ? 1 << l : 0;
                    }
                    return m;
                };
                case "num" -> (a, b) -> {
                    int m = 0;
                    for (int l = 0; l < 32; l++) {
                        m |= !Float.isNaN(Float.intBitsToFloat(a[l])) && !Float.isNaN(Float.intBitsToFloat(b[l]))
                                ? 1 << l
                                : 0;
                    }
                    return m;
                };
                default -> (a, b) -> {
                    int m = 0;
                    for (int l = 0; l < 32; l++) {
                        m |= Float.intBitsToFloat(a[l]) == Float.intBitsToFloat(b[l]) ? 1 << l : 0;
                    }
                    return m;
                };
            };
            default -> relation.equals("lt") ? (a, b) -> {
                int m = 0;
                for (int l = 0; l < 32; l++) {
                    m |= a[l] + Integer.MIN_VALUE < b[l] + Integer.MIN_VALUE ? 1 << l : 0;
                }
                return m;
            } : (a, b) -> {
                int m = 0;
                for (int l = 0; l < 32; l++) {
                    m |= a[l] == b[l] ? 1 << l : 0;
                }
                return m;
            };
        };
    }

    private static Wide wide(String relation, PtxType t) {
        return switch (t) {
            case S64 -> relation.equals("lt") ? (a, b) -> {
                int m = 0;
                for (int l = 0; l < 32; l++) {
                    m |= a[l] < b[l] ? 1 << l : 0;
                }
                return m;
            } : (a, b) -> {
                int m = 0;
                for (int l = 0; l < 32; l++) {
                    m |= a[l] == b[l] ? 1 << l : 0;
                }
                return m;
            };
            case F64 -> switch (relation) {
                case "lt" -> (a, b) -> {
                    int m = 0;
                    for (int l = 0; l < 32; l++) {
                        m |= Double.longBitsToDouble(a[l]) < Double.longBitsToDouble(b[l]) ? 1 << l : 0;
                    }
                    return m;
                };
                case "le" -> (a, b) -> {
                    int m = 0;
                    for (int l = 0; l < 32; l++) {
                        m |= Double.longBitsToDouble(a[l]) <= Double.longBitsToDouble(b[l]) ? 1 << l : 0;
                    }
                    return m;
                };
                case "num" -> (a, b) -> {
                    int m = 0;
                    for (int l = 0; l < 32; l++) {
                        m |= !Double.isNaN(Double.longBitsToDouble(a[l]))
                                && !Double.isNaN(Double.longBitsToDouble(b[l])) ? 1 << l : 0;
                    }
                    return m;
                };
                default -> (a, b) -> {
                    int m = 0;
                    for (int l = 0; l < 32; l++) {
                        m |= Double.longBitsToDouble(a[l]) == Double.longBitsToDouble(b[l]) ? 1 << l : 0;
                    }
                    return m;
                };
            };
            default -> relation.equals("lt") ? (a, b) -> {
                int m = 0;
                for (int l = 0; l < 32; l++) {
                    m |= a[l] + Long.MIN_VALUE < b[l] + Long.MIN_VALUE ? 1 << l : 0;
                }
                return m;
            } : (a, b) -> {
                int m = 0;
                for (int l = 0; l < 32; l++) {
                    m |= a[l] == b[l] ? 1 << l : 0;
                }
                return m;
            };
        };
    }

    /** How a comparison comes from lt, le, eq and num, with operands exchanged and the result negated. */
    private record Recipe(String relation, boolean swap, boolean negate) {
        static Recipe of(String comparison, boolean floating) {
            return switch (comparison) {
                case "eq" -> new Recipe("eq", false, false);
                case "neu" -> new Recipe("eq", false, true);
                case "lt", "lo" -> new Recipe("lt", false, false);
                case "gt", "hi" -> new Recipe("lt", true, false);
                case "geu" -> new Recipe("lt", false, true);
                case "leu" -> new Recipe("lt", true, true);
                case "le", "ls" -> floating ? new Recipe("le", false, false) : new Recipe("lt", true, true);
                case "ge", "hs" -> floating ? new Recipe("le", true, false) : new Recipe("lt", false, true);
                case "gtu" -> new Recipe("le", false, true);
                case "ltu" -> new Recipe("le", true, true);
                case "num" -> new Recipe("num", false, false);
                case "nan" -> new Recipe("num", false, true);
                // An ordered "ne" is neither equal nor unordered; "equ" is its opposite. For integers there is no unordered.
                case "ne" -> new Recipe(floating ? "ne" : "eq", false, !floating);
                default -> new Recipe("ne", false, true);
            };
        }
    }

    private static Comparison comparison(String comparison, PtxType t, boolean ftz, int a, int b) {
        Recipe r = Recipe.of(comparison, t.floating());
        int flip = r.negate ? -1 : 0;
        int first = r.swap ? b : a;
        int second = r.swap ? a : b;
        boolean unequal = r.relation.equals("ne");
        if (t.bits() == 64) {
            Wide f = wide(unequal ? "lt" : r.relation, t);
            return new Comparison() {
                @Override
                int lanes(Warp w) {
                    int m = f.run(w.q[first], w.q[second]);
                    return (unequal ? m | f.run(w.q[second], w.q[first]) : m) ^ flip;
                }
            };
        }
        PtxType as = t.floating() ? F32 : t;
        Narrow f = narrow(unequal ? "lt" : r.relation, as);
        boolean plain = t != F16 && t != BF16 && !ftz;
        return new Comparison() {
            @Override
            int lanes(Warp w) {
                int[] u = plain ? w.r[first] : HalfOps.toFloats(w.r[first], w.t1, t, ftz);
                int[] v = plain ? w.r[second] : HalfOps.toFloats(w.r[second], w.t2, t, ftz);
                int m = f.run(u, v);
                return (unequal ? m | f.run(v, u) : m) ^ flip;
            }
        };
    }

    private static int combine(String op, int a, int c) {
        return switch (op) {
            case "and" -> a & c;
            case "or" -> a | c;
            case "xor" -> a ^ c;
            default -> a;
        };
    }

    private static String comparisonName(Decoding x) {
        String c = x.takeAny(COMPARISONS);
        if (c == null) {
            throw x.refuse("a comparison is missing");
        }
        return c;
    }

    private static void check(Decoding x, String comparison, PtxType t) {
        boolean ok = switch (comparison) {
            case "eq", "ne" -> true;
            case "lo", "ls", "hi", "hs" -> t.integral() && !t.signed();
            case "lt", "le", "gt", "ge" -> t.bits() > 8;
            default -> !t.integral();
        };
        if (!ok || t == PRED || t.bits() < 16) {
            throw x.refuse("unknown instruction: '." + comparison + "' does not go with ." + Decoding.lower(t));
        }
    }

    private static void refuseFlush(Decoding x, boolean ftz, PtxType t) {
        if (ftz && (t == PtxType.F64 || t.integral())) {
            throw x.refuse(".ftz does not go with ." + Decoding.lower(t));
        }
    }

    private static void setPredicate(Decoding x) {
        String c = comparisonName(x);
        String with = x.takeAny("and", "or", "xor");
        boolean ftz = x.take("ftz");
        PtxType t = x.type();
        refuseFlush(x, ftz, t);
        x.done();
        check(x, c, t);
        int n = with == null ? 3 : 4;
        x.operands(n, n);
        Operand to = x.operand(0);
        Operand first = to instanceof Operand.Pair p ? p.first() : to;
        Operand second = to instanceof Operand.Pair p ? p.second() : null;
        if (second != null && (t == F16 || t == BF16)) {
            throw x.refuse("setp of ." + Decoding.lower(t) + " gives one predicate, not p|q");
        }
        int a = x.src(1, t);
        int b = x.src(2, t);
        int other = with == null ? -1 : x.predicate(3);
        String op = with == null ? "" : with;
        int p = x.predicateOut(first);
        int q = second == null ? -1 : x.predicateOut(second);
        boolean pairs = t == F16X2 || t == BF16X2;
        PtxType half = t == F16X2 ? F16 : BF16;
        Comparison compare = pairs ? null : comparison(c, t, ftz, a, b);
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) {
                int third = other < 0 ? 0 : w.p[other];
                int yes;
                int no;
                if (pairs) { // the halves' results go to a predicate each
                    yes = halves(w, c, half, ftz, a, b, 0);
                    no = halves(w, c, half, ftz, a, b, 16);
                } else {
                    yes = compare.lanes(w);
                    no = ~yes;
                }
                w.p[p] = w.p[p] & ~mask | combine(op, yes, third) & mask;
                if (q >= 0) {
                    w.p[q] = w.p[q] & ~mask | combine(op, no, third) & mask;
                }
            }
        });
    }

    /** Compares one half of packed pairs. */
    private static int halves(Warp w, String c, PtxType half, boolean ftz, int a, int b, int shift) {
        Recipe r = Recipe.of(c, true);
        boolean unequal = r.relation.equals("ne");
        Narrow f = narrow(unequal ? "lt" : r.relation, F32);
        int[] u = w.t1;
        int[] v = w.t2;
        for (int l = 0; l < 32; l++) {
            u[l] = w.r[r.swap ? b : a][l] >>> shift & 0xffff;
            v[l] = w.r[r.swap ? a : b][l] >>> shift & 0xffff;
        }
        HalfOps.toFloats(u, u, half, ftz);
        HalfOps.toFloats(v, v, half, ftz);
        int m = f.run(u, v);
        return (unequal ? m | f.run(v, u) : m) ^ (r.negate ? -1 : 0);
    }

    private static void set(Decoding x) {
        String c = comparisonName(x);
        String with = x.takeAny("and", "or", "xor");
        boolean ftz = x.take("ftz");
        PtxType td = x.type();
        PtxType t = x.type();
        x.done();
        check(x, c, t);
        int n = with == null ? 3 : 4;
        x.operands(n, n);
        int a = x.src(1, t);
        int b = x.src(2, t);
        int other = with == null ? -1 : x.predicate(3);
        String op = with == null ? "" : with;
        boolean pairs = t == F16X2 || t == BF16X2;
        int one = switch (td) {
            case U32, S32 -> pairs ? 0xffff : -1;
            case U16, S16 -> 0xffff;
            case F32, BF16, BF16X2 -> td == F32 ? 0x3f800000 : 0x3f80;
            case F16, F16X2 -> 0x3c00;
            default -> throw x.refuse("unknown instruction");
        };
        PtxType half = t == F16X2 ? F16 : BF16;
        Comparison compare = pairs ? null : comparison(c, t, ftz, a, b);
        int d = x.dst(0, td);
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) {
                int third = other < 0 ? 0 : w.p[other];
                int low = combine(op, pairs ? halves(w, c, half, ftz, a, b, 0) : compare.lanes(w), third);
                int high = pairs ? combine(op, halves(w, c, half, ftz, a, b, 16), third) : 0;
                int[] to = w.r[d];
                for (int l = 0; l < 32; l++) {
                    int v = (low >>> l & 1) * one | (high >>> l & 1) * one << 16;
                    to[l] = (mask >>> l & 1) != 0 ? v : to[l];
                }
            }
        });
    }
}
