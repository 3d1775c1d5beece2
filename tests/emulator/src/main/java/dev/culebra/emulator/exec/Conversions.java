package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.PtxType;

/** {@code cvt} between all types of numbers. */
final class Conversions {

    private Conversions() {}

    static void register(Families f) { f.add("cvt", Conversions::convert); }

    private static void convert(Decoding x) {
        if (x.take("pack")) {
            pack(x);
            return;
        }
        if (SmallConversions.decode(x)) {
            return;
        }
        String mode = x.takeAny("rn", "rna", "rz", "rm", "rp", "rni", "rzi", "rmi", "rpi");
        boolean ftz = x.take("ftz");
        boolean sat = x.take("sat");
        boolean relu = x.take("relu");
        boolean satfinite = x.take("satfinite");
        PtxType td = x.type();
        PtxType ta = x.type();
        x.done();
        if (td == F16X2 || td == BF16X2) {
            pairFromSingles(x, td, ta, mode, relu, satfinite);
            return;
        }
        x.operands(2, 2);
        if (!(td.integral() || td.floating()) || !(ta.integral() || ta.floating())
                || td.name().startsWith("B") && td != BF16
                || ta.name().startsWith("B") && ta != BF16) {
            throw x.refuse("unknown instruction");
        }
        boolean wideSource = x.width(x.operand(1), ta) == 64;
        int a = x.srcWide(x.operand(1), ta);
        int width = x.width(x.operand(0), td);
        int d = x.dstWide(x.operand(0), td);
        Source source = new Source(a, ta, wideSource, ftz);
        if (ta.integral() && td.integral()) {
            integers(x, d, td, width, source, sat);
        } else if (ta.floating() && td.integral()) {
            toInteger(x, d, td, width, source, mode);
        } else {
            toFloating(x, d, td, source, mode, new Ending(sat, relu, satfinite, ftz && td == F32));
        }
    }

    /** Where a number comes from: a register, which may be wider than the type. */
    private record Source(int register, PtxType type, boolean wide, boolean ftz) {

        /** An integer's value; for u64 its bits. */
        long integer(Warp w, int l) {
            long v = wide ? w.q[register][l] : w.r[register][l];
            int up = 64 - type.bits();
            return type.signed() ? v << up >> up : v << up >>> up;
        }

        /** A floating-point number's value. */
        double floating(Warp w, int l) {
            if (type == F64) {
                return Double.longBitsToDouble(w.q[register][l]);
            }
            int bits = w.r[register][l];
            return Rounding.decode(ftz && type == F32 ? Rounding.flush(bits) : bits, type);
        }
    }

    /** What happens to a rounded floating-point result. */
    private record Ending(boolean sat, boolean relu, boolean satfinite, boolean ftz) {}

    /** Adds an op that fills an integer destination of any width. */
    private static void emit(Decoding x, int d, PtxType td, int width, Value value) {
        int up = 64 - td.bits();
        if (width == 64) {
            x.emit(new Alu.ToLong(d) {
                @Override
                void compute(Warp w, long[] to) {
                    for (int l = 0; l < 32; l++) {
                        long v = value.get(w, l) << up;
                        to[l] = td.signed() ? v >> up : v >>> up;
                    }
                }
            });
            return;
        }
        int keep = width == 32 ? -1 : (1 << width) - 1;
        x.emit(new Alu.ToInt(d) {
            @Override
            void compute(Warp w, int[] to) {
                for (int l = 0; l < 32; l++) {
                    long v = value.get(w, l) << up;
                    to[l] = (int) (td.signed() ? v >> up : v >>> up) & keep;
                }
            }
        });
    }

    /** An integer result of a lane. */
    private interface Value {
        long get(Warp w, int l);
    }

