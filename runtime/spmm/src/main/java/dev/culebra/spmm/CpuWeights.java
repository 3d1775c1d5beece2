package dev.culebra.spmm;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;

/** A matrix on the CPU: its tiles as they are, and the order in which rows of them are handed to threads. */
final class CpuWeights implements SpmmWeights {

    /** Tokens that share one pass over the tiles: 32 KB of sums and 32 KB of what a tile meets stay in the second cache. */
    private static final int MOST_TOKENS = 128;
    /** So that the activations of 8 tokens are at most 2^30 floats, in one array. */
    private static final int MOST_COLUMNS = 1 << 27;
    /** Cycles of work that are worth waking one more thread: some 10 microseconds. */
    private static final long WORTH_A_THREAD = 40_000;

    private final CpuSpmm owner;
    private final SparseMatrix matrix; // keeps the sections' memory
    private final CpuKernel kernel;
    private final Tiles tiles;
    private final int[] order;
    private final AtomicBoolean closed = new AtomicBoolean();

    CpuWeights(CpuSpmm owner, SparseMatrix matrix) {
        if (matrix.k() > MOST_COLUMNS) {
            throw new IllegalArgumentException("K is " + matrix.k() + "; the cpu takes up to " + MOST_COLUMNS);
        }
        this.owner = owner;
        this.matrix = matrix;
        this.tiles = Tiles.of(matrix);
        this.order = tiles.longestFirst();
        this.kernel = matrix.valueType() == ValueType.F16 && tiles.nonFiniteF16()
                ? PlainKernel.INSTANCE
                : owner.kernel();
    }

    @Override
    public int m() { return matrix.m(); }

    @Override
    public int k() { return matrix.k(); }

    @Override
    public ValueType valueType() { return matrix.valueType(); }

    @Override
    public long encodedBytes() { return matrix.encodedBytes(); }

    @Override
    public String kernel(int n) {
        Arguments.checkTokens(n);
        return "cpu_" + matrix.format().id().replace('-', '_') + "_" + valueType().id() + "_" + kernel.suffix() + "_n"
                + kernel.columns(n);
    }

    @Override
    public void multiply(MemorySegment x, DenseType xType, int n, MemorySegment y, Epilogue<MemorySegment> epilogue) {
        Arguments.check(this, x, xType, n, y, epilogue);
        if (closed.get()) {
            throw new IllegalStateException("these weights are closed");
        }
        owner.checkOpen();
        // an array of activations holds 2^31 floats; at least one group
        int most = Math.clamp((1 << 30) / Activations.paddedK(k()) / 8 * 8, 8, MOST_TOKENS);
        // other threads can not reach a segment that is confined to the caller's: an array stands in for it
        boolean helped = moreThreads(Math.min(n, most)) > 0;
        boolean confined = helped && isConfined(y);
        boolean copied = helped && isConfined(epilogue.residual());
        if (confined || copied) {
            most = Math.max(1, Math.min(most, Arguments.MOST_ELEMENTS / Float.BYTES / m()));
        }
        Epilogue<MemorySegment> shared = helped && isConfined(epilogue.bias())
                ? epilogue.withBias(copy(epilogue.bias()))
                : epilogue;
        Activations in = owner.activations().borrow();
        for (long first = 0; first < n; first += most) { // a long: the last step may pass 2^31
            int count = (int) Math.min(most, n - first);
            in.fill(kernel, x, xType, k(), (int) first, count);
            long at = first * m();
            long from = at * epilogue.output().bytes();
            long bytes = (long) count * m() * epilogue.output().bytes();
            MemorySegment out = confined ? copy(y.asSlice(from, bytes)) : y; // with what it holds: it may be added to
            Epilogue<MemorySegment> part = copied
                    ? shared.withResidual(copy(epilogue.residual().asSlice(from, bytes)))
                    : shared;
            owner.run(new CpuProduct(this, in, count, part, out, confined ? 0 : at, copied ? 0 : at),
                    moreThreads(count));
            if (confined) {
                MemorySegment.copy(out, 0, y, from, bytes);
            }
        }
        owner.activations().giveBack(in);
    }

    private static boolean isConfined(MemorySegment segment) {
        return segment != null && !segment.isAccessibleBy(ANOTHER_THREAD);
    }

    private static MemorySegment copy(MemorySegment segment) {
        return MemorySegment.ofArray(segment.toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            owner.released();
        }
    }

    @Override
    public String toString() { return matrix + " on " + owner.device(); }

    /** Never started: it only asks whether a segment is confined to one thread. */
    private static final Thread ANOTHER_THREAD = new Thread(() -> {});

    CpuKernel kernel() { return kernel; }

    Tiles tiles() { return tiles; }

    /** The i-th row of tiles to work on. */
    int tileRow(int i) { return order[i]; }

    Pool<CpuScratch> scratches() { return owner.scratches(); }

    private int moreThreads(int tokens) {
        return (int) Math.min(Math.min(tiles.rows(), owner.threads()) - 1,
                tiles.cycles(tokens) / WORTH_A_THREAD);
    }
}
