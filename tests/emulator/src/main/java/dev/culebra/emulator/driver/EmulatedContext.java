package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.memory.Range;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A device's primary context: it owns streams, events, modules and memory, which go when its last user releases it. Its
 * handle stays the same through any number of such lives. A kernel's fault is kept until then.
 */
final class EmulatedContext {

    private static final System.Logger LOG = System.getLogger("dev.culebra.emulator");

    final EmulatedDriver driver;
    final EmulatedDevice device;
    final long handle;
    /** Contexts of other devices whose memory kernels here may use. */
    final Set<EmulatedContext> peers = ConcurrentHashMap.newKeySet();
    final Set<EmulatedEvent> events = ConcurrentHashMap.newKeySet();
    final Set<EmulatedModule> modules = ConcurrentHashMap.newKeySet();

    final DeviceHeap heap = new DeviceHeap(this);
    private final Set<EmulatedStream> streams = ConcurrentHashMap.newKeySet();
    private final Map<Thread, EmulatedStream> perThread = new java.util.WeakHashMap<>();
    private EmulatedStream legacy;
    private int users;
    private int flags;
    private volatile Fault fault;

    EmulatedContext(EmulatedDevice device) {
        this.device = device;
        this.driver = device.driver;
        this.handle = driver.handles.add(this);
        this.legacy = new EmulatedStream(this, EmulatedStream.Kind.LEGACY, 0, 0);
    }

    synchronized boolean active() { return users > 0; }

    synchronized int flags() { return flags; }

    synchronized void flags(int value) { flags = value; }

    synchronized void retain() { users++; }

    void release() {
        synchronized (this) {
            if (users == 0) {
                throw new CudaError(CudaApi.CUDA_ERROR_INVALID_CONTEXT(),
                        "the primary context of device " + device.ordinal + " was released more often than retained");
            }
            if (--users > 0) {
                return;
            }
        }
        tearDown();
    }

    /** Ends this life: waits for the work, then takes back everything, and says what the program forgot. */
    private void tearDown() {
        drain();
        List<String> left = new ArrayList<>();
        int own = 0;
        for (EmulatedStream stream : streams) {
            own += stream.ended() || perThread.containsValue(stream) ? 0 : 1;
            stream.end();
        }
        count(left, own, "stream");
        count(left, events.size(), "event");
        count(left, modules.size(), "module");
        events.forEach(e -> driver.handles.remove(e.handle));
        modules.forEach(EmulatedModule::unload);
        for (Range range : driver.memory.ranges()) {
            if (range.owner() == this) {
                if (range.kind() != Range.Kind.MODULE) {
                    left.add(range.label());
                }
                // Page-locked memory stays allocated: the caller may still hold a segment of it.
                giveBack(range);
            }
        }
        streams.clear();
        synchronized (perThread) {
            perThread.clear();
        }
        events.clear();
        modules.clear();
        peers.clear();
        legacy.end();
        legacy = new EmulatedStream(this, EmulatedStream.Kind.LEGACY, 0, 0);
        Fault was = fault;
        if (was != null && !driver.machine.recovers()) {
            device.lose(
                    new Fault(was.code(), was.diagnostic() + "; the device does not recover from that in this process"
                            + " (culebra.emulator.recovery=false)"));
        }
        fault = null;
        if (!left.isEmpty()) {
            report("the context of device " + device.ordinal + " went with things never freed: "
                    + String.join(", ", left), was != null || device.lost() != null);
        }
    }

    /** Work that failed keeps a program from freeing what it has: then it is not to blame. */
    private void report(String leak, boolean failed) {
        if (driver.machine.failOnLeaks() && !failed) {
            throw new CudaError(CudaApi.CUDA_ERROR_ILLEGAL_STATE(),
                    leak + "; free them before the last cuDevicePrimaryCtxRelease");
        }
        LOG.log(failed ? System.Logger.Level.DEBUG : System.Logger.Level.WARNING, leak);
    }

    private static void count(List<String> list, int number, String noun) {
        if (number > 0) {
            list.add(number + " " + noun + (number == 1 ? "" : "s"));
        }
    }

    /** Ends a range: its bytes go back to the host, what it took to the device's account. */
    void giveBack(Range range) {
        if (!driver.memory.remove(range)) {
            return;
        }
        switch (range.kind()) {
            case DEVICE, MODULE -> device.account.give(MemoryAccount.rounded(range.size()));
            case POOL -> ((EmulatedPool) range.pool()).give(range.size());
            case HEAP -> heap.give(range.size());
            case HOST, REGISTERED -> {
            }
        }
    }

    /** Waits for all work of all streams, of the oldest stream first: so it is done in the same order in each run. */
    void drain() {
        streams.stream().sorted(Comparator.comparingLong(s -> s.handle)).forEach(s -> await(s.tail()));
        await(legacy.tail());
    }

    private static void await(Operation operation) {
        if (operation != null) {
            operation.await();
        }
    }

    /** Why its work is not done any more, or null. */
    Fault fault() { return fault != null ? fault : device.lost(); }

    void checkHealthy() {
        Fault f = fault();
        if (f != null) {
            throw new CudaError(f.code(), f.diagnostic());
        }
    }

    /** Work failed: from now on every call in this context does. The first failure counts. */
    synchronized void fail(String label, Throwable t) {
        if (fault == null) {
            fault = switch (t) {
                case DeviceFault f -> new Fault(f.cudaError(), f.diagnostic());
                // What a plan makes fail names itself.
                case CudaError e -> new Fault(e.code,
                        e.getMessage().startsWith(label) ? e.getMessage() : label + ": " + e.getMessage());
                case OutOfMemoryError e -> new Fault(CudaApi.CUDA_ERROR_OUT_OF_MEMORY(),
                        label + ": the host ran out of memory: " + e.getMessage());
                default -> new Fault(CudaApi.CUDA_ERROR_LAUNCH_FAILED(), "the emulator failed in " + label + ": " + t);
            };
            if (!(t instanceof DeviceFault) && !(t instanceof CudaError)) {
                LOG.log(System.Logger.Level.ERROR, fault.diagnostic(), t);
            } else {
                LOG.log(System.Logger.Level.DEBUG, fault.diagnostic());
            }
        }
    }

    Set<EmulatedStream> streams() { return streams; }

    /** A destroyed stream has done its last work. */
    void forget(EmulatedStream stream) { streams.remove(stream); }

    EmulatedStream legacyStream() { return legacy; }

    EmulatedStream newStream(EmulatedStream.Kind kind, int streamFlags, int priority) {
        EmulatedStream stream = new EmulatedStream(this, kind, streamFlags, priority);
        synchronized (driver.order) {
            streams.add(stream);
        }
        return stream;
    }

    /** The stream of a handle: 0 and 1 are the default one, 2 is one of the calling thread's own. */
    EmulatedStream stream(MemorySegment h) {
        long value = h.address();
        if (value == 0 || value == CudaApi.CU_STREAM_LEGACY().address()) {
            return legacy;
        }
        if (value == CudaApi.CU_STREAM_PER_THREAD().address()) {
            synchronized (perThread) {
                return perThread.computeIfAbsent(Thread.currentThread(),
                        t -> newStream(EmulatedStream.Kind.BLOCKING, 0, 0));
            }
        }
        EmulatedStream stream = driver.handles.get(h, EmulatedStream.class, "stream",
                CudaApi.CUDA_ERROR_INVALID_HANDLE());
        if (stream.context != this) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_HANDLE(),
                    stream + " belongs to the " + stream.context + ", current is the " + this);
        }
        return stream;
    }

    @Override
    public String toString() { return "primary context of device " + device.ordinal; }
}
