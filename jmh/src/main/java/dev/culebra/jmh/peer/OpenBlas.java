package dev.culebra.jmh.peer;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Dense fp32 products of OpenBLAS, by its C interface: the library that most programs multiply with on a CPU. Loaded once and
 * for good. Its own threads work on one product at a time, so one thread of ours calls it at a time.
 *
 * <p>
 * After a product those threads look for the next one for some 25 ms, on our cores: who measures something else next waits first.
 */
@SuppressWarnings("restricted") // a native library
public final class OpenBlas {

    /** Names the library's file, and nothing else is tried then. */
    public static final String PROPERTY = "culebra.openblas";

    /** How long its threads stay awake for the next product (2^26 ticks of the time-stamp counter), with room to spare. */
    public static final long SPIN_MILLIS = 60;

    private static final List<String> SONAMES = List.of("libopenblas.so.0", "libopenblas.so", "libopenblasp.so.0",
            "libopenblas.0.dylib", "libopenblas.dll");
    private static final List<String> FOLDERS = List.of("/usr/lib/x86_64-linux-gnu/openblas-pthread",
            "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu/openblas-pthread", "/usr/lib/aarch64-linux-gnu",
            "/usr/lib64", "/usr/lib", "/usr/local/lib", "/opt/OpenBLAS/lib", "/opt/homebrew/opt/openblas/lib");
    /** What builds put around their names: none, 64-bit integers, and SciPy's own of both. */
    private static final List<Naming> NAMINGS = List.of(new Naming("", ""), new Naming("", "64_"),
            new Naming("scipy_", ""), new Naming("scipy_", "64_"));
    private static final int ROW_MAJOR = 101;
    private static final int AS_IT_LIES = 111;
    private static final int TRANSPOSED = 112;

    /** Where no library was found, or none that fits. Its message is for people. */
    public static final class MissingException extends Exception {

        private static final long serialVersionUID = 1;

        MissingException(String message) { super(message); }
    }

    private record Naming(String prefix, String suffix) {}

    private final String file;
    private final boolean wide;
    private final MethodHandle sgemm;
    private final MethodHandle sgemv;
    private final MethodHandle setThreads;
    private final MethodHandle getThreads;
    private final String config;
    private final String core;

