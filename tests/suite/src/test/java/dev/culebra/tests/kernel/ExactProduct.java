package dev.culebra.tests.kernel;

import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A product of whole numbers so small that every sum of every order is exact: K |a| |x| stays below 2^24, where fp32 has all
 * whole numbers, and |a| and |x| have no more bits than the type's significand (fp16 11: up to 2048; bf16 8: up to 256). The
 * result is therefore known to the bit.
 */
public final class ExactProduct {

    private static final int MOST = 1 << 24;

    /** Type of weights and activations. */
    public final ValueType type;
    /** Rows. */
    public final int m;
    /** Columns. */
    public final int k;
    /** Tokens. */
    public final int n;
    /** From row to row of the activations: a multiple of 8, with a gap. */
    public final int ldx;
    private final int[] a;
    private final int[] x;
    /** Tokens with a NaN or an infinity, at these columns; -1 for none. */
    private final int[] poisoned;

    /** Which places of a matrix are taken. */
    @FunctionalInterface
    public interface Pattern {
        /**
         * Whether a place is taken.
         *
         * @param row its row
         * @param column its column
         * @return whether there is a nonzero
         */
        boolean taken(int row, int column);
    }

    /**
     * Numbers drawn for a shape.
     *
     * @param type type of weights and activations
     * @param m rows
     * @param k columns
     * @param n tokens
     * @param seed of the draws
     * @param pattern where weights are
     */
    public ExactProduct(ValueType type, int m, int k, int n, long seed, Pattern pattern) {
        this(type, m, k, n, seed, pattern, MOST);
    }

    /**
     * Numbers drawn for a shape, none larger than asked.
     *
     * @param type type of weights and activations
     * @param m rows
     * @param k columns
     * @param n tokens
     * @param seed of the draws
     * @param pattern where weights are
     * @param largest the largest magnitude wanted
     */
    public ExactProduct(ValueType type, int m, int k, int n, long seed, Pattern pattern, int largest) {
        this.type = type;
        this.m = m;
        this.k = k;
        this.n = n;
        this.ldx = (k + 7) / 8 * 8 + 8;
        int significand = type == ValueType.F16 ? 1 << 11 : 1 << 8;
        int most = Math.min(largest, Math.min(significand, (int) Math.sqrt((MOST - 1) / (double) k)));
        SplittableRandom random = new SplittableRandom(seed);
        a = new int[m * k];
        x = new int[n * k];
        poisoned = new int[n];
        Arrays.fill(poisoned, -1);
        for (int i = 0; i < a.length; i++) {
            if (pattern.taken(i / k, i % k)) {
                a[i] = random.nextInt(1, most + 1) * (random.nextBoolean() ? 1 : -1);
            }
        }
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextInt(-most, most + 1);
        }
    }

    /**
     * A pattern of independent draws.
     *
     * @param density the share that is taken
     * @param seed of the draws
     * @return the pattern
     */
    public static Pattern random(double density, long seed) {
        SplittableRandom random = new SplittableRandom(~seed);
        return (row, column) -> random.nextDouble() < density;
    }

    /**
     * Puts a NaN or an infinity among a token's activations, which makes all its results NaN.
     *
     * @param token the token
     * @param column where
     */
    public void poison(int token, int column) { poisoned[token] = column; }

    private short bits(int value) {
        return type == ValueType.F16
                ? Float.floatToFloat16(value)
                : (short) (Float.floatToRawIntBits(value) >>> 16);
    }

    /**
     * The weights, encoded.
     *
     * @param format in which
     * @return [M, K]
     */
    public SparseMatrix weights(Format format) {
        short[] dense = new short[a.length];
        for (int i = 0; i < a.length; i++) {
            dense[i] = bits(a[i]);
        }
        return SparseMatrix.encode(MemorySegment.ofArray(dense), type.dense(), m, k, type,
                EncodeOptions.DEFAULT.withFormat(format));
    }

    /**
     * The activations. The gaps between rows hold NaNs, which must not be read, and nothing follows the last row.
     *
     * @return [N, ldx] without the last gap
     */
    public short[] activations() {
        short[] all = new short[(n - 1) * ldx + k];
        Arrays.fill(all, (short) 0x7fff);
        for (int i = 0; i < x.length; i++) {
            all[i / k * ldx + i % k] = bits(x[i]);
        }
        float[] poisons = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
        for (int token = 0; token < n; token++) {
            if (poisoned[token] >= 0) {
                float v = poisons[token % 3];
                all[token * ldx + poisoned[token]] = type == ValueType.F16
                        ? Float.floatToFloat16(v)
                        : (short) (Float.floatToRawIntBits(v) >>> 16);
            }
        }
        return all;
    }

    /**
     * The first element that is not as it must be.
     *
     * @param y [N, M]
     * @return what is wrong, or null where nothing is
     */
    public String difference(float[] y) {
        for (int token = 0; token < n; token++) {
            for (int row = 0; row < m; row++) {
                long sum = sum(token, row);
                if (poisoned[token] >= 0) {
                    if (!Float.isNaN(y[token * m + row])) {
                        return "token " + token + ", row " + row + ": expected NaN, was " + y[token * m + row];
                    }
                    continue;
                }
                // Whole numbers have one zero: -0 would be a sum of nothing but -0, which no accumulator begins with.
                if (Float.floatToRawIntBits(y[token * m + row]) != Float.floatToRawIntBits(sum)) {
                    return "token " + token + ", row " + row + ": expected " + sum + ", was " + y[token * m + row];
                }
            }
        }
        return null;
    }

    /**
     * A result, unless its token is poisoned.
     *
     * @param token the token
     * @param row the row
     * @return the sum
     */
    public long sum(int token, int row) {
        long sum = 0;
        for (int c = 0; c < k; c++) {
            sum += (long) a[row * k + c] * x[token * k + c];
        }
        return sum;
    }

    /**
     * Whether a token has an activation that is not finite.
     *
     * @param token the token
     * @return whether all its results are to be NaN
     */
    public boolean poisoned(int token) { return poisoned[token] >= 0; }

    @Override
    public String toString() { return type.id() + " [" + m + ", " + k + "] x " + n; }
}
