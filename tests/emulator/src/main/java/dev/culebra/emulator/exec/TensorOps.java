package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import java.util.List;
import java.util.Map;

/**
 * {@code mma.sync} of shape m16n8kK with row-major A (16 x K), column-major B (K x 8), and C, D (16 x 8). With g = lane / 4,
 * t = lane % 4 and e elements in a 32-bit register (1 of tf32, 2 of 16 bits, 4 of 8 bits):
 * <ul>
 * <li>A's register i, element j: row g + 8 (i % 2), column e t + j + 4 e (i / 2);
 * <li>B's register i, element j: row e t + j + 4 e i, column g;
 * <li>C's and D's register i of 32 bits: row g + 8 (i / 2), column 2 t + i % 2; of two f16: row g + 8 i, columns 2 t and 2 t + 1.
 * </ul>
 * Numerics: products are exact; they and C's element are summed in double, k ascending and C last, and rounded once, to the
 * nearest. Hardware aligns and truncates within a block of products, so it may differ in the last places; sums of small
 * integers are exact on both. NaN and infinities propagate as in plain arithmetic (0 times infinity is NaN).
 */
final class TensorOps {

    private TensorOps() {}

    /** K, by shape and type of A, and the target that has it. */
    private static final Map<String, int[]> SHAPES = Map.of("m16n8k16.f16", new int[]{16, 80}, "m16n8k16.bf16",
            new int[]{16, 80},
            "m16n8k8.f16", new int[]{8, 75}, "m16n8k8.bf16", new int[]{8, 80}, "m16n8k8.tf32", new int[]{8, 80},
            "m16n8k4.tf32",
            new int[]{4, 80}, "m16n8k16.i8", new int[]{16, 80}, "m16n8k32.i8", new int[]{32, 80});

    static void register(Families f) {
        f.add("mma", TensorOps::decode);
        MatrixMoves.register(f);
    }

    private static void decode(Decoding x) {
        if (FragmentProducts.decode(x)) {
            return;
        }
        boolean known = x.take("sync") & x.take("aligned");
        String shape = x.takeAny("m16n8k4", "m16n8k8", "m16n8k16", "m16n8k32");
        known &= x.take("row") & x.take("col");
        boolean satfinite = x.take("satfinite");
        PtxType td = x.type();
        PtxType ta = x.type();
        PtxType tb = x.type();
        PtxType tc = x.type();
        x.done(4);
        boolean bytes = ta == S8 || ta == U8;
        int[] k = SHAPES.get(shape + "." + (bytes ? "i8" : Decoding.lower(ta)));
        boolean types = bytes
                ? (tb == S8 || tb == U8) && td == S32 && tc == S32
                : ta == tb && td == tc && (td == F32 || td == F16 && ta == F16) && !satfinite;
        if (!known || k == null || !types) {
            throw x.refuse(
                    "unknown instruction: mma.sync.aligned of m16n8k8 and m16n8k16 (f16, bf16), m16n8k4 and m16n8k8 (tf32), m16n8k16"
                            + " and m16n8k32 (s8, u8) is known");
        }
        x.require(k[1], k[1] == 75 ? 65 : 70);
        int perRegister = ta == TF32 ? 1 : bytes ? 4 : 2;
        int[] a = registers(x, 1, 16 * k[0] / 32 / perRegister, false);
        int[] b = registers(x, 2, Math.max(1, 8 * k[0] / 32 / perRegister), false);
        int n = td == F16 ? 2 : 4;
        int[] c = registers(x, 3, n, false);
        int[] d = registers(x, 0, n, true);
        x.emitSplit(bytes
                ? new ByteProduct(k[0], a, b, c, d, ta.signed(), tb.signed(), satfinite)
                : new Product(k[0], a, b, c, d, ta, td));
    }

    static int[] registers(Decoding x, int operand, int n, boolean destination) {
        List<Operand> all = x.vector(operand);
        if (all.size() != n) {
            throw x.refuse("operand " + (operand + 1) + " has " + all.size() + " registers, " + n + " are wanted");
        }
        return all.stream().mapToInt(o -> destination ? x.dst(o, B32) : x.src(o, B32)).toArray();
    }

