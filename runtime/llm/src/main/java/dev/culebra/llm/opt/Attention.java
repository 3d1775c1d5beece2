package dev.culebra.llm.opt;

import java.util.Arrays;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Causal self-attention, softmax(q K<sup>T</sup> / sqrt(d)) V for each head, over the caches of a pass. A session's: it holds
 * scratch memory for each lane of threads.
 */
final class Attention {
    /** Multiply-adds that are worth other threads: some 100 microseconds of one, where a fork costs about ten. */
    private static final long WORTH_THREADS = 1 << 20;

    private final int heads;
    private final int d; // features of a head
    private final float scale;
    private Lane[] lanes = new Lane[0];
    private final AtomicInteger next = new AtomicInteger();

    Attention(int hidden, int heads) {
        this.heads = heads;
        d = hidden / heads;
        scale = (float) (1 / Math.sqrt(d));
    }

    /** What one thread works with. */
    private final class Lane {
        float[] scores = new float[0]; // [T]
        final float[] sum = new float[heads * d]; // [hidden]: indexed like a row of values, see KvCache
    }

    /**
     * Attends with each row of the queries, each of which its own result replaces.
     *
     * @param pass the rows' sequences, whose caches hold the layer's keys and values of these rows already
     * @param layer whose keys and values
     * @param query [n, hidden], not scaled yet
     */
    void apply(Pass pass, int layer, float[] query) {
        int tasks = pass.blocks() * heads;
        int threads = 2 * pass.pairs() * heads * d < WORTH_THREADS
                ? 1
                : Math.min(tasks, ForkJoinPool.getCommonPoolParallelism() + 1);
        prepare(pass, threads);
        if (threads == 1) {
            for (int task = 0; task < tasks; task++) block(pass, layer, query, task, lanes[0]);
            return;
        }
        next.set(0);
        IntStream.range(0, threads).parallel().forEach(lane -> {
            for (int task; (task = next.getAndIncrement()) < tasks;) block(pass, layer, query, task, lanes[lane]);
        });
    }

    private void prepare(Pass pass, int threads) {
        int longest = 0;
        for (int s = 0; s < pass.sequences(); s++) {
            longest = Math.max(longest, pass.cache(s).length() + pass.rows(s));
        }
        for (int i = lanes.length; i < threads; i++) {
            lanes = Arrays.copyOf(lanes, i + 1);
            lanes[i] = new Lane();
        }
        for (int i = 0; i < threads; i++) {
            if (lanes[i].scores.length < longest)
                lanes[i].scores = new float[Math.max(longest, 2 * lanes[i].scores.length)];
        }
    }

    /** One head of a block of rows. */
    private void block(Pass pass, int layer, float[] query, int task, Lane lane) {
        int block = task / heads;
        int from = task % heads * d; // the head's first feature
        int sequence = pass.blockSequence(block);
        float[][] keys = pass.cache(sequence).keys(layer);
        float[][] values = pass.cache(sequence).values(layer);
        for (int row = pass.blockStart(block); row < pass.blockEnd(block); row++) {
            int seen = pass.position(sequence, row) + 1;
            int at = row * heads * d + from;
            scores(keys, from, query, at, seen, lane.scores);
            float sum = softmax(lane.scores, seen);
            mix(values, from, lane.scores, seen, lane.sum);
            for (int i = 0; i < d; i++) query[at + i] = lane.sum[from + i] / sum;
        }
    }

    /** scores[t] = q . k[t] / sqrt(d). */
    private void scores(float[][] k, int from, float[] q, int at, int seen, float[] scores) {
        Arrays.fill(scores, 0, seen, 0);
        int i = 0;
        for (; i + 4 <= d; i += 4) {
            int f = from + i;
            add(scores, 0, seen, k[f], k[f + 1], k[f + 2], k[f + 3], scale * q[at + i], scale * q[at + i + 1],
                    scale * q[at + i + 2], scale * q[at + i + 3]);
        }
        for (; i < d; i++) add(scores, 0, seen, k[from + i], scale * q[at + i]);
    }

    /** sum[i] = sum over t of p[t] v[t][i], for the head's features. */
    private void mix(float[][] v, int from, float[] p, int seen, float[] sum) {
        Arrays.fill(sum, from, from + d, 0);
        int t = 0;
        for (; t + 4 <= seen; t += 4) {
            add(sum, from, from + d, v[t], v[t + 1], v[t + 2], v[t + 3], p[t], p[t + 1], p[t + 2], p[t + 3]);
        }
        for (; t < seen; t++) add(sum, from, from + d, v[t], p[t]);
    }

    /**
     * Four at a time, so that the sums are loaded and stored a quarter as often. Eight took 1.6 to 2 times as long, and so did four
     * of each for four rows at once (JDK 25, AVX-512): C2 unrolls a loop less the more there is in it.
     */
    private static void add(float[] sum, int from, int to, float[] a, float[] b, float[] c, float[] d, float wa,
            float wb, float wc, float wd) {
        for (int i = from; i < to; i++) sum[i] += a[i] * wa + b[i] * wb + (c[i] * wc + d[i] * wd);
    }

    private static void add(float[] sum, int from, int to, float[] a, float wa) {
        for (int i = from; i < to; i++) sum[i] += a[i] * wa;
    }

    /** exp(score - largest score) into the scores; returns their sum. */
    private static float softmax(float[] scores, int n) {
        float most = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) most = Math.max(most, scores[i]);
        Elementwise.exp(scores, n, most);
        double a = 0; // two sums, which do not wait for each other
        double b = 0;
        int i = 0;
        for (; i + 1 < n; i += 2) {
            a += scores[i];
            b += scores[i + 1];
        }
        return (float) (i < n ? a + b + scores[i] : a + b);
    }
}
