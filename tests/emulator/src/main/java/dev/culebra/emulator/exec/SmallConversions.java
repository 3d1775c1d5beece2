package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.PtxType;
import java.util.List;
import java.util.Locale;

/** {@code cvt} to and from pairs of formats of 4 to 8 bits. The first source goes to the upper part. */
final class SmallConversions {

    private static final List<String> PAIRS = List.of("e4m3x2", "e5m2x2", "e2m3x2", "e3m2x2", "e2m1x2", "ue8m0x2");

    private SmallConversions() {}

    /** Decodes a {@code cvt} that names such a format; false when it names none. */
    static boolean decode(Decoding x) {
        List<String> modifiers = x.instruction.modifiers();
        String pair = modifiers.stream().filter(PAIRS::contains).findFirst().orElse(null);
        if (pair == null) {
            return false;
        }
        boolean from = modifiers.indexOf(pair) == modifiers.size() - 1;
        x.take(pair);
        String mode = x.takeAny("rn", "rz", "rp");
        boolean satfinite = x.take("satfinite");
        boolean relu = x.take("relu");
        PtxType other = x.type();
        x.done();
        if (mode == null) {
            throw x.refuse("a rounding mode is missing");
        }
        if (pair.equals("ue8m0x2")) {
            x.requireSpecific(100, 86);
            scales(x, other, from, mode, satfinite, relu);
            return true;
        }
        SmallFloat format = SmallFloat.of(pair.substring(0, pair.length() - 2).toUpperCase(Locale.ROOT));
        boolean fp8 = format.bits() == 8;
        if (fp8) {
            x.require(89, 78);
        } else {
            x.requireSpecific(100, 86);
        }
        PtxType small = format == SmallFloat.E2M1 ? B8 : B16;
        if (!mode.equals("rn") || from == satfinite) {
            throw x.refuse(from ? "widening takes .rn and no .satfinite" : "narrowing takes .rn.satfinite");
        }
        if (from) {
            if (other != F16X2) {
                throw x.refuse("these formats widen to .f16x2");
            }
            widen(x, format, small, relu);
        } else if (other == F32) {
            x.operands(3, 3);
            int a = x.src(1, F32);
            int b = x.src(2, F32);
            int d = destination(x, small);
            x.emit(new Alu.ToInt(d) {
                @Override
                void compute(Warp w, int[] to) {
                    for (int l = 0; l < 32; l++) {
                        to[l] = pack(format, Float.intBitsToFloat(w.r[a][l]), Float.intBitsToFloat(w.r[b][l]), relu);
                    }
                }
            });
        } else if (other == F16X2 && fp8) {
            x.operands(2, 2);
            int a = x.src(1, F16X2);
            int d = destination(x, small);
            x.emit(new Alu.ToInt(d) {
                @Override
                void compute(Warp w, int[] to) {
                    for (int l = 0; l < 32; l++) {
                        int v = w.r[a][l];
                        to[l] = pack(format, Float.float16ToFloat((short) (v >> 16)), Float.float16ToFloat((short) v),
                                relu);
                    }
                }
            });
        } else {
            throw x.refuse("unknown instruction");
        }
        return true;
    }

    /** A destination of eight bits may lie in a register that is wider. */
    private static int destination(Decoding x, PtxType small) {
        return small == B8 ? x.dstWide(x.operand(0), small) : x.dst(0, small);
    }

    private static int pack(SmallFloat format, double a, double b, boolean relu) {
        int high = format.encode(relu && a <= 0 ? 0 : a);
        int low = format.encode(relu && b <= 0 ? 0 : b);
        return high << (format == SmallFloat.E2M1 ? 4 : 8) | low;
    }

    private static void widen(Decoding x, SmallFloat format, PtxType small, boolean relu) {
        x.operands(2, 2);
        int a = small == B8 ? x.srcWide(x.operand(1), small) : x.src(1, small);
        int step = format == SmallFloat.E2M1 ? 4 : 8;
        x.emit(new Alu.ToInt(x.dst(0, F16X2)) {
            @Override
            void compute(Warp w, int[] to) {
                for (int l = 0; l < 32; l++) {
                    int v = w.r[a][l];
                    to[l] = half(format.decode(v), relu) | half(format.decode(v >> step), relu) << 16;
                }
            }
        });
    }

    private static int half(double v, boolean relu) {
        return Rounding.encode(relu && v <= 0 ? 0 : v, F16, Rounding.NEAREST); // exact: f16 has all their numbers
    }

    /** ue8m0: powers of two from 2^-127 by their exponent alone, 255 for NaN; a number's sign does not count. */
    private static void scales(Decoding x, PtxType other, boolean from, String mode, boolean satfinite, boolean relu) {
        if (relu || from != mode.equals("rn") || from && satfinite) {
            throw x.refuse("unknown instruction");
        }
        if (from) {
            x.operands(2, 2);
            if (other != BF16X2) {
                throw x.refuse("scales widen to .bf16x2");
            }
            int a = x.src(1, B16);
            x.emit(new Alu.ToInt(x.dst(0, BF16X2)) {
                @Override
                void compute(Warp w, int[] to) {
                    for (int l = 0; l < 32; l++) {
                        to[l] = power(w.r[a][l] & 0xff) | power(w.r[a][l] >>> 8 & 0xff) << 16;
                    }
                }
            });
            return;
        }
        boolean up = mode.equals("rp");
        boolean single = other == F32;
        if (!single && other != BF16X2) {
            throw x.refuse("unknown instruction");
        }
        x.operands(single ? 3 : 2, single ? 3 : 2);
        int a = x.src(1, other);
        int b = single ? x.src(2, F32) : a;
        x.emit(new Alu.ToInt(x.dst(0, B16)) {
            @Override
            void compute(Warp w, int[] to) {
                for (int l = 0; l < 32; l++) {
                    int high = single ? w.r[a][l] : w.r[a][l] & 0xffff0000;
                    int low = single ? w.r[b][l] : w.r[a][l] << 16;
                    to[l] = scale(high, up, satfinite) << 8 | scale(low, up, satfinite);
                }
            }
        });
    }

    /** The bf16 of a scale: 2^-127 is below its normal numbers. */
    private static int power(int e) {
        return e == 255 ? Rounding.NAN_16 : e == 0 ? 0x40 : e << 7;
    }

    private static int scale(int f32, boolean up, boolean satfinite) {
        int magnitude = f32 & 0x7fffffff;
        int e = magnitude >>> 23;
        if (magnitude > 0x7f800000) {
            return 255;
        }
        if (up && magnitude > 0x00400000 && magnitude < 0x7f800000 && (magnitude & 0x7fffff) != 0) {
            e++; // 0x00400000 is 2^-127, which e = 0 stands for
        }
        return satfinite ? Math.min(e, 254) : e;
    }
}
