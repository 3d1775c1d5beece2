package dev.culebra.llm.prune;

import dev.culebra.sparse.ValueType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Weights that look as if a real layer had been pruned by magnitude, made row by row, so that a matrix of any size needs
 * little memory and any number of threads.
 *
 * <p>
 * Before pruning, {@code w[i][j] = 0.02 * r[i] * c[j] * z[i][j]} with {@code z} standard normal (nearly, see below), row and
 * column scores {@code r[i], c[j] = exp(skew * normal)}. Then the {@code floor(sparsity * M * K)} smallest by absolute value
 * over the whole matrix become +0, ties by position. Rows and columns with a low score are therefore both sparser and
 * smaller, as in really pruned layers. With a skew of 0 every place is as likely to be zero as any other.
 *
 * <p>
 * The same seed gives the same bits on every machine, JDK and number of threads: each row has a generator of its own
 * ({@link SplittableRandom}, whose sequence is specified), and the normal numbers are sums of eight uniform 16-bit integers
 * (Irwin-Hall: kurtosis 2.85 instead of 3, nothing beyond 4.9 standard deviations), since the JDK's own normal numbers may
 * change from release to release. Immutable and thread-safe.
 */
public final class SyntheticWeights {
    /** The standard deviation that OPT's and GPT-2's weights were initialised with. */
    static final float DEVIATION = 0.02f;

    /**
     * The skew when none is given: that of the 30 trained layers in the command's bundled model. Pruned by magnitude to 70%,
     * their rows' densities have a standard deviation of 16% of the mean beyond what chance gives, and so have their columns'
     * (single layers: up to 35%). At 70%, where the threshold is 1.04 deviations, a density changes 1.6 times as fast as the
     * score does: 0.16 / 1.6 = 0.1.
     */
    public static final double DEFAULT_SKEW = 0.1;

    /** Beyond it a score's square overflows a 16-bit float: 0.02 * 4.9 * exp(2 * 4.9 * 1.3) = 33,400. */
    public static final double LARGEST_SKEW = 1.3;

    /** A row must fit an array of bytes; the JVM's longest is a little shorter than 2^31 - 1. */
    private static final int LARGEST_K = (Integer.MAX_VALUE - 8) / Short.BYTES;

    private static final ValueLayout.OfShort BITS16 = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Blocks of rows with a histogram each, at most: 64 * 32,768 counters of 4 bytes are 8 MB. */
    private static final int BLOCKS = 64;

    /** 16-bit magnitudes without the sign. */
    private static final int MAGNITUDES = 1 << 15;

    private final int m;
    private final int k;
    private final ValueType type;
    private final long seed;
    private final float[] rowScore;
    private final float[] columnScore;
    private final int blockRows;
    private final int threshold;
    /** How many elements that equal the threshold each block of rows gives up. */
    private final long[] ties;
    private final long zeros;

    /**
     * Finds the threshold, which takes one pass over all elements, on as many threads as there are.
     *
     * @param m rows, 1 or more
     * @param k columns, 1 to 1,073,741,819
     * @param sparsity part of the elements that is zero, 0 to 1
     * @param skew how much rows and columns differ: the standard deviation of their scores' logarithm, 0 to
     *        {@link #LARGEST_SKEW}
     * @param type type of the elements
     * @param seed any number
     * @throws IllegalArgumentException if a number is out of its range
     */
    public SyntheticWeights(int m, int k, double sparsity, double skew, ValueType type, long seed) {
        if (m < 1 || k < 1) throw new IllegalArgumentException("shape " + m + "," + k + " must be at least 1,1");
        if (k > LARGEST_K) {
            throw new IllegalArgumentException("shape " + m + "," + k + " has more than " + LARGEST_K + " columns");
        }
        if (!(skew >= 0 && skew <= LARGEST_SKEW)) {
            throw new IllegalArgumentException("skew " + skew + " is not from 0 to " + LARGEST_SKEW);
        }
        this.m = m;
        this.k = k;
        this.type = type;
        this.seed = seed;
        this.zeros = MagnitudePruning.zeros((long) m * k, sparsity);
        rowScore = scores(m, skew, new SplittableRandom(mix(seed, -1)));
        columnScore = scores(k, skew, new SplittableRandom(mix(seed, -2)));
        blockRows = Math.ceilDiv(m, BLOCKS);
        int blocks = Math.ceilDiv(m, blockRows);
        ties = new long[blocks];
        threshold = zeros == 0 ? -1 : findThreshold(blocks);
    }

    /**
     * How many elements are zero.
     *
     * @return {@code floor(sparsity * m * k)}
     */
    public long zeros() { return zeros; }

