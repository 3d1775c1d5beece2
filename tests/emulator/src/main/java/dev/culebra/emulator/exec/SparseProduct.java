package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;

/**
 * {@code mma.sp.sync.aligned} of f16 and bf16: of each four columns of a row of A two values are in registers, and metadata say
 * which. With g = lane / 4, t = lane % 4:
 * <ul>
 * <li>A's register i, elements 0 and 1: row g + 8 (i % 2), the two values of columns 4 j to 4 j + 3, j = t + 4 (i / 2);
 * <li>B's register i, element e: row 2 t + e + 8 i, column g; C and D are those of {@link TensorOps};
 * <li>metadata of row g, and in the upper half of the register of row g + 8: bits 4 j to 4 j + 3 of group j, the first value's
 * place among the four columns in the lower two. m16n8k16 takes the register of lane 4 g + s, s the selector; m16n8k32 that of lane
 * 4 g + 2 s for groups 0 to 3, of the next lane for groups 4 to 7.
 * </ul>
 * An H200 multiplies each value with the row of B that its two bits name, whatever the other's are: in falling order and twice the
 * same too, with both spellings. That is done here for {@code mma.sp}. The ISA calls twice the same undefined, and promises
 * {@code mma.sp::ordered_metadata} rising order: under that name all else is an error here.
 */
final class SparseProduct extends FloatProduct {

    private final int metadata;
    private final int selector;
    private final boolean ordered;

    private SparseProduct(int stored, int[] a, int[] b, int[] c, int[] d, PtxType in, PtxType out, int metadata,
            int selector, boolean ordered) {
        super(stored, a, b, c, d, in, out);
        this.metadata = metadata;
        this.selector = selector;
        this.ordered = ordered;
    }

    /** Decodes a sparse product; false where it is none. */
    static boolean decode(Decoding x) {
        boolean ordered = x.take("sp::ordered_metadata");
        if (!ordered && !x.take("sp")) {
            return false;
        }
        boolean known = x.take("sync") & x.take("aligned");
        String shape = x.takeAny("m16n8k16", "m16n8k32");
        known &= x.take("row") & x.take("col");
        PtxType td = x.typeOrNull();
        PtxType ta = x.typeOrNull();
        PtxType tb = x.typeOrNull();
        PtxType tc = x.typeOrNull();
        if (!known || shape == null || ta != tb || td != tc
                || !(td == F32 && (ta == F16 || ta == BF16) || td == F16 && ta == F16)) {
            throw x.refuse(
                    "this sparse matrix product is not supported: mma.sp or mma.sp::ordered_metadata with .sync.aligned"
                            + ", m16n8k16 or m16n8k32, .row.col and types f32.f16.f16.f32, f32.bf16.bf16.f32 or f16.f16.f16.f16 is known");
        }
        x.done(6);
        x.require(80, ordered ? 85 : 71);
        int k = shape.equals("m16n8k16") ? 16 : 32;
        int[] a = TensorOps.registers(x, 1, k / 8, false);
        int[] b = TensorOps.registers(x, 2, k / 8, false);
        int n = td == F16 ? 2 : 4;
        int[] c = TensorOps.registers(x, 3, n, false);
        int[] d = TensorOps.registers(x, 0, n, true);
        if (!(x.operand(4) instanceof Operand.Register e)) {
            throw x.refuse("operand 5, the metadata, must be a register");
        }
        int selectors = k == 16 ? 4 : 2; // of m16n8k32 pairs of lanes have the metadata
        if (!(x.operand(5) instanceof Operand.Immediate f) || f.floating() || f.bits() < 0 || f.bits() >= selectors) {
            throw x.refuse("operand 6, the sparsity selector, must be a constant from 0 to " + (selectors - 1) + " for "
                    + shape);
        }
        x.emitSplit(new SparseProduct(k / 2, a, b, c, d, ta, td, x.src(e, B32), (int) f.bits(), ordered));
        return true;
    }

    @Override
    String name() { return "mma.sp.sync"; }

    @Override
    void multiply(Warp w, double[] m, int atB, double[] sums) {
        int[] e = w.r[metadata];
        boolean wide = depth == 16;
        for (int g = 0; g < 8; g++) {
            int lane = 4 * g + (wide ? 2 * selector : selector);
            int first = e[lane];
            int second = wide ? e[lane + 1] : 0;
            if (ordered) {
                for (int i = 0; i < (wide ? 2 : 1); i++) {
                    requireOrder(e[lane + i], lane + i);
                }
            }
            multiplyNamed(m, g, first & 0xffff | second << 16, atB, sums);
            multiplyNamed(m, g + 8, first >>> 16 | second & 0xffff0000, atB, sums);
        }
    }

    private static void requireOrder(int metadata, int lane) {
        for (int i = 0; i < 32; i += 4) {
            int low = metadata >>> i & 3;
            int high = metadata >>> i + 2 & 3;
            if (low >= high) {
                throw new Fault(DeviceFault.LAUNCH_FAILED, lane, "mma.sp::ordered_metadata with metadata 0x"
                        + Integer.toHexString(metadata) + ": its bits " + i + " to " + (i + 3) + " name columns " + low
                        + " and " + high
                        + " of four, and must name two in rising order; mma.sp takes any");
            }
        }
    }

    /** A row of the product: as in {@link FloatProduct}, the rows of B being those that the metadata name. */
    private void multiplyNamed(double[] m, int row, int places, int atB, double[] sums) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        double s4 = 0;
        double s5 = 0;
        double s6 = 0;
        double s7 = 0;
        for (int i = 0; i < depth; i++) {
            double u = m[row * depth + i];
            int b0 = atB + 8 * (4 * (i >> 1) + (places >>> 2 * i & 3)); // values i and i ^ 1 are of one group of four rows
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
}
