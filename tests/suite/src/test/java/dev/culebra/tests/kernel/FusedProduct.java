package dev.culebra.tests.kernel;

import dev.culebra.kernel.Activation;
import dev.culebra.sparse.DenseType;
import dev.culebra.spmm.Epilogue;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/**
 * A product of whole numbers with an epilogue, and what must come of it, in double precision. Sums are whole and under 2^13
 * (the product's numbers must be small enough), bias, residual and what Y holds are multiples of 1/64 under 2^12: every
 * step is exact in fp32, so that but for the GELU there is one rounding, the last, and one right answer.
 */
public final class FusedProduct {

    private static final double STEP = 1 / 64.;

    /** The sums. */
    public final ExactProduct product;
    private final Activation activation;
    private final DenseType output;
    private final double[] bias; // null for none, as the others
    private final double[] residual;
    private final double[] held;

    /**
     * Which parts there are.
     *
     * @param bias whether there is one
     * @param activation which
     * @param residual whether there is one
     * @param accumulate whether Y holds something that counts
     * @param output Y's type
     */
    public record Parts(boolean bias, Activation activation, boolean residual, boolean accumulate, DenseType output) {

        /**
         * One of 72: every part with every other.
         *
         * @param i from 0
         * @return the parts
         */
        public static Parts of(int i) {
            return new Parts((i & 1) != 0, Activation.values()[i / 8 % 3], (i & 2) != 0, (i & 4) != 0,
                    DenseType.values()[i / 24 % 3]);
        }
    }

    /**
     * Draws what the parts need.
     *
     * @param product the sums
     * @param parts what is added
     * @param seed of the draws
     */
    public FusedProduct(ExactProduct product, Parts parts, long seed) {
        this.product = product;
        this.activation = parts.activation;
        this.output = parts.output;
        SplittableRandom random = new SplittableRandom(seed);
        // around 0 for a GELU, which is either 0 or its argument farther out
        int most = activation == Activation.GELU ? 4 * 64 : 1 << 18;
        int elements = product.n * product.m;
        bias = parts.bias ? draw(product.m, most, random, DenseType.F32) : null;
        residual = parts.residual ? draw(elements, most, random, output) : null;
        held = parts.accumulate ? draw(elements, most, random, output) : null;
    }

    private static double[] draw(int count, int most, SplittableRandom random, DenseType type) {
        // so few bits that none is lost in the type
        int bits = type == DenseType.F32 ? 18 : type == DenseType.F16 ? 11 : 8;
        return random.ints(count, -most, most + 1)
                .mapToDouble(v -> v == 0
                        ? STEP
                        : Math.rint(v / Math.scalb(1, drop(v, bits))) * STEP
                                * Math.scalb(1, drop(v, bits)))
                .toArray();
    }

    private static int drop(int v, int bits) {
        return Math.max(0, 32 - Integer.numberOfLeadingZeros(Math.abs(v)) - bits);
    }

    /**
     * The epilogue with its data.
     *
     * @return bias and residual in arrays
     */
    public Epilogue<MemorySegment> epilogue() {
        return new Epilogue<>(encode(bias, DenseType.F32), activation, encode(residual, output), held != null, output);
    }

    /**
     * What Y holds before.
     *
     * @return [N, M] of the output's type, or null
     */
    public MemorySegment held() { return encode(held, output); }

    private static MemorySegment encode(double[] values, DenseType type) {
        if (values == null) {
            return null;
        }
        float[] floats = new float[values.length];
        short[] bits = new short[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
            bits[i] = type == DenseType.F16
                    ? Float.floatToFloat16(floats[i])
                    : (short) (Float.floatToRawIntBits(floats[i]) >>> 16); // exact: nothing is cut off
        }
        return type == DenseType.F32 ? MemorySegment.ofArray(floats) : MemorySegment.ofArray(bits);
    }

    /**
     * The first element that is not as it must be: to the bit, or within a bound behind a GELU.
     *
     * @param y [N, M] of the output's type
     * @return what is wrong, or null where nothing is
     */
    public String difference(MemorySegment y) {
        for (int token = 0; token < product.n; token++) {
            for (int row = 0; row < product.m; row++) {
                int i = token * product.m + row;
                float got = Outputs.value(y, i, output);
                double v = product.sum(token, row) + (bias == null ? 0 : bias[row]);
                double rest = (residual == null ? 0 : residual[i]) + (held == null ? 0 : held[i]);
                double expected = switch (activation) {
                    case NONE -> v;
                    case RELU -> v > 0 ? v : 0;
                    case GELU -> Gelu.exact(v);
                } + rest;
                boolean right;
                if (product.poisoned(token)) {
                    right = Float.isNaN(got);
                } else if (activation != Activation.GELU) {
                    right = Float.floatToRawIntBits(got) == Float.floatToRawIntBits(Outputs.round(expected, output));
                } else {
                    // the GELU's bound; two additions, each half a last place of at most what is there; the last rounding
                    double bound = Math.abs(v) * 0x1p-21 + 2 * (Math.abs(v) + Math.abs(expected) + 8) * 0x1p-24;
                    right = Math.abs(got - expected) <= bound + Outputs.halfStep(Math.abs(expected) + bound, output);
                }
                if (!right) {
                    return "token " + token + ", row " + row + ": expected " + expected + " in " + output + ", was "
                            + got;
                }
            }
        }
        return null;
    }

    @Override
    public String toString() {
        return product + (bias == null ? "" : " + bias") + ", " + activation + (residual == null ? "" : " + residual")
                + (held == null ? "" : " + y") + ", " + output;
    }
}
