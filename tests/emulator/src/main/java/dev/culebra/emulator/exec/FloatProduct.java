package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.PtxType;
import java.util.Arrays;

/**
 * Floating-point products of shape m16n8kK, with fragments and numerics as {@link TensorOps} says: A and B are unpacked to
 * doubles in the warp's {@code matrix}, A by rows and B behind it by rows of eight, summed, and rounded once.
 */
class FloatProduct extends WarpSync {
    /** Columns of A in registers. */
    final int depth;
    private final int[] a;
    private final int[] b;
    private final int[] c;
    private final int[] d;
    private final PtxType in;
    private final PtxType out;
    /** Whether a result's register is one of C's that a later result still wants. */
    private final boolean crossed;

    FloatProduct(int depth, int[] a, int[] b, int[] c, int[] d, PtxType in, PtxType out) {
        this.depth = depth;
        this.a = a;
        this.b = b;
        this.c = c;
        this.d = d;
        this.in = in;
        this.out = out;
        this.crossed = crossed(c, d);
    }

    private static boolean crossed(int[] c, int[] d) {
        for (int i = 0; i < d.length; i++) {
            for (int j = i + 1; j < c.length; j++) {
                if (d[i] == c[j]) {
                    return true;
                }
            }
        }
        return false;
    }

    static float half(int bits) { return Float.float16ToFloat((short) bits); }

    /** Puts a fragment's register i where its elements belong: at row * depth + column, or for B at k * 8 + n. */
    static void unpack(int[][] bank, int[] registers, boolean isA, PtxType in, int depth, double[] to, int base) {
        int per = in == TF32 ? 1 : 2;
        for (int i = 0; i < registers.length; i++) {
            int[] v = bank[registers[i]];
            for (int l = 0; l < 32; l++) {
                int g = l >> 2;
                int k = per * (l & 3) + 4 * per * (isA ? i >> 1 : i);
                int at = base + (isA ? (g + 8 * (i & 1)) * depth + k : k * 8 + g);
                int step = isA ? 1 : 8;
                switch (in) {
                    case F16 -> {
                        to[at] = half(v[l]);
                        to[at + step] = half(v[l] >> 16);
                    }
                    case BF16 -> {
                        to[at] = Float.intBitsToFloat(v[l] << 16);
                        to[at + step] = Float.intBitsToFloat(v[l] & 0xffff0000);
                    }
                    default -> to[at] = Float.intBitsToFloat(v[l] & 0xffffe000); // tf32: the low 13 bits do not count
                }
            }
        }
    }

    /** A row of the product. Its eight sums are variables of their own: the JIT compiler keeps them in registers. */
    private static void multiplyRow(double[] m, int row, int depth, int atB, double[] sums) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        double s4 = 0;
        double s5 = 0;
        double s6 = 0;
        double s7 = 0;
        for (int k = 0; k < depth; k++) {
            double u = m[row * depth + k];
            int b0 = atB + 8 * k;
            s0 += u * m[b0];
            s1 += u * m[b0 + 1];
            s2 += u * m[b0 + 2];
            s3 += u * m[b0 + 3];
            s4 += u * m[b0 + 4];
            s5 += u * m[b0 + 5];
            s6 += u * m[b0 + 6];
            s7 += u * m[b0 + 7];
        }
        int at = 8 * row;
        sums[at] = s0;
        sums[at + 1] = s1;
        sums[at + 2] = s2;
        sums[at + 3] = s3;
        sums[at + 4] = s4;
        sums[at + 5] = s5;
        sums[at + 6] = s6;
        sums[at + 7] = s7;
    }

    /** Multiplies what is unpacked: A at 0, B from {@code atB} on, sums by rows of eight. */
    void multiply(Warp w, double[] m, int atB, double[] sums) {
        for (int row = 0; row < 16; row++) {
            multiplyRow(m, row, depth, atB, sums);
        }
    }

    String name() { return "mma.sync"; }

    @Override
    final void perform(Warp w, int mask) {
        TensorOps.wantAll(w, mask, name());
        double[] m = w.matrix;
        int atB = 16 * depth;
        unpack(w.r, a, true, in, depth, m, 0);
        unpack(w.r, b, false, in, depth, m, atB);
        double[] sums = w.sums;
        multiply(w, m, atB, sums);
        int[][] addends = new int[c.length][];
        for (int i = 0; i < c.length; i++) {
            addends[i] = crossed ? w.r[c[i]].clone() : w.r[c[i]];
        }
        for (int i = 0; i < d.length; i++) {
            finish(sums, i, out, addends[i], w.r[d[i]]);
        }
    }

    /**
     * A row of a product with 16 rows of B, the same sums in the same order: for many columns it is faster by such rows, which
     * the JIT compiler makes vector code of.
     */
    static void multiplyRow(double[] a, int from, double[][] b, int n, double[] sums) {
        Arrays.fill(sums, 0, n, 0);
        add(a, from, b, 0, n, sums);
        add(a, from + 8, b, 8, n, sums);
    }

    private static void add(double[] a, int from, double[][] b, int row, int n, double[] sums) {
        double u0 = a[from];
        double u1 = a[from + 1];
        double u2 = a[from + 2];
        double u3 = a[from + 3];
        double u4 = a[from + 4];
        double u5 = a[from + 5];
        double u6 = a[from + 6];
        double u7 = a[from + 7];
        double[] b0 = b[row];
        double[] b1 = b[row + 1];
        double[] b2 = b[row + 2];
        double[] b3 = b[row + 3];
        double[] b4 = b[row + 4];
        double[] b5 = b[row + 5];
        double[] b6 = b[row + 6];
        double[] b7 = b[row + 7];
        for (int i = 0; i < n; i++) {
            sums[i] = sums[i] + u0 * b0[i] + u1 * b1[i] + u2 * b2[i] + u3 * b3[i] + u4 * b4[i] + u5 * b5[i]
                    + u6 * b6[i] + u7 * b7[i];
        }
    }

    /** Register i of a result of eight columns: its sums and what is added to them, rounded once. */
    static void finish(double[] sums, int i, PtxType out, int[] add, int[] to) {
        for (int l = 0; l < 32; l++) {
            int g = l >> 2;
            int t = 2 * (l & 3);
            if (out == F32) {
                double s = sums[(g + 8 * (i >> 1)) * 8 + t + (i & 1)];
                to[l] = Rounding.bits((float) (s + Float.intBitsToFloat(add[l])));
            } else {
                int at = (g + 8 * i) * 8 + t;
                int low = Rounding.encode(sums[at] + half(add[l]), F16, Rounding.NEAREST);
                int high = Rounding.encode(sums[at + 1] + half(add[l] >> 16), F16, Rounding.NEAREST);
                to[l] = low | high << 16;
            }
        }
    }
}
