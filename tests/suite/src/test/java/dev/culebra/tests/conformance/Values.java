package dev.culebra.tests.conformance;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Operands where rules change: a type's ends, its powers of two, ties, kinds of NaN; and some in between, always the same. */
final class Values {

    private Values() {}

    /** All values of a type, for instructions of one or two operands. */
    static long[] of(String type) {
        if (type.endsWith("x2")) return pairs(of(type.substring(0, type.length() - 2)));
        Ieee f = Ieee.of(type);
        if (f != null) return floating(f, 6);
        return switch (type) {
            case "pred" -> new long[]{0, 1};
            default -> integers(Tuples.bits(type), 5);
        };
    }

    /** Fewer, for three operands. */
    static long[] few(String type) {
        if (type.endsWith("x2")) return pairs(few(type.substring(0, type.length() - 2)));
        Ieee f = Ieee.of(type);
        if (f != null) {
            long s = f.signBit();
            long one = f.one();
            return new long[]{0, s, 1, f.leastNormal(), s | f.leastNormal() - unit(f),
                one, s | one, one + unit(f), one - unit(f) | s, half(f) | one, f.largest(false), s | f.largest(false),
                f.infinity(false), f.infinity(true), f.nan() & ~unit(f), random(f, 1), random(f, 2)};
        }
        if (type.equals("pred")) return new long[]{0, 1};
        int n = Tuples.bits(type);
        long top = 1L << n - 1;
        return new long[]{0, 1, 2, 7, 31, 32, top - 1, top, top + 1, -1, -2, 0x5a5a_1234_9abc_def1L,
            0x8fff_0001_8000_00ffL};
    }

    /** Shift counts and positions of bits. */
    static long[] counts() {
        return new long[]{0, 1, 2, 5, 7, 8, 15, 16, 17, 24, 31, 32, 33, 47, 63, 64, 65, 127, 128, 255, 256, 257,
            0x1_0005,
            0x7fff_ffff, 0x8000_0000L, 0xffff_ffffL, 0xffff_ff01L};
    }

    private static long unit(Ieee f) { return f == Ieee.TF32 ? 1L << 13 : 1; }

    private static long half(Ieee f) { return 1L << f.precision - 2 << (f == Ieee.TF32 ? 13 : 0); }

    static long random(Ieee f, int seed) {
        // Near one, so that sums and products of two stay among finite numbers.
        Random r = new Random(seed * 31L + f.width);
        long bits = r.nextLong() & (f.width == 64 ? -1 : (1L << f.width) - 1);
        double v = f.value(bits);
        long e = (long) (f.most - 3 + r.nextInt(7)) << f.precision - 1 << (f == Ieee.TF32 ? 13 : 0);
        long fraction = (1L << f.precision - 1) - 1 << (f == Ieee.TF32 ? 13 : 0);
        return v == v && r.nextInt(8) == 0 ? bits & -unit(f) : bits & (f.signBit() | fraction) | e;
    }

    private static long[] floating(Ieee f, int randoms) {
        Set<Long> v = new LinkedHashSet<>();
        long u = unit(f);
        long one = f.one();
        long step = 2 * (half(f)); // one binade
        for (long x : new long[]{0, u, 2 * u, f.leastNormal() - u, f.leastNormal(), f.leastNormal() + u, one, one + u,
            one - u,
            one | half(f), one + step, one + step + half(f), one - step, one - step - u, one - 2 * step | half(f),
            one + (f.precision - 1) * step, one + f.precision * step, one + f.precision * step + u,
            one - f.precision * step, one - (f.precision - 1) * step + u, f.largest(false), f.largest(false) - step,
            f.infinity(false), f.infinity(false) + u, f.infinity(false) | half(f),
            f.infinity(false) | half(f) | 3 * u}) {
            v.add(x);
            v.add(x | f.signBit());
        }
        for (int i = 0; i < randoms; i++) v.add(random(f, i));
        return v.stream().mapToLong(x -> x).toArray();
    }

    private static long[] integers(int n, int randoms) {
        Set<Long> v = new LinkedHashSet<>();
        long mask = n == 64 ? -1 : (1L << n) - 1;
        long top = 1L << n - 1;
        long mid = 1L << n / 2;
        for (long x : new long[]{0, 1, 2, 3, 7, 10, 100, mid - 1, mid, mid + 1, mid / 2 - 1, mid / 2, top - 1, top,
            top + 1,
            top - 2, -1, -2, -3, -7, -mid, -mid - 1, 0x5555555555555555L, 0xaaaaaaaaaaaaaaaaL, 0x0123456789abcdefL}) {
            v.add(x & mask);
        }
        Random r = new Random(n);
        for (int i = 0; i < randoms; i++) v.add(r.nextLong() & mask);
        return v.stream().mapToLong(x -> x).toArray();
    }

    /** Each value in either half, with another beside it. */
    private static long[] pairs(long[] v) {
        long[] p = new long[v.length];
        for (int i = 0; i < v.length; i++) p[i] = v[i] & 0xffff | (v[(i * 7 + 3) % v.length] & 0xffff) << 16;
        return p;
    }

    /** All tuples; of three operands and more among few values of each. */
    static long[][] cross(String... types) {
        List<long[]> lists = new ArrayList<>();
        for (String t : types) lists.add(types.length > 2 ? few(t) : of(t));
        return cross(lists.toArray(long[][]::new));
    }

    static long[][] cross(long[]... lists) {
        int n = 1;
        for (long[] l : lists) n *= l.length;
        long[][] all = new long[n][lists.length];
        for (int i = 0; i < n; i++) {
            int rest = i;
            for (int j = lists.length - 1; j >= 0; j--) {
                all[i][j] = lists[j][rest % lists[j].length];
                rest /= lists[j].length;
            }
        }
        return all;
    }
}
