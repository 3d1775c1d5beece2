package dev.culebra.spmm;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.TiledCsl;
import dev.culebra.sparse.ValueType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Comparator;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;

/**
 * A matrix on the CPU: the sections as they are, the order in which rows of tiles are handed to threads, and what calls keep
 * for the next one.
 */
final class CpuWeights implements SpmmWeights {

    /** Tokens that share one pass over the entries: 32 KB of sums and 32 KB of what a tile meets stay in the second cache. */
    private static final int MOST_TOKENS = 128;
    /** So that the activations of 8 tokens are at most 2^30 floats, in one array. */
    private static final int MOST_COLUMNS = 1 << 27;
    /** Cycles of work that are worth waking one more thread: some 10 microseconds. */
    private static final long WORTH_A_THREAD = 40_000;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final CpuSpmm owner;
    private final SparseMatrix matrix; // keeps the sections' memory
    private final CpuKernel kernel;
    private final TiledCsl shape;
    private final MemorySegment entries;
    private final int[] quads; // tiles + 1, unsigned
    private final int[] order;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final ConcurrentLinkedQueue<Activations> activations = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<CpuScratch> scratches = new ConcurrentLinkedQueue<>();

    CpuWeights(CpuSpmm owner, SparseMatrix matrix) {
        if (matrix.format() != Format.TILED_CSL) {
            throw new IllegalArgumentException(
                    "format " + matrix.format().id() + "; the cpu takes " + Format.TILED_CSL.id());
        }
        if (matrix.k() > MOST_COLUMNS) {
            throw new IllegalArgumentException("K is " + matrix.k() + "; the cpu takes up to " + MOST_COLUMNS);
        }
        this.owner = owner;
        this.matrix = matrix;
        this.shape = new TiledCsl(matrix.m(), matrix.k());
        this.entries = matrix.section(TiledCsl.ENTRIES).bytes();
        this.quads = matrix.section(TiledCsl.OFFSETS).bytes().toArray(INT);
        this.order = longestFirst();
        this.kernel = matrix.valueType() == ValueType.F16 && hasNonFiniteF16() ? PlainKernel.INSTANCE : owner.kernel();
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
        return "cpu_tiled_csl_" + valueType().id() + "_" + kernel.suffix() + "_n" + kernel.columns(n);
    }

    @Override
    public void multiply(MemorySegment x, DenseType xType, int n, MemorySegment y) {
        Arguments.check(this, x, xType, n, y);
        if (closed.get()) {
            throw new IllegalStateException("these weights are closed");
        }
        owner.checkOpen();
        // an array of activations holds 2^31 floats; at least one group
        int most = Math.clamp((1 << 30) / Activations.paddedK(k()) / 8 * 8, 8, MOST_TOKENS);
        // other threads can not write into a segment that is confined to the caller's: an array stands in for it
        boolean confined = !y.isAccessibleBy(ANOTHER_THREAD);
        if (confined) {
            most = Math.max(1, Math.min(most, Arguments.MOST_ELEMENTS / m()));
        }
        Activations kept = activations.poll();
        Activations in = kept == null ? new Activations(kernel, k()) : kept;
        for (long first = 0; first < n; first += most) { // a long: the last step may pass 2^31
            int count = (int) Math.min(most, n - first);
            in.fill(x, xType, (int) first, count);
            long bytes = (long) count * m() * Float.BYTES;
            MemorySegment out = y.asSlice(first * m() * Float.BYTES, bytes);
            MemorySegment into = confined ? MemorySegment.ofArray(new float[count * m()]) : out;
            CpuProduct work = new CpuProduct(this, in, count, into);
            owner.run(work, moreThreads(count));
            if (confined) {
                out.copyFrom(into);
            }
        }
        activations.add(in);
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

    TiledCsl shape() { return shape; }

    MemorySegment entries() { return entries; }

    /** The i-th row of tiles to work on. */
    int tileRow(int i) { return order[i]; }

    /** Where a tile's entries begin, in bytes. */
    long entriesAt(long tile) {
        return Integer.toUnsignedLong(quads[(int) tile]) * TiledCsl.QUAD_BYTES;
    }

    CpuScratch borrowScratch() {
        CpuScratch s = scratches.poll();
        return s == null ? new CpuScratch(kernel) : s;
    }

    void giveBack(CpuScratch s) { scratches.add(s); }

    /** About a cycle an entry to scatter; a tile costs some 300 and 150 a token. See NOTES.md. */
    private int moreThreads(int tokens) {
        long cycles = entries.byteSize() / TiledCsl.ENTRY_BYTES + shape.tiles() * (300 + 150L * tokens);
        return (int) Math.min(shape.tileRows() - 1, cycles / WORTH_A_THREAD);
    }

    /** Threads take rows of tiles one by one; with the longest first, the last ones to finish are short. */
    private int[] longestFirst() {
        long columns = shape.tileColumns();
        return IntStream.range(0, shape.tileRows()).boxed()
                .sorted(Comparator.comparingLong((Integer r) -> entriesAt(r * columns) - entriesAt((r + 1) * columns)))
                .mapToInt(Integer::intValue).toArray();
    }

    private boolean hasNonFiniteF16() {
        int[] chunk = new int[1 << 12];
        long count = entries.byteSize() / Integer.BYTES;
        for (long from = 0; from < count; from += chunk.length) {
            int part = (int) Math.min(chunk.length, count - from);
            MemorySegment.copy(entries, INT, from * Integer.BYTES, chunk, 0, part);
            Arrays.fill(chunk, part, chunk.length, 0);
            int most = 0;
            for (int v : chunk) {
                most = Math.max(most, v & 0x7c00);
            }
            if (most == 0x7c00) {
                return true;
            }
        }
        return false;
    }
}
