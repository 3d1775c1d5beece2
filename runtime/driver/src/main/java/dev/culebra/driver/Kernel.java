package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A function of a module that can be launched. Needs no closing and must not be used after its module is closed. May be
 * used from any thread.
 */
public final class Kernel {

    /** What a block may use without opting in: see the CUDA programming guide on dynamic shared memory. */
    private static final int SHARED_WITHOUT_OPT_IN = 48 * 1024;

    /** What all devices with clusters promise; more is possible on some. */
    private static final int PORTABLE_CLUSTER = 8;

    /** The first PTX target with {@code griddepcontrol}, by the PTX ISA. */
    private static final int FIRST_WITH_WAIT = 90;

    private final String name;
    private final Context context;
    private final Driver driver;
    private final MemorySegment function;
    private final Object module;
    private final Lifetime owner;
    private final Uses ownerUses;
    private final PtxText ptx;
    private final int maxThreads;
    private final int staticShared;
    private List<Parameter> parameters; // guarded by this
    private int optedInShared; // guarded by this
    private boolean optedInCluster; // guarded by this

    /** The module or library is only held: it must not be collected before what it is for. */
    Kernel(String name, Context context, MemorySegment function, Object module, Lifetime owner, Uses ownerUses,
            PtxText ptx) {
        this.name = name;
        this.context = context;
        this.driver = context.driver();
        this.function = function;
        this.module = module;
        this.owner = owner;
        this.ownerUses = ownerUses;
        this.ptx = ptx;
        this.maxThreads = attribute(CudaApi.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK());
        this.staticShared = attribute(CudaApi.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES());
    }

    /**
     * Its name in the module.
     *
     * @return the name
     */
    public String name() { return name; }

    /**
     * The context it is loaded in.
     *
     * @return the context
     */
    public Context context() { return context; }

    /**
     * The driver's handle, to lend to another library.
     *
     * @return the {@code CUfunction}
     */
    public long handle() { return function.address(); }

    /**
     * The most threads a block of it may have, by its registers and what it declares.
     *
     * @return the count
     */
    public int maxThreads() { return maxThreads; }

    /**
     * Registers a thread.
     *
     * @return the count
     */
    public int registers() { return attribute(CudaApi.CU_FUNC_ATTRIBUTE_NUM_REGS()); }

    /**
     * Shared memory a block that it declares itself, beside what a launch adds.
     *
     * @return bytes
     */
    public int sharedBytes() { return staticShared; }

    /**
     * Local memory a thread: what did not fit in registers, and arrays.
     *
     * @return bytes
     */
    public int localBytes() { return attribute(CudaApi.CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES()); }

    /**
     * Constant memory that the user declared.
     *
     * @return bytes
     */
    public int constBytes() { return attribute(CudaApi.CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES()); }

    /**
     * The target that its PTX was written for.
     *
     * @return 80 for {@code sm_80}
     */
    public int ptxVersion() { return attribute(CudaApi.CU_FUNC_ATTRIBUTE_PTX_VERSION()); }

    /**
     * The architecture that it was compiled for.
     *
     * @return 90 for compute capability 9.0
     */
    public int binaryVersion() { return attribute(CudaApi.CU_FUNC_ATTRIBUTE_BINARY_VERSION()); }

    /**
     * Any attribute of the function.
     *
     * @param cuFunctionAttribute one of the driver's {@code CU_FUNC_ATTRIBUTE_...} numbers
     * @return its value
     */
    public int attribute(int cuFunctionAttribute) {
        checkOpen();
        return driver.modules.functionAttribute(context.raw(), function, cuFunctionAttribute);
    }

    /**
     * Its parameters: from the driver where it tells them (12.4 and later), with the PTX's names and types where that is
     * known; else from the PTX.
     *
     * @return one for each, in order
     * @throws CudaException for code without PTX on a driver that does not tell
     */
    public synchronized List<Parameter> parameters() {
        if (parameters == null) parameters = List.copyOf(findParameters());
        return parameters;
    }

