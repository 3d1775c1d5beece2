package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.PtxType;

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
    static void multiplyRow(double[] m, int row, int depth, int atB, double[] sums) {
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
