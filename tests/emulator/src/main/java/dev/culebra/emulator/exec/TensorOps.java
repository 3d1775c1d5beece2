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
        if (SparseProduct.decode(x) || FragmentProducts.decode(x)) {
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
                : new FloatProduct(k[0], a, b, c, d, ta, td));
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
