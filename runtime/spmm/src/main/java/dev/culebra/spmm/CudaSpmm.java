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
import dev.culebra.sparse.FormatChoice;
import dev.culebra.sparse.SparseMatrix;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;

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
    private int open; // matrices loaded, or being loaded; guarded by this
    private int lent; // lanes that calls have; guarded by this
    private volatile boolean closed; // written under this

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
        synchronized (this) {
            checkOpen();
            open++; // before the upload: closing must not come in between
        }
        try {
            return new CudaWeights(this, a);
        } catch (Throwable t) {
            released();
            throw t;
        }
    }

    /** As {@link MeasuredFormats} has it for a token of this device's. */
    @Override
    public FormatChoice fastestFormat() { return fastestFormat(1); }

    /** As {@link MeasuredFormats} has it for this device. */
    @Override
    public FormatChoice fastestFormat(int n) { return MeasuredFormats.of(context.device().name(), n); }

    @Override
    public long freeBytes() {
        checkOpen();
        return context.memoryInfo().free();
    }

    /**
     * Waits for calls of other threads that are under way, whose weights may have been closed already. After a device has
     * failed, closing what was on it does too: all of it is let go, and the first failure thrown.
     *
     * @throws IllegalStateException if weights loaded here are still open: nothing is freed then; or where something else
     *         of the context is, such as a {@link CudaProduct}: it may be closed, and this once more
     */
    @Override
    public void close() {
        synchronized (this) {
            if (open > 0) {
                throw new IllegalStateException(open + " matrices are still loaded on " + this + "; close them first");
            }
            closed = true;
            awaitCalls();
        }
        // each step may be taken twice: the last one is refused while something of the context is open
        Closing closing = new Closing();
        for (CudaLane lane; (lane = lanes.poll()) != null;) {
            closing.close(lane);
        }
        synchronized (modules) {
            modules.values().forEach(closing::close);
            modules.clear();
        }
        if (ownsContext) {
            closing.close(context);
        }
        closing.rethrow();
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

    private void awaitCalls() {
        boolean interrupted = false;
        while (lent > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true; // the device works on: its memory can not be freed yet
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** What a call from the host needs; to be given back, or discarded. */
    CudaLane borrowLane() {
        synchronized (this) {
            checkOpen();
            lent++;
        }
        CudaLane lane = lanes.poll();
        try {
            return lane == null ? new CudaLane(context) : lane;
        } catch (Throwable t) {
            returned();
            throw t;
        }
    }

    void giveBack(CudaLane lane) {
        lanes.add(lane);
        returned();
    }

    /** Closes one that failed, whose stream may not work any more. */
    void discard(CudaLane lane) {
        try {
            lane.close();
        } finally {
            returned();
        }
    }

    private synchronized void returned() {
        lent--;
        notifyAll();
    }

    void checkOpen() {
        if (closed) {
            throw new IllegalStateException("this Spmm is closed");
        }
    }

    synchronized void released() { open--; }
}
