package dev.culebra.llm.opt;

import java.util.SplittableRandom;

/** Chooses next tokens. It has scratch memory for a vocabulary, so it is a session's; random numbers are a sequence's own. */
final class Sampler {
    private long[] heap = new long[0]; // of candidates, see key()
    private double[] mass = new double[0]; // of candidates, each with that of all before it

    /** The random numbers of one sequence of a batch. Their sequence is specified: the same on every JDK. */
    static SplittableRandom random(long seed, int sequence) {
        return new SplittableRandom(sequence == 0 ? seed : mix(seed, sequence));
    }

    /** Spreads a seed and a sequence's number over 64 bits (SplitMix64's finaliser): streams that do not meet. */
    private static long mix(long seed, int sequence) {
        long z = seed ^ sequence * 0x9e37_79b9_7f4a_7c15L;
        z = (z ^ z >>> 30) * 0xbf58_476d_1ce4_e5b9L;
        z = (z ^ z >>> 27) * 0x94d0_49bb_1331_11ebL;
        return z ^ z >>> 31;
    }

    /**
     * Chooses.
     *
     * @param options how
     * @param random the sequence's
     * @param logits [rows, n]
     * @param at where the row begins
     * @param n vocabulary
     * @return 0 to n - 1
     * @throws IllegalStateException if a logit is NaN or infinite
     */
    int next(GenerateOptions options, SplittableRandom random, float[] logits, int at, int n) {
        int best = best(logits, at, n);
        if (options.temperature() == 0) return best;
        if (mass.length < n) mass = new double[n];
        boolean all = (options.topK() == 0 || options.topK() >= n) && options.topP() == 1;
        return all
                ? drawOfAll(options, random, logits, at, n, logits[at + best])
                : drawOfBest(options, random, logits, at, n, logits[at + best]);
    }

    /** The largest logit's id, the lowest among equals. */
    private static int best(float[] logits, int at, int n) {
        int best = 0;
        for (int i = 0; i < n; i++) {
            float v = logits[at + i];
            if (!(Math.abs(v) <= Float.MAX_VALUE)) {
                throw new IllegalStateException("the model gives " + v + " for token " + i
                        + " as the next one: numbers on the way overflow, or the weights are no model's");
            }
            if (v > logits[at + best]) best = i;
        }
        return best;
    }

    /** Not normalised: 1 for the most likely token. */
    private static double weight(float logit, float most, GenerateOptions options) {
        return Math.exp(((double) logit - most) / options.temperature());
    }

    private int drawOfAll(GenerateOptions options, SplittableRandom random, float[] logits, int at, int n, float most) {
        double below = 0;
        for (int i = 0; i < n; i++) {
            below += weight(logits[at + i], most, options);
            mass[i] = below;
        }
        return draw(random, n);
    }

    /** Of the top k, then of the fewest of them that reach top-p. A heap, since those are few among many. */
    private int drawOfBest(GenerateOptions options, SplittableRandom random, float[] logits, int at, int n,
            float most) {
        if (heap.length < n) heap = new long[n];
        for (int i = 0; i < n; i++) heap[i] = key(logits[at + i], i);
        for (int i = n / 2 - 1; i >= 0; i--) siftDown(i, n);
        int k = options.topK() == 0 ? n : Math.min(options.topK(), n);
        // top-p is a part of the top k's mass, which is known beforehand only where they are all
        double sum = 0;
        if (k == n) for (int i = 0; i < n; i++) sum += weight(logits[at + i], most, options);
        int kept = 0;
        double below = 0;
        // taken from the heap's top and put behind its end, so that candidate i ends up at n - 1 - i
        while (kept < k && (k < n || below < options.topP() * sum)) {
            long top = heap[0];
            int left = n - ++kept;
            heap[0] = heap[left];
            heap[left] = top;
            siftDown(0, left);
            below += weight(logits[at + (int) top], most, options);
            mass[kept - 1] = below;
        }
        if (k < n) kept = nucleus(kept, options.topP() * below);
        return (int) heap[n - 1 - draw(random, kept)];
    }

    /** The first of n candidates whose mass, with that of all before it, passes a random part of the whole. */
    private int draw(SplittableRandom random, int n) {
        double drawn = random.nextDouble() * mass[n - 1];
        int low = 0;
        for (int high = n - 1; low < high;) {
            int middle = low + high >>> 1;
            if (mass[middle] > drawn) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    /** How many of the first it takes to reach a mass. */
    private int nucleus(int most, double reach) {
        int kept = 1;
        while (kept < most && mass[kept - 1] < reach) kept++;
        return kept;
    }

    /** Ordered like a logit downwards, then like an id upwards; the id is the lower half. */
    private static long key(float logit, int id) {
        int bits = Float.floatToRawIntBits(logit + 0f); // -0 becomes +0, its equal
        int ordered = bits < 0 ? bits & 0x7fff_ffff : ~bits; // as signed integers, the largest logit's is the least
        return (long) ordered << 32 | id;
    }

    /** Least key on top. */
    private void siftDown(int from, int n) {
        long moved = heap[from];
        int i = from;
        for (int child; (child = 2 * i + 1) < n; i = child) {
            if (child + 1 < n && heap[child + 1] < heap[child]) child++;
            if (moved <= heap[child]) break;
            heap[i] = heap[child];
        }
        heap[i] = moved;
    }
}
