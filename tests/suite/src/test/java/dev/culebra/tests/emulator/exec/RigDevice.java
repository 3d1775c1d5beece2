package dev.culebra.tests.emulator.exec;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import dev.culebra.driver.Kernel;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.emulator.exec.Dim;
import dev.culebra.emulator.memory.Allocation;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What stands in for the interpreter with {@code -Dculebra.tests.provider=cuda}: the rig's memory is copied to a real device before a
 * launch and back after it. A launch that fails ends the process's context, so tests that want a fault are skipped.
 */
final class RigDevice {

    private static final String PROVIDER = System.getProperty("culebra.tests.provider", "emulator");

    /** For the life of the process, as modules and buffers are. */
    private static Context context;

    private final CudaModule module;
    private final List<DeviceBuffer> buffers = new ArrayList<>();
    private final List<Allocation> mirrors = new ArrayList<>();

    /**
     * Without what says where its lines come from, since files of the corpus have no debug sections, which the driver would miss;
     * and with a name of its own for what snippets call %tid, which is no register to the driver.
     */
    RigDevice(String ptx) {
        module = context().load(ptx.replaceAll("%tid(?![.\\w])", "%thread")
                .replaceAll("(?m)^\\s*\\.(loc|file)\\s.*$", "").replaceAll("(?m)^(\\.target .*), debug", "$1"));
    }

    static boolean wanted() { return !PROVIDER.equals("emulator"); }

    private static synchronized Context context() {
        context = context == null ? Cuda.open(PROVIDER).device(0).context() : context;
        return context;
    }

    /** Room on the device, for memory whose contents a rig holds; the address is where it will be found. */
    long allocate(long bytes) {
        buffers.add(context().allocate(Math.max(1, bytes)));
        return buffers.getLast().address();
    }

    /** What the last room is for. */
    void mirror(Allocation a) { mirrors.add(a); }

    void launch(String kernel, Dim grid, Dim block, int shared, boolean cooperative, Object[] args) {
        for (int i = 0; i < mirrors.size(); i++) {
            if (mirrors.get(i).size > 0) buffers.get(i).upload(mirrors.get(i).bytes);
        }
        Kernel k = module.kernel(kernel);
        // Compiled Python ends with parameters for scratch space that kernels without any do not read.
        Object[] all = Arrays.copyOf(args, k.parameters().size());
        Arrays.setAll(all, i -> i < args.length ? argument(args[i]) : 0L);
        k.launch(context().defaultStream(), new LaunchConfig(dim(grid), dim(block), shared, null,
                cooperative, false), all);
        context().synchronize();
        for (int i = 0; i < mirrors.size(); i++) {
            if (mirrors.get(i).size > 0) buffers.get(i).download(mirrors.get(i).bytes);
        }
    }

    private static Object argument(Object a) { return a instanceof byte[] struct ? MemorySegment.ofArray(struct) : a; }

    private static Dim3 dim(Dim d) { return Dim3.of(d.x(), d.y(), d.z()); }
}
