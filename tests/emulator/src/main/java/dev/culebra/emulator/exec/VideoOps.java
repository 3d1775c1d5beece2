package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import java.util.List;

/**
 * The "video" instructions: arithmetic on a chosen byte or half word of each operand, or on two or four of them at once, with
 * a second operation on what comes out (PTX ISA, "Scalar Video Instructions" and "SIMD Video Instructions").
 */
final class VideoOps {

    private VideoOps() {}

    /** What is done to two elements. */
    private interface Function {
        long of(long a, long b);
    }

    static void register(Families f) {
        for (String op : List.of("add", "sub", "absdiff", "min", "max", "set", "shl", "shr")) {
            f.add("v" + op, x -> scalar(x, op));
        }
        f.add("vmad", VideoOps::multiply);
        for (String op : List.of("add", "sub", "avrg", "absdiff", "min", "max", "set")) {
            f.add("v" + op + "2", x -> several(x, op, 2));
            f.add("v" + op + "4", x -> several(x, op, 4));
        }
    }

    private static Function function(Decoding x, String op) {
        return switch (op) {
            case "add" -> (a, b) -> a + b;
            case "sub" -> (a, b) -> a - b;
            case "absdiff" -> (a, b) -> Math.abs(a - b);
            case "min" -> Math::min;
            case "max" -> Math::max;
            case "avrg" -> (a, b) -> a + b >= 0 ? a + b + 1 >> 1 : a + b >> 1;
            case "set" -> {
                String c = x.takeAny("eq", "ne", "lt", "le", "gt", "ge");
                yield switch (c) {
                    case "eq" -> (a, b) -> a == b ? 1 : 0;
                    case "ne" -> (a, b) -> a != b ? 1 : 0;
                    case "lt" -> (a, b) -> a < b ? 1 : 0;
                    case "le" -> (a, b) -> a <= b ? 1 : 0;
                    case "gt" -> (a, b) -> a > b ? 1 : 0;
                    case "ge" -> (a, b) -> a >= b ? 1 : 0;
                    case null, default -> throw x.refuse("a comparison is missing");
                };
            }
            default -> {
                boolean left = op.equals("shl");
                boolean clamp = x.take("clamp");
                if (clamp == x.take("wrap")) {
                    throw x.refuse(".clamp or .wrap is missing");
                }
                yield (a, b) -> {
                    long n = clamp ? Math.min(b, 32) : b & 31;
                    return left ? a << n : a >> n;
                };
            }
        };
    }

    private static PtxType word(Decoding x) {
        PtxType t = x.type();
        if (t != U32 && t != S32) {
            throw x.refuse("unknown instruction: .u32 or .s32 is wanted");
        }
        return t;
    }

    private static Operand whole(Operand o) { return o instanceof Operand.Part p ? p.of() : o; }

    private static String part(Operand o) { return o instanceof Operand.Part p ? p.part() : null; }

    /** A byte or half word of a word: shift and width. */
    private record Field(int shift, int bits) {
        static Field of(Decoding x, String part) {
            return switch (part) {
                case null -> new Field(0, 32);
                case "b0", "b1", "b2", "b3" -> new Field(8 * (part.charAt(1) - '0'), 8);
                case "h0", "h1" -> new Field(16 * (part.charAt(1) - '0'), 16);
                default -> throw x.refuse("unknown instruction: '." + part + "' is no part of an operand here");
            };
        }

        long of(int v, boolean signed) {
            long up = (long) v << 64 - bits - shift;
            return signed ? up >> 64 - bits : up >>> 64 - bits;
        }

        /** Its type's nearest value. */
        long clamp(long v, boolean signed) {
            long most = signed ? (1L << bits - 1) - 1 : (1L << bits) - 1;
            return Math.max(signed ? -most - 1 : 0, Math.min(most, v));
        }

        int merge(long v, int into) {
            int ones = (bits == 32 ? -1 : (1 << bits) - 1) << shift;
            return into & ~ones | (int) (v << shift) & ones;
        }
    }

    private static void scalar(Decoding x, String op) {
        boolean compares = op.equals("set");
        boolean shifts = op.startsWith("sh");
        PtxType td = compares ? U32 : word(x);
        PtxType ta = word(x);
        PtxType tb = word(x);
        boolean sat = !compares && x.take("sat");
        Function f = function(x, op);
        String second = x.takeAny("add", "min", "max");
        x.done();
        Field to = Field.of(x, part(x.operand(0)));
        boolean merges = to.bits < 32;
        int operands = second != null || merges ? 4 : 3;
        x.operands(operands, operands);
        if (second != null && merges || shifts && tb != U32) {
            throw x.refuse("unknown instruction");
        }
        Field fromA = Field.of(x, part(x.operand(1)));
        Field fromB = Field.of(x, part(x.operand(2)));
        int a = x.src(whole(x.operand(1)), ta);
        int b = x.src(whole(x.operand(2)), tb);
        int c = operands == 4 ? x.src(3, td) : a;
        boolean signed = td.signed();
        x.emit(new Alu.ToInt(x.dst(whole(x.operand(0)), td)) {
            @Override
            void compute(Warp w, int[] d) {
                for (int l = 0; l < 32; l++) {
                    long v = f.of(fromA.of(w.r[a][l], ta.signed()), fromB.of(w.r[b][l], tb.signed()));
                    v = sat ? to.clamp(v, signed) : v;
                    d[l] = merges ? to.merge(v, w.r[c][l]) : secondly(second, (int) v, w.r[c][l], signed);
                }
            }
        });
    }

