package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import java.util.UUID;

/** A GPU, or what a driver written in Java has for one. Asking it needs no context. May be used from any thread. */
public final class Device {

    private final Cuda cuda;
    private final int ordinal;
    private final int handle;
    private final String name;

    /** Asked for when first wanted: threads that race for it get the same answer. */
    private Boolean reachesPageableMemory;

    Device(Cuda cuda, int ordinal) {
        this.cuda = cuda;
        this.ordinal = ordinal;
        this.handle = cuda.driver.devices.device(ordinal);
        this.name = cuda.driver.devices.name(handle);
    }

    /** How a thread waits that synchronises with the device. */
    public enum Waiting {
        /** The driver's own choice. */
        AUTOMATIC(CudaApi.CU_CTX_SCHED_AUTO()),
        /** The thread spins: the shortest wait, and a core kept busy. */
        SPIN(CudaApi.CU_CTX_SCHED_SPIN()),
        /** The thread spins and lets others run between. */
        YIELD(CudaApi.CU_CTX_SCHED_YIELD()),
        /** The thread sleeps until it is woken. */
        BLOCK(CudaApi.CU_CTX_SCHED_BLOCKING_SYNC());

        private final int flag;

        Waiting(int flag) { this.flag = flag; }
    }

    /**
     * The driver it belongs to.
     *
     * @return the driver
     */
    public Cuda cuda() { return cuda; }

    /**
     * Its place among the driver's devices.
     *
     * @return the ordinal, from 0
     */
    public int ordinal() { return ordinal; }

    int handle() { return handle; }

    /** Whether it reads and writes the host's ordinary memory by itself: Grace, and Linux with HMM. */
    boolean reachesPageableMemory() {
        Boolean known = reachesPageableMemory;
        if (known == null) {
            known = attribute(CudaApi.CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS()) != 0;
            reachesPageableMemory = known;
        }
        return known;
    }

    Driver driver() { return cuda.driver; }

    /**
     * Its name, such as {@code NVIDIA H200}.
     *
     * @return the name
     */
    public String name() { return name; }

    /**
     * Its memory.
     *
     * @return bytes
     */
    public long totalMemory() { return driver().devices.totalMemory(handle); }

    /**
     * Its generation.
     *
     * @return such as 9.0
     */
    public ComputeCapability computeCapability() {
        return new ComputeCapability(attribute(CudaApi.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR()),
                attribute(CudaApi.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR()));
    }

    /**
     * How many multiprocessors it has.
     *
     * @return the count
     */
    public int multiprocessors() { return attribute(CudaApi.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT()); }

    /**
     * Its peak clock.
     *
     * @return kHz
     */
    public int clockKilohertz() { return attribute(CudaApi.CU_DEVICE_ATTRIBUTE_CLOCK_RATE()); }

    /**
     * Its memory's peak clock.
     *
     * @return kHz
     */
    public int memoryClockKilohertz() { return attribute(CudaApi.CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE()); }

    /**
     * The width of its memory bus.
     *
     * @return bits
     */
    public int memoryBusBits() { return attribute(CudaApi.CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH()); }

    /**
     * Its second-level cache.
     *
     * @return bytes
     */
    public int l2CacheBytes() { return attribute(CudaApi.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE()); }

    /**
     * The shared memory that a block may have without being opted in.
     *
     * @return bytes, 49152 on all devices so far
     */
    public int sharedMemoryPerBlock() {
        return attribute(CudaApi.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK());
    }

    /**
     * The most shared memory that a block may have at all.
     *
     * @return bytes
     */
    public int sharedMemoryPerBlockOptIn() {
        return attribute(CudaApi.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN());
    }

    /**
     * The shared memory of a multiprocessor, for all its blocks.
     *
     * @return bytes
     */
    public int sharedMemoryPerMultiprocessor() {
        return attribute(CudaApi.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR());
    }

    /**
     * The most threads a block may have.
     *
     * @return the count, 1024 on all devices so far
     */
    public int maxThreadsPerBlock() { return attribute(CudaApi.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK()); }

    /**
     * Whether memory can be allocated and freed in stream order.
     *
     * @return whether {@link Stream#allocate(long)} works
     */
    public boolean supportsMemoryPools() {
        return attribute(CudaApi.CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED()) != 0;
    }

    /**
     * Whether blocks can be launched in clusters.
     *
     * @return whether {@link LaunchConfig#withCluster(Dim3)} works
     */
    public boolean supportsClusters() { return attribute(CudaApi.CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH()) != 0; }

    /**
     * Any attribute of the device.
     *
     * @param cuDeviceAttribute one of the driver's {@code CU_DEVICE_ATTRIBUTE_...} numbers
     * @return its value
     * @throws CudaException where the driver does not know it
     */
    public int attribute(int cuDeviceAttribute) { return driver().devices.attribute(handle, cuDeviceAttribute); }

    /**
     * What identifies this device among all.
     *
     * @return the identifier that nvidia-smi shows behind {@code GPU-}
     */
    public UUID uuid() { return driver().devices.uuid(handle); }

    /**
     * Its place on the bus.
     *
     * @return such as {@code 0000:3b:00.0}
     */
    public String pciBusId() { return driver().devices.pciBusId(handle); }

    /**
     * Whether kernels here can reach the other's memory directly.
     *
     * @param peer another device of the same driver
     * @return whether {@link Context#enablePeerAccess(Context)} works
     */
    public boolean canAccessPeer(Device peer) { return driver().devices.canAccessPeer(handle, peer.handle); }

    /**
     * Whether this process has a primary context on the device now, of ours or of another library's.
     *
     * @return whether one is active
     */
    public boolean isPrimaryContextActive() { return driver().devices.primaryContextState(handle).active(); }

    /**
     * Chooses how threads wait that synchronise with the device's primary context. It concerns all of this process, other
     * libraries too.
     *
     * @param waiting how
     * @throws CudaException on drivers where the context must not be active yet and is
     */
    public void setWaiting(Waiting waiting) {
        int others = driver().devices.primaryContextState(handle).flags() & ~CudaApi.CU_CTX_SCHED_MASK();
        driver().devices.setPrimaryContextFlags(handle, others | waiting.flag);
    }

    /**
     * Retains the device's primary context: the one that the CUDA runtime and the libraries over it use, too. The driver
     * counts how often it was retained; what is allocated in it lives until it was released as often.
     *
     * @return a context to be closed, which releases it
     */
    public Context context() { return Context.primary(this); }

    @Override
    public String toString() { return "device " + ordinal + " (" + name + ")"; }
}