    private static void integers(Decoding x, int to, PtxType td, int width, Source s, boolean sat) {
        int from = s.register;
        // What nvcc prints most has loops of its own.
        if (!sat && width == 64 && td.bits() == 64 && s.type == S32 && !s.wide) {
            Alu.li(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l];
                }
            }, td, s.type);
        } else if (!sat && width == 64 && td.bits() == 64 && s.type == U32 && !s.wide) {
            Alu.li(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] & 0xffffffffL;
                }
            }, td, s.type);
        } else if (!sat && width == 32 && td.bits() == 32 && s.type.bits() == 64) {
            Alu.il(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = (int) a[l];
                }
            }, td, s.type);
        } else if (!sat && width == 16 && td.bits() == 16 && s.type.bits() == 32 && !s.wide) {
            Alu.ii(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] & 0xffff;
                }
            }, td, s.type);
        } else if (!sat && width == 32 && td.bits() == 32 && s.type == U16 && !s.wide) {
            emit(x, to, td, width, (w, l) -> w.r[from][l] & 0xffff);
        } else {
            emit(x, to, td, width, sat ? (w, l) -> clamp(s.integer(w, l), s.type, td) : s::integer);
        }
    }

    /** The nearest value that the destination's type has. */
    private static long clamp(long v, PtxType from, PtxType to) {
        boolean huge = from == U64 && v < 0;
        if (to.signed()) {
            long most = Long.MAX_VALUE >>> 64 - to.bits();
            return huge || v > most ? most : Math.max(v, -most - 1);
        }
        if (v < 0 && !huge) {
            return 0;
        }
        long most = to.bits() == 64 ? -1 : (1L << to.bits()) - 1;
        return Long.compareUnsigned(v, most) > 0 ? most : v;
    }

    private static double toIntegral(double v, char mode) {
        return switch (mode) {
            case Rounding.NEAREST -> Math.rint(v);
            case Rounding.DOWN -> Math.floor(v);
            case Rounding.UP -> Math.ceil(v);
            default -> v < 0 ? Math.ceil(v) : Math.floor(v);
        };
    }

    /** Out of range gives the nearest limit. */
    private static long toLong(double v, PtxType to) {
        if (v != v) {
            return 0;
        }
        if (to == U64) {
            return v <= 0 ? 0 : v >= 0x1p64 ? -1 : v >= 0x1p63 ? (long) (v - 0x1p63) ^ Long.MIN_VALUE : (long) v;
        }
        long most = Long.MAX_VALUE >>> 64 - to.bits();
        if (to.signed()) {
            return Math.max(-most - 1, Math.min(most, (long) v));
        }
        return Math.max(0, Math.min((1L << to.bits()) - 1, (long) v));
    }

    private static void toInteger(Decoding x, int to, PtxType td, int width, Source s, String mode) {
        if (mode == null || mode.length() < 3 || mode.equals("rna")) {
            throw x.refuse("an integer rounding mode is missing (.rni, .rzi, .rmi, .rpi)");
        }
        char m = mode.charAt(1);
        boolean odd = s.type == F64 || td.bits() == 64;
        if (s.type == F32 && !s.ftz && td == S32 && m == Rounding.ZERO && width == 32) {
            // Java's cast clamps, and makes 0 of NaN, as cvt does.
            Alu.ii(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = (int) Float.intBitsToFloat(a[l]);
                }
            }, td, F32);
            return;
        }
        emit(x, to, td, width, (w, l) -> {
            double v = s.floating(w, l);
            return v != v && odd ? nanOf(td) : toLong(toIntegral(v, m), td);
        });
    }

    /** NaN gives 0, or the top bit alone where source or destination has 64 bits (PTX ISA 9.0, cvt). */
    private static long nanOf(PtxType to) {
        return 1L << to.bits() - 1;
    }

    private static void toFloating(Decoding x, int target, PtxType td, Source s, String mode, Ending end) {
        boolean integral = mode != null && mode.length() == 3 && mode.charAt(2) == 'i';
        char m = mode == null ? Rounding.NEAREST : mode.equals("rna") ? Rounding.AWAY : mode.charAt(1);
        if (mode == null && (s.type.integral() || td.bits() < s.type.bits() || td == TF32)) {
            throw x.refuse("a rounding mode is missing");
        }
        boolean plain = !end.sat && !end.relu && !end.satfinite && !end.ftz && !s.ftz && m == Rounding.NEAREST
                && !integral && !s.wide;
        if (plain && s.type == F32 && td == F16) {
            Alu.ii(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = HalfOps.toHalf(a[l]);
                }
            }, td, s.type);
        } else if (plain && s.type == F16 && td == F32) {
            Alu.ii(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Rounding.bits(Float.float16ToFloat((short) a[l]));
                }
            }, td, s.type);
        } else if (plain && s.type == F32 && td == BF16) {
            Alu.ii(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = HalfOps.toBfloat(a[l]);
                }
            }, td, s.type);
        } else if (plain && s.type == BF16 && td == F32) {
            Alu.ii(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Rounding.bits(Float.intBitsToFloat(a[l] << 16));
                }
            }, td, s.type);
        } else if (plain && s.type == S32 && td == F32) {
            Alu.ii(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Float.floatToRawIntBits((float) a[l]);
                }
            }, td, s.type);
        } else if (td == F64) {
            x.emit(new Alu.ToLong(target) {
                @Override
                void compute(Warp w, long[] to) {
                    for (int l = 0; l < 32; l++) {
                        double v;
                        if (s.type.integral()) {
                            long n = s.integer(w, l);
                            v = Rounding.toDouble(high(n, s.type) + low(n), Rounding.missing(high(n, s.type), low(n)),
                                    m);
                        } else {
                            v = integral ? toIntegral(s.floating(w, l), m) : s.floating(w, l);
                        }
                        to[l] = Double.doubleToRawLongBits(end.sat ? v > 0 ? Math.min(v, 1) : 0 : v);
                    }
                }
            });
        } else {
            x.emit(new Alu.ToInt(target) {
                @Override
                void compute(Warp w, int[] to) {
                    for (int l = 0; l < 32; l++) {
                        double v;
                        if (s.type.integral()) {
                            long n = s.integer(w, l);
                            v = Rounding.odd(high(n, s.type) + low(n), Rounding.missing(high(n, s.type), low(n)));
                        } else {
                            v = s.floating(w, l);
                        }
                        to[l] = finish(integral ? toIntegral(v, m) : v, td, integral ? Rounding.NEAREST : m, end);
                    }
                }
            });
        }
    }

    /** The upper 32 bits of an integer as an exact double, in their place. */
    private static double high(long n, PtxType t) {
        return (t == U64 ? n >>> 32 : n >> 32) * 0x1p32;
    }

    private static double low(long n) { return n & 0xffffffffL; }

    private static int finish(double exact, PtxType td, char mode, Ending end) {
        double v = exact;
        if (end.sat) {
            v = v > 0 ? Math.min(v, 1) : 0;
        } else if (end.relu) {
            v = v <= 0 ? 0 : v;
        }
        if (end.satfinite && v == v) {
            v = Math.max(-Rounding.most(td), Math.min(Rounding.most(td), v));
        }
        int bits = Rounding.encode(v, td, mode);
        boolean tiny = end.ftz && (bits & 0x7fffffff) == 0x00800000 && Rounding.tiny(v, 0, mode);
        return tiny ? bits & 0x80000000 : end.ftz ? Rounding.flush(bits) : bits;
    }

    /** d = {a in the upper half, b in the lower}. */
    private static void pairFromSingles(Decoding x, PtxType td, PtxType ta, String mode, boolean relu,
            boolean satfinite) {
        x.done(3);
        if (ta != F32 || mode == null || !mode.equals("rn") && !mode.equals("rz")) {
            throw x.refuse("unknown instruction");
        }
        x.require(80, 70);
        PtxType one = HalfOps.single(td);
        char m = mode.charAt(1);
        Ending end = new Ending(false, relu, satfinite, false);
        if (m == Rounding.NEAREST && !relu && !satfinite) {
            Alu.iii(x, one == F16 ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = HalfOps.toHalf(a[l]) << 16 | HalfOps.toHalf(b[l]);
                }
            }
                    : (d, a, b) -> {
                        for (int l = 0; l < 32; l++) {
                            d[l] = HalfOps.toBfloat(a[l]) << 16 | HalfOps.toBfloat(b[l]);
                        }
                    }, td, ta, ta);
        } else {
            Alu.iii(x, (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = finish(Float.intBitsToFloat(a[l]), one, m, end) << 16
                            | finish(Float.intBitsToFloat(b[l]), one, m, end);
                }
            }, td, ta,
                    ta);
        }
    }

    /** cvt.pack.sat: two s32 to a pair of 16 bits, or to two of 8, 4 or 2 in the lowest bits and c's lowest above them. */
    private static void pack(Decoding x) {
        boolean sat = x.take("sat");
        String to = x.takeAny("u16", "s16", "u8", "s8", "u4", "s4", "u2", "s2");
        PtxType from = x.type();
        PtxType third = x.typeOrNull();
        x.done();
        if (!sat || to == null || from != S32) {
            throw x.refuse("unknown instruction");
        }
        x.require(to.length() == 2 && !to.endsWith("8") ? 75 : 72, 65);
        int bits = Integer.parseInt(to.substring(1));
        int ones = (1 << bits) - 1;
        int most = to.startsWith("s") ? ones >> 1 : ones;
        int least = to.startsWith("s") ? -most - 1 : 0;
        if (third == null && bits == 16) {
            Alu.iii(x, (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Math.clamp(a[l], least, most) << 16 | Math.clamp(b[l], least, most) & ones;
                }
            }, U32, S32, S32);
        } else if (third == B32 && bits < 16) {
            Alu.iiii(x, (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = c[l] << 2 * bits | (Math.clamp(a[l], least, most) & ones) << bits
                            | Math.clamp(b[l], least, most) & ones;
                }
            }, U32, S32, S32, B32);
        } else {
            throw x.refuse("unknown instruction");
        }
    }
}
