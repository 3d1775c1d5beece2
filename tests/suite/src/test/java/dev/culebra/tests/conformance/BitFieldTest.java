package dev.culebra.tests.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** The instructions of section 9.7.1 that look at bits, by the loops that the ISA gives. */
class BitFieldTest extends Conformance {

    private final List<Case> cases = new ArrayList<>();

    @Override
    List<Case> cases() {
        if (cases.isEmpty()) {
            counting();
            fields();
            masks();
        }
        return cases;
    }

    private void counting() {
        for (int n : new int[]{32, 64}) {
            String b = "b" + n;
            cases.add(Tuples.of("9.7.1.14/popc." + b, "popc." + b + " %o0, %i0;").in(b).out("u32").gives(v -> {
                long d = 0;
                for (int i = 0; i < n; i++) d += Whole.bit(v[0], i);
                return d;
            }));
            cases.add(Tuples.of("9.7.1.15/clz." + b, "clz." + b + " %o0, %i0;").in(b).out("u32").gives(v -> {
                int d = 0;
                while (d < n && Whole.bit(v[0], n - 1 - d) == 0) d++;
                return d;
            }));
            cases.add(Tuples.of("9.7.1.18/brev." + b, "brev." + b + " %o0, %i0;").in(b).out(b).gives(v -> {
                long d = 0;
                for (int i = 0; i < n; i++) d |= (long) Whole.bit(v[0], n - 1 - i) << i;
                return d;
            }));
            for (String t : new String[]{"u" + n, "s" + n}) {
                for (String s : new String[]{"", "shiftamt."}) {
                    cases.add(Tuples.of("9.7.1.16/bfind." + s + t, "bfind." + s + t + " %o0, %i0;").in(t).out("u32")
                            .gives(v -> {
                                long a = Whole.signed(t) && Whole.bit(v[0], n - 1) == 1 ? ~v[0] : v[0];
                                int d = -1;
                                for (int i = n - 1; i >= 0 && d < 0; i--) if (Whole.bit(a, i) == 1) d = i;
                                return s.isEmpty() || d < 0 ? d : n - 1 - d;
                            }));
                }
            }
        }
        long[] masks = {0, 1, 0x8000_0000L, 0xffff_ffffL, 0x5555_5555L, 0x00f0_0f01L, 0x8000_0001L};
        long[] bases = {0, 1, 5, 15, 30, 31};
        long[] offsets = {0, 1, -1, 2, -2, 3, -5, 16, -16, 31, 32, 33, -32, -33};
        cases.add(Tuples.of("9.7.1.17/fns.b32", "fns.b32 %o0, %i0, %i1, %i2;").in("b32", "u32", "s32").out("b32")
                .over(Values.cross(masks, bases, offsets)).gives(v -> {
                    int offset = (int) v[2];
                    if (offset == 0) return Whole.bit(v[0], (int) v[1]) == 1 ? v[1] : -1;
                    int left = Math.abs(offset) - 1;
                    for (int at = (int) v[1]; at >= 0 && at < 32; at += Integer.signum(offset)) {
                        if (Whole.bit(v[0], at) == 1 && left-- == 0) return at;
                    }
                    return -1;
                }));
    }

