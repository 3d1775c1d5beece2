package dev.culebra.jmh.host;

import dev.culebra.driver.Context;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.Kernel;
import dev.culebra.kernel.KernelCatalog;
import dev.culebra.kernel.KernelInstance;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.ValueType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * PTX text to a kernel that can be launched, and unloaded again: the time covers the load and the first question for
 * the kernel, since a driver may put the work off until then.
 *
 * <p>
 * {@code cold}: each text has another constant in it, so that neither the driver nor its cache on disk has seen it, and
 * the driver compiles. {@code cached}: one text again and again, compiled once before, so that the driver finds its
 * machine code on disk. The cache is a folder of this run's own, taken away at the end: {@code CUDA_CACHE_PATH} is put
 * into the process's environment by {@code setenv} before the driver is opened, which reads it in {@code cuInit}; a
 * fork of JMH has its parent's environment, and Java can not change its own.
 *
 * <p>
 * On the no-op driver both are what we do beside it: the text is read for its kernels and their parameters, and made
 * ready for the compiler.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3)
@Measurement(iterations = 15)
@Fork(value = 1, jvmArgs = {"--enable-native-access=ALL-UNNAMED", "-Xmx1g"})
public class ModuleBenchmark {

    /** cuda, no-op, or emulator. */
    @Param("cuda")
    public String driver;

    /** small, this package's {@code host.ptx}; or product, a file of the catalog. */
    @Param({"small", "product"})
    public String text;

    /** cold or cached. */
    @Param({"cold", "cached"})
    public String cache;

    private Path folder;
    private Context context;
    private String ptx;
    private String next;
    private String kernel;
    private int loads;
    private CudaModule module;
    private Kernel loaded;

    /** Opens the driver with a cache of its own. */
    @Setup(Level.Trial)
    public void open() throws IOException {
        folder = Files.createTempDirectory("culebra-cuda-cache-");
        environment(Map.of("CUDA_CACHE_PATH", folder.toString(), "CUDA_CACHE_DISABLE", "0"));
        context = Drivers.open(driver).cuda().device(0).context();
        KernelInstance product = KernelCatalog.products(Format.TILED_CSL, ValueType.F16).getFirst();
        ptx = text.equals("small") ? HostWork.ptx() : KernelCatalog.ptx(product);
        kernel = text.equals("small") ? "increment" : product.name();
        next = textOf(0);
        load();
        unload();
    }

    /** The text with a constant that tells it from others. */
    private String textOf(int number) {
        return ptx + "\n.visible .const .align 4 .u32 culebra_text_number = " + number + ";\n";
    }

    /** Another text, unless the same is wanted. */
    @Setup(Level.Invocation)
    public void choose() { if (cache.equals("cold")) next = textOf(++loads); }

    /** Text to kernel. */
    @Benchmark
    public void load() {
        module = context.load(next);
        loaded = module.kernel(kernel);
    }

    /** Not timed. */
    @TearDown(Level.Invocation)
    public void unload() {
        if (!loaded.name().equals(kernel))
            throw new IllegalStateException("loaded " + loaded + " instead of " + kernel);
        module.close();
    }

    /** Looks whether the driver's cache took part, and takes it away. */
    @TearDown(Level.Trial)
    public void close() throws IOException {
        context.close();
        List<Path> kept;
        try (Stream<Path> walk = Files.walk(folder)) {
            kept = walk.sorted((a, b) -> b.compareTo(a)).toList(); // what is inside comes before its folder
        }
        for (Path path : kept) Files.delete(path);
        if (driver.equals(Drivers.CUDA) && cache.equals("cached") && kept.size() == 1) {
            throw new IllegalStateException(
                    "the driver kept nothing in CUDA_CACHE_PATH, so that nothing was loaded from its cache");
        }
    }

    @SuppressWarnings("restricted") // setenv of the C library
    private static void environment(Map<String, String> variables) {
        Linker linker = Linker.nativeLinker();
        var setenv = linker.defaultLookup().find("setenv").map(at -> linker.downcallHandle(at,
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS,
                        ValueLayout.JAVA_INT)));
        if (setenv.isEmpty()) return; // Windows: the cache is the user's then, and it grows
        try (Arena arena = Arena.ofConfined()) {
            for (Map.Entry<String, String> variable : variables.entrySet()) {
                int code = (int) setenv.get().invokeExact(arena.allocateFrom(variable.getKey()),
                        arena.allocateFrom(variable.getValue()), 1);
                if (code != 0) throw new IllegalStateException("setenv " + variable.getKey() + " failed");
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("setenv takes two strings and a number", e);
        }
    }
}