    private OpenBlas(String file, SymbolLookup symbols, Naming naming) {
        this.file = file;
        Linker linker = Linker.nativeLinker();
        MemoryLayout text = ValueLayout.ADDRESS
                .withTargetLayout(MemoryLayout.sequenceLayout(1024, ValueLayout.JAVA_BYTE));
        this.config = text(linker.downcallHandle(symbol(symbols, naming, "openblas_get_config"), // says how it was built
                FunctionDescriptor.of(text)));
        this.core = text(linker.downcallHandle(symbol(symbols, naming, "openblas_get_corename"),
                FunctionDescriptor.of(text)));
        this.wide = !naming.suffix.isEmpty() || config.contains("USE64BITINT");
        MemoryLayout size = wide ? ValueLayout.JAVA_LONG : ValueLayout.JAVA_INT;
        MemoryLayout order = ValueLayout.JAVA_INT;
        MemoryLayout real = ValueLayout.JAVA_FLOAT;
        MemoryLayout array = ValueLayout.ADDRESS;
        // (order, trans a, trans b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
        this.sgemm = sizes(
                linker.downcallHandle(symbol(symbols, naming, "cblas_sgemm"), FunctionDescriptor.ofVoid(order,
                        order, order, size, size, size, real, array, size, array, size, real, array, size)),
                3, 4, 5, 8, 10, 13);
        // (order, trans, m, n, alpha, a, lda, x, incx, beta, y, incy)
        this.sgemv = sizes(
                linker.downcallHandle(symbol(symbols, naming, "cblas_sgemv"), FunctionDescriptor.ofVoid(order,
                        order, size, size, real, array, size, array, size, real, array, size)),
                2, 3, 6, 8, 11);
        this.setThreads = linker.downcallHandle(symbol(symbols, naming, "openblas_set_num_threads"),
                FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
        this.getThreads = linker.downcallHandle(symbol(symbols, naming, "openblas_get_num_threads"),
                FunctionDescriptor.of(ValueLayout.JAVA_INT));
    }

    private static MemorySegment symbol(SymbolLookup symbols, Naming naming, String name) {
        String full = naming.prefix + name + naming.suffix;
        return symbols.find(full).orElseThrow(() -> new IllegalArgumentException("it lacks " + full));
    }

    /** Takes ints where the library takes 64-bit integers. */
    private MethodHandle sizes(MethodHandle function, int... places) {
        if (!wide) return function;
        var type = function.type();
        for (int place : places) {
            type = type.changeParameterType(place, int.class);
        }
        return function.asType(type); // widens
    }

    private static String text(MethodHandle function) {
        try {
            return ((MemorySegment) function.invokeExact()).getString(0).strip();
        } catch (Throwable t) {
            throw new AssertionError("takes nothing and gives a text", t);
        }
    }

    /**
     * Finds the library: that of the property {@value #PROPERTY}, else by the names it has, where the system looks for
     * libraries and in the usual folders.
     *
     * <p>
     * It chooses kernels for the processor by itself, whatever the environment's OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE ask for:
     * one that was set for other programs would hold it back, and flatter who is compared with it. {@link #core()} tells.
     *
     * @return the library
     * @throws MissingException if there is none, or the file named is none; one sentence with what was tried and what to do
     */
    public static OpenBlas load() throws MissingException { return load(System.getProperty(PROPERTY)); }

    /**
     * As {@link #load()}, with a file in place of the property.
     *
     * @param path the library's file; null or empty to search
     * @return the library
     * @throws MissingException if there is none, or the file named is none
     */
    public static OpenBlas load(String path) throws MissingException {
        forget("OPENBLAS_CORETYPE");
        forget("OPENBLAS_L2_SIZE");
        if (path != null && !path.isEmpty()) {
            if (!Files.isRegularFile(Path.of(path))) {
                throw new MissingException("-D" + PROPERTY + "=" + path
                        + " is no file; give the path of libopenblas.so.0, or leave the property out to search");
            }
            try {
                return open(path);
            } catch (IllegalArgumentException e) {
                throw new MissingException("-D" + PROPERTY + "=" + path + " is no OpenBLAS that can be loaded here ("
                        + e.getMessage() + "); give the path of libopenblas.so.0, or leave the property out to search");
            }
        }
        for (String name : SONAMES) {
            try {
                return open(name);
            } catch (IllegalArgumentException e) {
                // the next one
            }
        }
        for (String folder : FOLDERS) {
            for (String name : SONAMES) {
                Path file = Path.of(folder, name);
                try {
                    if (Files.isRegularFile(file)) return open(file.toString());
                } catch (IllegalArgumentException e) {
                    // the next one
                }
            }
        }
        throw new MissingException(SONAMES.getFirst() + " was not found where the system looks for libraries, nor in "
                + String.join(", ", FOLDERS)
                + "; install it (Debian, Ubuntu: apt install libopenblas0) or name its file by -D"
                + PROPERTY + "=PATH");
    }

    private static OpenBlas open(String name) {
        // a path is not looked for elsewhere
        SymbolLookup symbols = name.contains("/")
                ? SymbolLookup.libraryLookup(Path.of(name).toAbsolutePath(), Arena.global())
                : SymbolLookup.libraryLookup(name, Arena.global());
        Naming naming = NAMINGS.stream().filter(n -> symbols.find(n.prefix + "cblas_sgemm" + n.suffix).isPresent())
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("it has no cblas_sgemm under any of its names"));
        return new OpenBlas(name, symbols, naming);
    }