    private List<Parameter> findParameters() {
        checkOpen();
        List<Parameter> ofPtx = ptx == null ? null : ptx.kernels().get(name);
        if (!driver.modules.knowsParameters()) {
            if (ofPtx == null) throw driver.errors.missing(DriverFunction.cuFuncGetParamInfo);
            return ofPtx;
        }
        List<Parameter> found = new ArrayList<>();
        CheckedModules.ParameterPlace place;
        while ((place = driver.modules.parameter(context.raw(), function, found.size())) != null) {
            int index = found.size();
            Parameter known = ofPtx != null && index < ofPtx.size() ? ofPtx.get(index) : null;
            boolean agrees = known != null && known.size() == place.size();
            found.add(new Parameter(index, agrees ? known.name() : "", agrees ? known.type() : "", place.offset(),
                    place.size()));
        }
        return found;
    }

    /**
     * How many blocks run on a multiprocessor at once.
     *
     * @param blockThreads threads a block
     * @param dynamicShared shared memory that the launch adds, in bytes
     * @return the count; 0 where not even one fits
     */
    public int maxActiveBlocks(int blockThreads, int dynamicShared) {
        checkOpen();
        optIn(dynamicShared, null);
        return driver.launches.maxActiveBlocks(context.raw(), function, blockThreads, dynamicShared);
    }

    /**
     * How many clusters run on the device at once.
     *
     * @param config a shape with clusters, of one block or more
     * @return the count; 0 where not even one fits
     * @throws IllegalArgumentException for a shape without clusters
     */
    public int maxActiveClusters(LaunchConfig config) {
        checkOpen();
        if (config.cluster() == null) throw new IllegalArgumentException("the launch has no clusters: use withCluster");
        check(config);
        try (Arena arena = Arena.ofConfined()) {
            return driver.launches.maxActiveClusters(context.raw(), function, LaunchStruct.ofClusters(config, arena));
        }
    }

    /**
     * The shape that fills the device best.
     *
     * @param dynamicShared shared memory that the launch adds, in bytes a block
     * @return blocks and threads
     */
    public Occupancy potentialBlockSize(int dynamicShared) {
        checkOpen();
        optIn(dynamicShared, null);
        return driver.launches.potentialBlockSize(context.raw(), function, dynamicShared, 0);
    }

    /**
     * Launches once. Arguments are checked against the parameters, in number, size, and where the PTX is known also in
     * kind. For launches in a row {@link #prepare} is cheaper.
     *
     * @param stream of this kernel's context
     * @param config the shape
     * @param arguments one for each parameter: a {@link DeviceBuffer} for a pointer; {@code int}, {@code long},
     *        {@code float}, {@code double}, {@code short}, {@code byte}; a {@link MemorySegment} with the bytes of a
     *        struct; a {@link TensorMap}
     * @throws IllegalArgumentException where arguments or shape do not fit the kernel
     * @throws CudaException where the driver refuses it, or work enqueued before failed
     */
    public void launch(Stream stream, LaunchConfig config, Object... arguments) {
        checkOpen();
        check(config);
        try (Arena arena = Arena.ofConfined()) {
            ArgumentBlock block = new ArgumentBlock(name, parameters(), arena);
            block.setAll(arguments);
            launch(stream, config, block, struct(config, arena));
        }
    }

    /**
     * Lays out a launch that can be made many times.
     *
     * @param config the shape
     * @return the launch, with no argument set
     * @throws IllegalArgumentException where the shape does not fit the kernel
     */
    public PreparedLaunch prepare(LaunchConfig config) {
        checkOpen();
        check(config);
        return new PreparedLaunch(this, config);
    }

    /**
     * The driver's form of a shape; null where a plain launch will do. A kernel that can not wait for the one before it is
     * not let begin before that has ended.
     */
    MemorySegment struct(LaunchConfig config, SegmentAllocator memory) {
        boolean programmatic = config.programmatic() && ptxVersion() >= FIRST_WITH_WAIT;
        return programmatic || config.cluster() != null ? LaunchStruct.of(config, programmatic, memory) : null;
    }