    static void wantAll(Warp w, int mask, String what) {
        if (mask != -1) {
            throw new Fault(DeviceFault.ILLEGAL_INSTRUCTION, Integer.numberOfTrailingZeros(mask), what + " by lanes 0x"
                    + Integer.toHexString(mask) + " alone: all 32 of the warp must execute it");
        }
    }

    /** Floating-point products. */
    private static final class Product extends WarpSync {
        private final int depth;
        private final int[] a;
        private final int[] b;
        private final int[] c;
        private final int[] d;
        private final PtxType in;
        private final PtxType out;
        /** Whether a result's register is one of C's that a later result still wants. */
        private final boolean crossed;

        Product(int depth, int[] a, int[] b, int[] c, int[] d, PtxType in, PtxType out) {
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

        private static float half(int bits) { return Float.float16ToFloat((short) bits); }

        /** Puts a fragment's register i where its elements belong: at row * stride + column, or for B at k * 8 + n. */
        private void unpack(Warp w, int[] registers, boolean isA, double[] to, int base) {
            int per = in == TF32 ? 1 : 2;
            for (int i = 0; i < registers.length; i++) {
                int[] v = w.r[registers[i]];
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
        private void multiplyRow(double[] m, int row, int atB, double[] sums) {
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

        @Override
        void perform(Warp w, int mask) {
            wantAll(w, mask, "mma.sync");
            double[] m = w.matrix;
            int atB = 16 * depth;
            unpack(w, a, true, m, 0);
            unpack(w, b, false, m, atB);
            double[] sums = w.sums;
            for (int row = 0; row < 16; row++) {
                multiplyRow(m, row, atB, sums);
            }
            int[][] addends = new int[c.length][];
            for (int i = 0; i < c.length; i++) {
                addends[i] = crossed ? w.r[c[i]].clone() : w.r[c[i]];
            }
            for (int i = 0; i < d.length; i++) {
                int[] add = addends[i];
                int[] to = w.r[d[i]];
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
    }

    /** Products of 8-bit integers. */
    private static final class ByteProduct extends WarpSync {
        private final int depth;
        private final int[] a;
        private final int[] b;
        private final int[] c;
        private final int[] d;
        private final boolean signedA;
        private final boolean signedB;
        private final boolean clamp;

        ByteProduct(int depth, int[] a, int[] b, int[] c, int[] d, boolean signedA, boolean signedB, boolean clamp) {
            this.depth = depth;
            this.a = a;
            this.b = b;
            this.c = c;
            this.d = d;
            this.signedA = signedA;
            this.signedB = signedB;
            this.clamp = clamp;
        }

        private static int part(int v, int j, boolean signed) {
            int one = v >>> 8 * j & 0xff;
            return signed ? (byte) one : one;
        }

        @Override
        void perform(Warp w, int mask) {
            wantAll(w, mask, "mma.sync");
            int[][] results = new int[4][32];
            for (int i = 0; i < 4; i++) {
                for (int l = 0; l < 32; l++) {
                    int row = (l >> 2) + 8 * (i >> 1);
                    int column = 2 * (l & 3) + (i & 1);
                    long sum = w.r[c[i]][l];
                    for (int k = 0; k < depth; k++) {
                        int lane = k >> 2 & 3;
                        int u = w.r[a[(k >> 4) * 2 + (row >> 3)]][(row & 7) * 4 + lane];
                        int v = w.r[b[k >> 4]][column * 4 + lane];
                        sum += (long) part(u, k & 3, signedA) * part(v, k & 3, signedB);
                    }
                    results[i][l] = clamp ? IntegerOps.clamp(sum) : (int) sum;
                }
            }
            for (int i = 0; i < 4; i++) {
                System.arraycopy(results[i], 0, w.r[d[i]], 0, 32);
            }
        }
    }
}