    private void fields() {
        for (String t : new String[]{"u32", "s32", "u64", "s64"}) {
            int msb = Tuples.bits(t) - 1;
            for (boolean beyond : new boolean[]{false, true}) {
                cases.add(Tuples
                        .of("9.7.1.19/bfe." + t + (beyond ? "-beyond-255" : ""), "bfe." + t + " %o0, %i0, %i1, %i2;")
                        .in(t, "u32", "u32").out(t).over(counted(new long[][]{Values.few(t)}, beyond)).gives(v -> {
                            int pos = (int) v[1] & 0xff;
                            int len = (int) v[2] & 0xff;
                            int sign = Whole.signed(t) && len > 0 ? Whole.bit(v[0], Math.min(pos + len - 1, msb)) : 0;
                            long d = 0;
                            for (int i = 0; i <= msb; i++) {
                                d |= (long) (i < len && pos + i <= msb ? Whole.bit(v[0], pos + i) : sign) << i;
                            }
                            return d;
                        }));
            }
        }
        for (String t : new String[]{"b32", "b64"}) {
            int msb = Tuples.bits(t) - 1;
            long[] a = {0, -1, 0x0123456789abcdefL, 0x5555555555555555L};
            for (boolean beyond : new boolean[]{false, true}) {
                cases.add(Tuples
                        .of("9.7.1.20/bfi." + t + (beyond ? "-beyond-255" : ""),
                                "bfi." + t + " %o0, %i0, %i1, %i2, %i3;")
                        .in(t, t, "u32", "u32").out(t).over(counted(new long[][]{a, a}, beyond)).gives(v -> {
                            int pos = (int) v[2] & 0xff;
                            int len = (int) v[3] & 0xff;
                            long f = v[1];
                            for (int i = 0; i < len && pos + i <= msb; i++) {
                                f = f & ~(1L << pos + i) | (long) Whole.bit(v[0], i) << pos + i;
                            }
                            return f;
                        }));
            }
        }
    }

    /** Operands with a position and a length, either both below 256 or one of them, whose upper bits do not count, beyond. */
    private static long[][] counted(long[][] operands, boolean beyond) {
        long[] inside = LongStream.of(Values.counts()).filter(v -> v < 256).toArray();
        long[] outside = {256, 257, 0x1_0005, 0x8000_0000L, 0xffff_ff01L};
        long[][] first = new long[operands.length + 2][];
        long[][] second = new long[operands.length + 2][];
        for (int i = 0; i < operands.length; i++)
            first[i] = second[i] = beyond ? Arrays.copyOf(operands[i], 4) : operands[i];
        int n = operands.length;
        first[n] = beyond ? outside : inside;
        first[n + 1] = beyond ? new long[]{1, 5, 33} : inside;
        if (!beyond) return Values.cross(first);
        second[n] = new long[]{0, 3, 40};
        second[n + 1] = outside;
        return Stream.concat(Stream.of(Values.cross(first)), Stream.of(Values.cross(second))).toArray(long[][]::new);
    }

    private void masks() {
        for (String mode : new String[]{"clamp", "wrap"}) {
            boolean clamp = mode.equals("clamp");
            for (String t : new String[]{"u32", "s32"}) {
                cases.add(Tuples.of("9.7.1.21/szext." + mode + "." + t, "szext." + mode + "." + t + " %o0, %i0, %i1;")
                        .in(t, "u32").out(t).over(Values.cross(Values.of(t), Values.counts())).gives(v -> {
                            int b1 = (int) v[1] & 31;
                            boolean tooLarge = v[1] >= 32 && clamp;
                            long mask = tooLarge ? 0 : 0xffff_ffffL << b1 & 0xffff_ffffL;
                            boolean sign = b1 != 0 && !tooLarge && Whole.signed(t) && Whole.bit(v[0], b1 - 1) == 1;
                            return v[0] & ~mask | (sign ? mask : 0);
                        }));
            }
            cases.add(
                    Tuples.of("9.7.1.22/bmsk." + mode + ".b32", "bmsk." + mode + ".b32 %o0, %i0, %i1;").in("u32", "u32")
                            .out("b32").over(Values.cross(Values.counts(), Values.counts())).gives(v -> {
                                int a1 = (int) v[0] & 31;
                                int b1 = (int) v[1] & 31;
                                long mask0 = 0xffff_ffffL << a1;
                                long mask1 = 0xffff_ffffL << a1 + b1;
                                boolean over = a1 + b1 >= 32;
                                if (clamp && v[0] >= 32) {
                                    over = true;
                                    mask0 = 0;
                                }
                                if (clamp && v[1] >= 32) over = true;
                                if (over) mask1 = 0;
                                else if (b1 == 0) mask1 = -1;
                                return mask0 & ~mask1;
                            }));
        }
    }
}