    private static int secondly(String op, int v, int c, boolean signed) {
        boolean less = signed ? v < c : Integer.compareUnsigned(v, c) < 0;
        return switch (op) {
            case null -> v;
            case "add" -> v + c;
            case "min" -> less ? v : c;
            default -> less ? c : v;
        };
    }

    /** vmad: a * b + c, scaled and clamped; operands are not negated here. */
    private static void multiply(Decoding x) {
        PtxType td = word(x);
        PtxType ta = word(x);
        PtxType tb = word(x);
        boolean plusOne = x.take("po");
        boolean sat = x.take("sat");
        String scale = x.takeAny("shr7", "shr15");
        x.done(4);
        int shift = scale == null ? 0 : Integer.parseInt(scale.substring(3));
        Field fromA = Field.of(x, part(x.operand(1)));
        Field fromB = Field.of(x, part(x.operand(2)));
        int a = x.src(whole(x.operand(1)), ta);
        int b = x.src(whole(x.operand(2)), tb);
        int c = x.src(3, td);
        boolean signed = ta.signed() || tb.signed();
        Field word = Field.of(x, null);
        x.emit(new Alu.ToInt(x.dst(0, td)) {
            @Override
            void compute(Warp w, int[] d) {
                for (int l = 0; l < 32; l++) {
                    // 2^64 is out of reach: (2^32 - 1)^2 + 2^32 fits 64 bits without a sign.
                    long v = fromA.of(w.r[a][l], ta.signed()) * fromB.of(w.r[b][l], tb.signed());
                    v += word.of(w.r[c][l], signed) + (plusOne ? 1 : 0);
                    v = signed ? v >> shift : v >>> shift;
                    if (sat) {
                        v = signed ? word.clamp(v, true) : Long.compareUnsigned(v, 0xffffffffL) > 0 ? -1 : v;
                    }
                    d[l] = (int) v;
                }
            }
        });
    }

    /** Which elements of a and b, as eight bytes or four half words with a's first, go where: the lowest first. */
    private static int[] selection(Decoding x, String part, int n, boolean second) {
        int[] s = new int[n];
        char kind = n == 2 ? 'h' : 'b';
        if (part == null) {
            for (int i = 0; i < n; i++) {
                s[i] = second ? n + i : i;
            }
            return s;
        }
        if (part.charAt(0) != kind || part.length() != n + 1) {
            throw x.refuse("unknown instruction: '." + part + "' selects nothing here");
        }
        for (int i = 0; i < n; i++) {
            s[i] = part.charAt(n - i) - '0';
            if (s[i] < 0 || s[i] >= 2 * n) {
                throw x.refuse("unknown instruction: '." + part + "' selects nothing here");
            }
        }
        return s;
    }

    private static int mask(Decoding x, String part, int n) {
        if (part == null) {
            return (1 << n) - 1;
        }
        int m = 0;
        int last = n;
        for (int i = 1; i < part.length(); i++) {
            int e = part.charAt(i) - '0';
            if (part.charAt(0) != (n == 2 ? 'h' : 'b') || e < 0 || e >= last) {
                throw x.refuse("unknown instruction: '." + part + "' is no mask here");
            }
            m |= 1 << e;
            last = e;
        }
        return m;
    }

    private static void several(Decoding x, String op, int n) {
        boolean compares = op.equals("set");
        PtxType td = compares ? U32 : word(x);
        PtxType ta = word(x);
        PtxType tb = word(x);
        boolean sat = !compares && x.take("sat");
        Function f = function(x, op);
        boolean add = x.take("add");
        x.done(4);
        x.require(30, 30);
        if (sat && add) {
            throw x.refuse(".sat does not go with .add");
        }
        int bits = 32 / n;
        int[] selectA = selection(x, part(x.operand(1)), n, false);
        int[] selectB = selection(x, part(x.operand(2)), n, true);
        int chosen = mask(x, part(x.operand(0)), n);
        int a = x.src(whole(x.operand(1)), ta);
        int b = x.src(whole(x.operand(2)), tb);
        int c = x.src(3, td);
        x.emit(new Alu.ToInt(x.dst(whole(x.operand(0)), td)) {
            @Override
            void compute(Warp w, int[] d) {
                for (int l = 0; l < 32; l++) {
                    int u = w.r[a][l];
                    int v = w.r[b][l];
                    int result = w.r[c][l];
                    for (int i = 0; i < n; i++) {
                        if ((chosen >> i & 1) == 0) {
                            continue;
                        }
                        Field to = new Field(bits * i, bits);
                        long t = f.of(pick(u, v, selectA[i], ta.signed()), pick(u, v, selectB[i], tb.signed()));
                        t = sat ? to.clamp(t, td.signed()) : t;
                        result = add ? result + (int) t : to.merge(t, result);
                    }
                    d[l] = result;
                }
            }

            private long pick(int u, int v, int which, boolean signed) {
                return new Field(bits * (which % n), bits).of(which < n ? u : v, signed);
            }
        });
    }
}
