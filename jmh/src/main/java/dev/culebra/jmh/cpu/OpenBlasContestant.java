package dev.culebra.jmh.cpu;

import dev.culebra.jmh.peer.OpenBlas;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * OpenBLAS's product of a layer as dense fp32, at its best: every way to lay down weights, activations and results is tried, sgemv for
 * few tokens too, and the fastest is taken.
 */
final class OpenBlasContestant implements Contestant, AutoCloseable {

    /** From some 4 tokens on a loop of sgemv reads the weights too often to win. */
    private static final int MOST_GEMV = 4;
    private static final int TRIAL_CALLS = 5;
    private static final long TRIAL_NANOS = 15_000_000;

    private final OpenBlas blas;
    private final Reference reference;
    private final int m;
    private final int k;
    private final Arena arena = Arena.ofShared();
    private final List<MemorySegment> rowMajor = new ArrayList<>(); // [M, K]
    private final List<MemorySegment> transposed = new ArrayList<>(); // [K, M]
    private boolean warm;
    private int n;
    private MemorySegment x; // [N, K]
    private MemorySegment xTransposed; // [K, N]
    private MemorySegment y;
    private Way way;

    /** A call, which weights it takes, and where an element of its result is. */
    private record Way(String name, boolean weightsTransposed, boolean resultTransposed, Call call) {}

    private interface Call {
        void run(MemorySegment weights);
    }

    /** Widens dense fp16 weights [M, K], and keeps none of them. */
    OpenBlasContestant(OpenBlas blas, short[] dense, int m, int k, long coldBytes, Reference reference) {
        this.blas = blas;
        this.reference = reference;
        this.m = m;
        this.k = k;
        do {
            MemorySegment rows = fp32((long) m * k);
            MemorySegment columns = fp32((long) m * k);
            if (rowMajor.isEmpty()) {
                for (int i = 0; i < m; i++) {
                    for (int j = 0; j < k; j++) {
                        float w = Float.float16ToFloat(dense[i * k + j]);
                        rows.setAtIndex(ValueLayout.JAVA_FLOAT, (long) i * k + j, w);
                        columns.setAtIndex(ValueLayout.JAVA_FLOAT, (long) j * m + i, w);
                    }
                }
            } else {
                rows.copyFrom(rowMajor.getFirst());
                columns.copyFrom(transposed.getFirst());
            }
            rowMajor.add(rows);
            transposed.add(columns);
        } while (rowMajor.size() * bytes() < coldBytes);
    }

    private MemorySegment fp32(long count) { return arena.allocate(count * Float.BYTES, 64); }

    long bytes() { return (long) m * k * Float.BYTES; }

    List<MemorySegment> memory() { return rowMajor; }

    String kernel() { return way.name + ", " + blas.core(); }

    int threads() { return blas.threads(); }

    /** Takes activations [N, K], whether one copy is used all the time, and chooses the way that is fastest for them. */
    void begin(float[] activations, int tokens, boolean oneCopy) {
        n = tokens;
        warm = oneCopy;
        x = fp32((long) n * k);
        xTransposed = fp32((long) n * k);
        for (int t = 0; t < n; t++) {
            for (int j = 0; j < k; j++) {
                x.setAtIndex(ValueLayout.JAVA_FLOAT, (long) t * k + j, activations[t * k + j]);
                xTransposed.setAtIndex(ValueLayout.JAVA_FLOAT, (long) j * n + t, activations[t * k + j]);
            }
        }
        y = fp32((long) n * m);
        double best = Double.POSITIVE_INFINITY;
        Way fastest = null;
        for (Way candidate : ways()) {
            way = candidate;
            double us = trial();
            if (us < best) {
                best = us;
                fastest = candidate;
            }
        }
        way = fastest;
    }

    private List<Way> ways() {
        List<Way> ways = new ArrayList<>();
        ways.add(new Way("sgemm X Wt", false, false, w -> blas.sgemm(false, true, n, m, k, x, w, y)));
        ways.add(new Way("sgemm X W, W as [K, M]", true, false, w -> blas.sgemm(false, false, n, m, k, x, w, y)));
        ways.add(new Way("sgemm W X, X as [K, N]", false, true,
                w -> blas.sgemm(false, false, m, n, k, w, xTransposed, y)));
        ways.add(new Way("sgemm W Xt", false, true, w -> blas.sgemm(false, true, m, n, k, w, x, y)));
        ways.add(new Way("sgemm Wt X, W as [K, M], X as [K, N]", true, true,
                w -> blas.sgemm(true, false, m, n, k, w, xTransposed, y)));
        if (n <= MOST_GEMV) {
            String times = n == 1 ? "sgemv" : n + " x sgemv";
            ways.add(new Way(times, false, false, w -> gemv(false, w)));
            ways.add(new Way(times + ", W as [K, M]", true, false, w -> gemv(true, w)));
        }
        return ways;
    }

    private void gemv(boolean weightsTransposed, MemorySegment w) {
        for (long t = 0; t < n; t++) {
            blas.sgemv(weightsTransposed, m, k, w, x.asSlice(t * k * Float.BYTES), y.asSlice(t * m * Float.BYTES));
        }
    }

    /** The median of a few calls, after two that do not count. */
    private double trial() {
        run(0);
        run(1);
        double[] times = new double[256];
        int count = 0;
        long end = System.nanoTime() + TRIAL_NANOS;
        while (count < times.length && (count < TRIAL_CALLS || System.nanoTime() < end)) {
            long from = System.nanoTime();
            run(count + 2);
            times[count++] = (System.nanoTime() - from) / 1e3;
        }
        Arrays.sort(times, 0, count);
        return times[count / 2];
    }

    @Override
    public void run(int turn) {
        List<MemorySegment> weights = way.weightsTransposed ? transposed : rowMajor;
        way.call.run(weights.get(warm ? 0 : turn % weights.size()));
    }

    @Override
    public void forget() {
        for (long i = 0; i < (long) n * m; i++) {
            y.setAtIndex(ValueLayout.JAVA_FLOAT, i, Float.NaN);
        }
    }

    @Override
    public void check() {
        reference.check("OpenBLAS's " + way.name,
                (token, row) -> y.getAtIndex(ValueLayout.JAVA_FLOAT,
                        way.resultTransposed ? (long) row * n + token : (long) token * m + row));
    }

    @Override
    public long pauseMillis() { return OpenBlas.SPIN_MILLIS; }

    @Override
    public void close() { arena.close(); }
}