    /** The one way to the driver. The shape was checked before; the struct is null where a plain launch will do. */
    void launch(Stream stream, LaunchConfig config, ArgumentBlock arguments, MemorySegment struct) {
        if (stream.context() != context && !stream.context().isSameAs(context)) {
            throw new IllegalArgumentException(name + " is loaded in " + context + ", and " + stream + " is of "
                    + stream.context());
        }
        if (stream.capture != null) {
            capture(stream, config, arguments, struct);
            return;
        }
        AtomicInteger entered = stream.launches().enter();
        try {
            stream.check();
            ownerUses.mark(stream);
            owner.check();
            arguments.mark(stream);
            submit(stream, config, arguments, struct);
        } finally {
            Launches.exit(entered);
        }
    }

    /**
     * What is captured is no use of a stream that who closes it could wait for, so that each thing is kept open by itself
     * until the driver has the launch; afterwards the graph owns it.
     */
    private void capture(Stream stream, LaunchConfig config, ArgumentBlock arguments, MemorySegment struct) {
        stream.lifetime().during(() -> owner.during(() -> {
            arguments.enter(stream);
            try {
                stream.touch(module, owner, ownerUses);
                submit(stream, config, arguments, struct);
            } finally {
                arguments.exit();
            }
        }));
    }

    private void submit(Stream stream, LaunchConfig config, ArgumentBlock arguments, MemorySegment struct) {
        Trace.Span span = Trace.launch();
        if (struct != null) {
            LaunchStruct.stream(struct, stream.raw());
            driver.launches.launchEx(context.raw(), struct, function, arguments.pointers());
        } else if (config.cooperative()) {
            driver.launches.launchCooperative(context.raw(), function, config.grid(), config.block(),
                    config.sharedBytes(), stream.raw(), arguments.pointers());
        } else {
            driver.launches.launch(context.raw(), function, config.grid(), config.block(), config.sharedBytes(),
                    stream.raw(), arguments.pointers());
        }
        Trace.launched(span, name, config, stream);
    }

    /** A library's kernel may be in another context than the library. */
    private void checkOpen() {
        owner.check();
        context.lifetime().check();
    }

    private void check(LaunchConfig config) {
        long threads = config.block().count();
        if (threads > maxThreads) {
            throw new IllegalArgumentException(name + " runs with up to " + maxThreads + " threads a block, got "
                    + config.block() + " = " + threads);
        }
        if (config.cluster() != null && config.cluster().count() > 1 && !context.device().supportsClusters()) {
            throw new IllegalArgumentException(context.device() + ", of compute capability "
                    + context.device().computeCapability()
                    + ", runs no clusters of more than one block; GPUs do from 9.0 on");
        }
        optIn(config.sharedBytes(), config.cluster());
    }

    /** Lets the driver allow what is not allowed at first; once for each kernel and size. */
    private synchronized void optIn(int dynamicShared, Dim3 cluster) {
        long shared = (long) staticShared + dynamicShared;
        if (shared > SHARED_WITHOUT_OPT_IN && dynamicShared > optedInShared) {
            int most = context.device().sharedMemoryPerBlockOptIn();
            if (shared > most) {
                throw new IllegalArgumentException(name + " wants " + shared + " bytes of shared memory a block ("
                        + staticShared + " of its own and " + dynamicShared + " dynamic), and " + context.device()
                        + " has " + most);
            }
            driver.modules.setFunctionAttribute(context.raw(), function,
                    CudaApi.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES(), dynamicShared);
            optedInShared = dynamicShared;
        }
        if (cluster != null && cluster.count() > PORTABLE_CLUSTER && !optedInCluster) {
            driver.modules.setFunctionAttribute(context.raw(), function,
                    CudaApi.CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED(), 1);
            optedInCluster = true;
        }
    }

    @Override
    public String toString() { return "kernel " + name; }
}