    /**
     * The blocks of rows that can be made independently of each other, in any order, by any thread.
     *
     * @return how many, up to 64
     */
    public int blocks() { return ties.length; }

    /**
     * The first row of a block.
     *
     * @param block 0 to {@link #blocks()}, the latter giving one past the last row
     * @return its first row
     */
    public int firstRow(int block) { return (int) Math.min((long) block * blockRows, m); }

    /** Receives finished rows. */
    @FunctionalInterface
    public interface RowSink {
        /**
         * Takes one row.
         *
         * @param row its number
         * @param bits K little-endian elements; overwritten after the call
         * @throws Exception to stop
         */
        void accept(int row, MemorySegment bits) throws Exception;
    }

    /**
     * Makes the rows of a block, in order.
     *
     * @param block 0 to {@link #blocks()} - 1
     * @param sink receives each row
     * @throws Exception what the sink threw
     */
    public void rows(int block, RowSink sink) throws Exception {
        var bits = new short[k];
        var segment = MemorySegment.ofArray(new byte[2 * k]);
        long quota = ties[block];
        for (int row = firstRow(block); row < firstRow(block + 1); row++) {
            dense(row, bits);
            for (int j = 0; j < k; j++) {
                int magnitude = bits[j] & 0x7fff;
                boolean zero = magnitude < threshold || magnitude == threshold && quota-- > 0;
                segment.set(BITS16, 2L * j, zero ? 0 : bits[j]);
            }
            sink.accept(row, segment);
        }
    }

    private int findThreshold(int blocks) {
        int[][] counts = IntStream.range(0, blocks).parallel().mapToObj(b -> {
            var count = new int[MAGNITUDES];
            var bits = new short[k];
            for (int row = firstRow(b); row < firstRow(b + 1); row++) {
                dense(row, bits);
                for (short value : bits) count[value & 0x7fff]++;
            }
            return count;
        }).toArray(int[][]::new);
        long below = 0;
        for (int magnitude = 0;; magnitude++) {
            long here = 0;
            for (var count : counts) here += count[magnitude];
            if (below + here >= zeros) {
                long left = zeros - below;
                for (int b = 0; b < blocks; b++) {
                    ties[b] = Math.min(left, counts[b][magnitude]);
                    left -= ties[b];
                }
                return magnitude;
            }
            below += here;
        }
    }

    /** A row before pruning. */
    private void dense(int row, short[] bits) {
        var random = new SplittableRandom(mix(seed, row));
        float scale = DEVIATION * rowScore[row];
        for (int j = 0; j < k; j++) {
            float value = scale * columnScore[j] * normal(random);
            short rounded = type == ValueType.F16 ? Float.floatToFloat16(value) : Weights.toBfloat16(value);
            // What is kept must not be zero, or there would be more zeros than asked for: the least subnormal instead.
            bits[j] = (rounded & 0x7fff) == 0 ? (short) (rounded | 1) : rounded;
        }
    }

    private static float[] scores(int count, double skew, SplittableRandom random) {
        var scores = new float[count];
        // StrictMath: the same bits on every machine.
        for (int i = 0; i < count; i++) scores[i] = (float) StrictMath.exp(skew * normal(random));
        return scores;
    }

    /** Nearly standard normal: eight uniform numbers from 0 to 65,535, less their mean, over their deviation. */
    private static float normal(SplittableRandom random) {
        long a = random.nextLong();
        long b = random.nextLong();
        // Neighbouring 16-bit fields are summed in pairs, then the pairs.
        long pairs = (a & EVEN) + (a >>> 16 & EVEN) + (b & EVEN) + (b >>> 16 & EVEN);
        int sum = (int) (pairs & 0xffff_ffffL) + (int) (pairs >>> 32);
        return (sum - 4 * 65_535) * UNIT;
    }

    private static final long EVEN = 0x0000_ffff_0000_ffffL;

    /** One over the deviation of a sum of eight: each has the variance (65,536^2 - 1) / 12. */
    private static final float UNIT = (float) (1 / StrictMath.sqrt(8 * (65_536.0 * 65_536.0 - 1) / 12));

    /** Spreads a seed and a row's number over 64 bits (the finaliser of SplitMix64), so that rows have unrelated seeds. */
    private static long mix(long seed, long row) {
        long z = seed + row * 0x9e37_79b9_7f4a_7c15L;
        z = (z ^ z >>> 30) * 0xbf58_476d_1ce4_e5b9L;
        z = (z ^ z >>> 27) * 0x94d0_49bb_1331_11ebL;
        return z ^ z >>> 31;
    }
}
