package dev.culebra.spmm;

import dev.culebra.sparse.FormatChoice;
import dev.culebra.sparse.SparseMatrix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Multiplies on the processor's cores. It reads the very bytes that a GPU would, in the same manner: a tile's nonzeros are
 * scattered into a dense tile in the first-level cache, or the dense tile is read as it lies, and is multiplied by all tokens
 * at once.
 *
 * <p>
 * Vectorised through {@code jdk.incubator.vector} where the JVM was started with {@code --add-modules jdk.incubator.vector}
 * and the processor has AVX2 or is an Arm, else by plain loops that the JIT compiler vectorises, at a lower speed. The first
 * calls wait for that compiler: 0.1 to 1 s in all.
 *
 * <p>
 * Thread-safe. A call works on the caller's thread too, and small products use that one alone. The other threads are daemons,
 * and stay awake for 50 microseconds when there is nothing left to do.
 */
public final class CpuSpmm implements Spmm {

    /**
     * From here on Tiled-CSL is faster: measured for 1 to 8 tokens on matrices that come from memory, as a model's do, it is at
     * 85 to 93%, with vectors and without; see NOTES.md. In the cache dense tiles are faster still beyond it.
     */
    private static final double SPARSE_FROM = .92;

    private final int threads;
    private final CpuKernel kernel;
    private final CpuCrew crew;
    // what calls keep for the next one: each has at most one of the first, and one of the second a thread
    private final Pool<Activations> activations;
    private final Pool<CpuScratch> scratches;
    private int open; // matrices loaded, or being loaded; guarded by this
    private volatile boolean closed; // written under this

    private CpuSpmm(int threads, CpuKernel kernel) {
        this.threads = threads;
        this.kernel = kernel;
        this.crew = new CpuCrew(threads - 1);
        this.activations = new Pool<>(2 * threads, Activations::new);
        this.scratches = new Pool<>(2 * threads, CpuScratch::new);
    }

    /**
     * Opens the processor with a thread for each core, vectorised where the JVM offers it.
     *
     * @return the device; the caller closes it
     */
    public static CpuSpmm open() { return open(Runtime.getRuntime().availableProcessors()); }

    /**
     * Opens the processor with some threads, vectorised where the JVM offers it.
     *
     * @param threads how many work on one product, the caller's among them; 1 or more
     * @return the device; the caller closes it
     * @throws IllegalArgumentException if threads is under 1
     */
    public static CpuSpmm open(int threads) { return open(threads, true); }

    /**
     * Opens the processor.
     *
     * @param threads how many work on one product, the caller's among them; 1 or more
     * @param vectors false to leave {@code jdk.incubator.vector} alone even where the JVM offers it
     * @return the device; the caller closes it
     * @throws IllegalArgumentException if threads is under 1
     */
    public static CpuSpmm open(int threads, boolean vectors) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads is " + threads + "; give 1 or more");
        }
        return new CpuSpmm(threads, CpuKernel.of(vectors));
    }

    /**
     * Whether vectorised code runs.
     *
     * @return true with {@code jdk.incubator.vector}
     */
    public boolean vectors() { return kernel != PlainKernel.INSTANCE; }

    /**
     * How many threads work on one product.
     *
     * @return threads, the caller's among them
     */
    public int threads() { return threads; }

    @Override
    public String device() { return "cpu"; }

    @Override
    public String description() {
        return processor() + ", " + threads + (threads == 1 ? " thread, " : " threads, ") + kernel.description();
    }

    @Override
    public SpmmWeights load(SparseMatrix a) {
        Objects.requireNonNull(a, "a");
        synchronized (this) {
            checkOpen();
            open++; // before the work: closing must not come in between
        }
        try {
            return new CpuWeights(this, a);
        } catch (Throwable t) {
            released();
            throw t;
        }
    }

    /**
     * Dense tiles up to about 92% of zeros: they need no scattering, which costs a cycle a nonzero. They take more memory from
     * 50% on.
     */
    @Override
    public FormatChoice fastestFormat() { return FormatChoice.sparseFrom(SPARSE_FROM); }

    @Override
    public long freeBytes() {
        checkOpen();
        return HostMemory.free();
    }

    /** Calls of other threads that are under way, whose weights may have been closed already, come to their end. */
    @Override
    public void close() {
        synchronized (this) {
            if (open > 0) {
                throw new IllegalStateException(open + " matrices are still loaded on the cpu; close them first");
            }
            closed = true;
        }
        crew.close();
    }

    CpuKernel kernel() { return kernel; }

    Pool<Activations> activations() { return activations; }

    Pool<CpuScratch> scratches() { return scratches; }

    /** Runs a product's work on the caller's thread and up to some more. Returns when all of it is done. */
    void run(CpuProduct work, int moreThreads) {
        if (moreThreads > 0) {
            crew.help(work, moreThreads);
        }
        work.run();
        work.await();
    }

    void checkOpen() {
        if (closed) {
            throw new IllegalStateException("this Spmm is closed");
        }
    }

    synchronized void released() { open--; }

    private static String processor() {
        Path info = Path.of("/proc/cpuinfo");
        try (Stream<String> lines = Files.lines(info)) {
            return lines.filter(l -> l.startsWith("model name")).map(l -> l.substring(l.indexOf(':') + 1).strip())
                    .findFirst().orElseGet(() -> System.getProperty("os.arch"));
        } catch (IOException | RuntimeException e) { // no Linux, or not readable: only a description
            return System.getProperty("os.arch");
        }
    }
}
