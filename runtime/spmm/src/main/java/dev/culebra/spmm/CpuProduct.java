package dev.culebra.spmm;

import dev.culebra.sparse.TiledCsl;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One product of up to some 100 tokens. {@link #run} takes rows of tiles until none is left, on as many threads as call it;
 * {@link #await} waits for those that others took. One that runs late finds nothing to do and touches no data.
 */
final class CpuProduct implements Runnable {

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int SIDE = CpuKernel.SIDE;

    private final CpuWeights weights;
    private final CpuKernel kernel;
    private final Activations x;
    private final int tokens;
    private final MemorySegment y;
    private final int tileRows;
    private final AtomicInteger next = new AtomicInteger();
    private final CountDownLatch left;
    private volatile Throwable failure;

    CpuProduct(CpuWeights weights, Activations x, int tokens, MemorySegment y) {
        this.weights = weights;
        this.kernel = weights.kernel();
        this.x = x;
        this.tokens = tokens;
        this.y = y;
        this.tileRows = weights.shape().tileRows();
        this.left = new CountDownLatch(tileRows);
    }

    @Override
    public void run() {
        int i = next.getAndIncrement();
        if (i >= tileRows) {
            return;
        }
        CpuScratch s = weights.borrowScratch();
        for (; i < tileRows; i = next.getAndIncrement()) {
            try {
                if (failure == null) {
                    multiply(weights.tileRow(i), s);
                }
            } catch (Throwable t) {
                failure = t;
                s = weights.borrowScratch(); // that one's tile may be half full
            } finally {
                left.countDown();
            }
        }
        weights.giveBack(s);
    }

    /** Waits for all rows, interrupted or not: the arrays are in use. */
    void await() {
        long until = System.nanoTime() + CpuCrew.SPIN_NANOS; // to sleep and be woken may take as long as the last row
        while (left.getCount() > 0 && System.nanoTime() < until) {
            Thread.onSpinWait();
        }
        boolean interrupted = false;
        while (true) {
            try {
                left.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        switch (failure) {
            case null -> {
            }
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case Throwable t -> throw new IllegalStateException(t);
        }
    }

    private void multiply(int tileRow, CpuScratch s) {
        TiledCsl shape = weights.shape();
        boolean bf16 = switch (weights.valueType()) {
            case F16 -> false;
            case BF16 -> true;
        };
        int size = (tokens + kernel.mostColumns()) * SIDE; // the last group may be wider than what is left
        if (s.sums.length < size) {
            s.sums = new float[size];
        }
        Arrays.fill(s.sums, 0, size, 0);
        long first = (long) tileRow * shape.tileColumns();
        s.stream.start(weights.entries(), weights.entriesAt(first), weights.entriesAt(first + shape.tileColumns()));
        for (int t = 0; t < shape.tileColumns(); t++) {
            long bytes = weights.entriesAt(first + t + 1) - weights.entriesAt(first + t);
            if (bytes == 0) {
                continue;
            }
            s.stream.scatter((int) (bytes / TiledCsl.ENTRY_BYTES), s.tile);
            for (int n = 0; n < tokens;) {
                int width = kernel.columns(tokens - n);
                kernel.multiply(s.tile, bf16, x.values(), x.at(n, width, t), width, s.sums, n * SIDE, s,
                        n + width >= tokens);
                n += width;
            }
        }
        store(tileRow, s);
    }

    private void store(int tileRow, CpuScratch s) {
        int rows = weights.shape().rowsOf(tileRow);
        long at = (long) tileRow * SIDE;
        for (int n = 0; n < tokens; n++) {
            if (x.poisoned(n)) {
                Arrays.fill(s.row, Float.NaN);
            } else {
                kernel.inOrder(s.sums, n * SIDE, s.row);
            }
            MemorySegment.copy(s.row, 0, y, FLOAT, ((long) n * weights.m() + at) * Float.BYTES, rows);
        }
    }
}
