package dev.culebra.spmm;

import dev.culebra.driver.ComputeCapability;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.Device;
import dev.culebra.driver.Kernel;
import dev.culebra.kernel.KernelCatalog;
import dev.culebra.kernel.KernelInstance;
import dev.culebra.kernel.Target;
import dev.culebra.sparse.SparseMatrix;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Multiplies on a GPU, or on any other driver behind {@code dev.culebra.driver}: the emulator is one. Thread-safe: each
 * call that comes from the host works on a stream of its own.
 */
public final class CudaSpmm implements Spmm {

    private static final ComputeCapability LEAST = new ComputeCapability(8, 0); // KernelCatalog: sm_80 and later

    private final Context context;
    private final boolean ownsContext;
    private final Target target;
    private final Map<String, CudaModule> modules = new HashMap<>(); // guarded by itself
    private final ConcurrentLinkedQueue<CudaLane> lanes = new ConcurrentLinkedQueue<>();
    private final AtomicInteger open = new AtomicInteger();
    private volatile boolean closed;

    private CudaSpmm(Context context, boolean ownsContext) {
        Device d = context.device();
        if (!serves(d)) {
            throw new IllegalArgumentException("device " + d.ordinal() + " (" + d.name() + ") has compute capability "
                    + d.computeCapability().major() + "." + d.computeCapability().minor() + "; the kernels need 8.0 or"
                    + " later: use the cpu");
        }
        this.context = context;
        this.ownsContext = ownsContext;
        this.target = new Target(d.computeCapability().major(), d.computeCapability().minor(), d.multiprocessors(),
                d.sharedMemoryPerBlockOptIn());
    }

    /**
     * Opens a device on its primary context.
     *
     * @param device a device of any driver
     * @return the device; the caller closes it
     * @throws IllegalArgumentException if no kernel runs on it
     */
    public static CudaSpmm open(Device device) {
        Context context = device.context();
        try {
            return new CudaSpmm(context, true);
        } catch (RuntimeException e) {
            context.close();
            throw e;
        }
    }

    /**
     * Multiplies in a context that the caller has and keeps.
     *
     * @param context the context, which must stay open as long as this is
     * @return the device; the caller closes it, and the context after that
     * @throws IllegalArgumentException if no kernel runs on its device
     */
    public static CudaSpmm in(Context context) { return new CudaSpmm(context, false); }

    /** "cuda", "cuda:1", or another provider's name. */
    static CudaSpmm open(String name) {
        int colon = name.indexOf(':');
        String provider = colon < 0 ? name : name.substring(0, colon);
        int ordinal;
        try {
            ordinal = colon < 0 ? 0 : Integer.parseInt(name.substring(colon + 1));
        } catch (NumberFormatException e) {
            throw unknown(name);
        }
        // an emulator that is not on the class path has a known name: "unavailable" tells more than "unknown"
        if (!provider.equals("emulator") && !Cuda.providers().contains(provider)) {
            throw unknown(name);
        }
        return open(Cuda.open(provider).device(ordinal));
    }

    private static IllegalArgumentException unknown(String name) {
        return new IllegalArgumentException("device '" + name
                + "'; give auto, cpu, or one of the drivers " + String.join(", ", Cuda.providers())
                + ", where :1 behind the name means its second device");
    }

    static boolean serves(Device device) { return device.computeCapability().compareTo(LEAST) >= 0; }

    /**
     * Where it works, for streams and buffers of the caller's own.
     *
     * @return the context, which stays this object's
     */
    public Context context() { return context; }

    @Override
    public String device() { return context.device().cuda().provider(); }

    @Override
    public String description() {
        Device d = context.device();
        return d.name() + ", compute capability " + target.ccMajor() + "." + target.ccMinor() + ", "
                + d.multiprocessors() + " multiprocessors";
    }

    @Override
    public CudaWeights load(SparseMatrix a) {
        Objects.requireNonNull(a, "a");
        checkOpen();
        CudaWeights weights = new CudaWeights(this, a);
        open.incrementAndGet();
        return weights;
    }

    /** Waits for the work of all calls. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (open.get() > 0) {
            throw new IllegalStateException(open + " matrices are still loaded on " + this + "; close them first");
        }
        closed = true;
        for (CudaLane lane; (lane = lanes.poll()) != null;) {
            lane.close();
        }
        synchronized (modules) {
            modules.values().forEach(CudaModule::close);
            modules.clear();
        }
        if (ownsContext) {
            context.close();
        }
    }

    @Override
    public String toString() { return device() + ":" + context.device().ordinal(); }

    Target target() { return target; }

    /** Loads the kernel's module when it is first asked for. */
    Kernel kernel(KernelInstance instance) {
        synchronized (modules) {
            return modules.computeIfAbsent(instance.resource(), r -> context.load(KernelCatalog.ptx(instance)))
                    .kernel(instance.name());
        }
    }

    CudaLane borrowLane() {
        CudaLane lane = lanes.poll();
        return lane == null ? new CudaLane(context) : lane;
    }

    void giveBack(CudaLane lane) {
        lanes.add(lane);
        if (closed && lanes.remove(lane)) { // closed meanwhile: nobody else will
            lane.close();
        }
    }

    void checkOpen() {
        if (closed) {
            throw new IllegalStateException("this Spmm is closed");
        }
    }

    void released() { open.decrementAndGet(); }
}