    /** The library reads its environment once, when it is loaded; {@code unsetenv} is how a program can still change it. */
    private static void forget(String variable) {
        Linker linker = Linker.nativeLinker();
        linker.defaultLookup().find("unsetenv").ifPresent(unsetenv -> {
            try (Arena arena = Arena.ofConfined()) {
                int failed = (int) linker.downcallHandle(unsetenv,
                        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS))
                        .invokeExact(arena.allocateFrom(variable));
                assert failed == 0 : "only a malformed name is refused";
            } catch (Throwable t) {
                throw new AssertionError("unsetenv takes a text", t);
            }
        });
    }

    /**
     * What was loaded.
     *
     * @return the file, or its name where the system found it
     */
    public String file() { return file; }

    /**
     * The library's own words on its version and how it was built.
     *
     * @return such as "OpenBLAS 0.3.21 DYNAMIC_ARCH NO_AFFINITY SkylakeX MAX_THREADS=64"
     */
    public String config() { return config; }

    /**
     * The processor whose kernels run.
     *
     * @return such as "SkylakeX"
     */
    public String core() { return core; }

    /**
     * How many threads work on a product.
     *
     * @return threads, the caller's among them
     */
    public int threads() {
        try {
            return (int) getThreads.invokeExact();
        } catch (Throwable t) {
            throw new AssertionError("takes nothing and gives a number", t);
        }
    }

    /**
     * Sets how many threads work on a product. The library takes no more than it was built for.
     *
     * @param count 1 or more, the caller's among them
     * @throws IllegalArgumentException if it is under 1
     */
    public void setThreads(int count) {
        if (count < 1) throw new IllegalArgumentException("threads is " + count + "; give 1 or more");
        try {
            setThreads.invokeExact(count);
        } catch (Throwable t) {
            throw new AssertionError("takes a number", t);
        }
    }

    /**
     * C = A B, each row-major or, where it is said to be transposed, stored as its transpose.
     *
     * @param aTransposed whether A lies as [K, M]
     * @param bTransposed whether B lies as [N, K]
     * @param m rows of A and C
     * @param n columns of B and C
     * @param k columns of A, rows of B
     * @param a fp32 [M, K], native
     * @param b fp32 [K, N], native
     * @param c fp32 [M, N] row-major, native; overwritten
     * @throws IllegalArgumentException if a segment is too small or not native
     */
    public void sgemm(boolean aTransposed, boolean bTransposed, int m, int n, int k, MemorySegment a, MemorySegment b,
            MemorySegment c) {
        check("A", a, m, k);
        check("B", b, k, n);
        check("C", c, m, n);
        try {
            sgemm.invokeExact(ROW_MAJOR, aTransposed ? TRANSPOSED : AS_IT_LIES, bTransposed ? TRANSPOSED : AS_IT_LIES,
                    m, n, k, 1f, a, aTransposed ? m : k, b, bTransposed ? k : n, 0f, c, n);
        } catch (Throwable t) {
            throw new AssertionError("sgemm refused its arguments", t);
        }
    }

    /**
     * y = A x.
     *
     * @param aTransposed whether A lies as [K, M]
     * @param m rows of A
     * @param k columns of A
     * @param a fp32 [M, K], row-major or transposed, native
     * @param x fp32 [K], native
     * @param y fp32 [M], native; overwritten
     * @throws IllegalArgumentException if a segment is too small or not native
     */
    public void sgemv(boolean aTransposed, int m, int k, MemorySegment a, MemorySegment x, MemorySegment y) {
        check("A", a, m, k);
        check("x", x, k, 1);
        check("y", y, m, 1);
        try {
            // its m and n are those of A as it lies
            sgemv.invokeExact(ROW_MAJOR, aTransposed ? TRANSPOSED : AS_IT_LIES, aTransposed ? k : m,
                    aTransposed ? m : k, 1f, a, aTransposed ? m : k, x, 1, 0f, y, 1);
        } catch (Throwable t) {
            throw new AssertionError("sgemv refused its arguments", t);
        }
    }

    /** C writes where it is told: sizes are held against the segments here. */
    private static void check(String what, MemorySegment segment, int rows, int columns) {
        if (rows < 1 || columns < 1) {
            throw new IllegalArgumentException(what + " is " + rows + " x " + columns + "; give 1 or more of each");
        }
        long need = (long) rows * columns * Float.BYTES;
        if (!segment.isNative() || segment.byteSize() < need) {
            throw new IllegalArgumentException(
                    what + " is " + segment.byteSize() + (segment.isNative() ? " native" : " heap")
                            + " bytes; give " + need + " native ones or more for " + rows + " x " + columns);
        }
    }
}
