package dev.culebra.emulator.driver;

import static dev.culebra.bindings.CudaApi.CUDA_ERROR_NOT_FOUND;
import static dev.culebra.bindings.CudaApi.CU_GET_PROC_ADDRESS_SUCCESS;
import static dev.culebra.bindings.CudaApi.CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
import static dev.culebra.bindings.CudaApi.CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuGetProcAddress_v12000;
import dev.culebra.driver.spi.CounterRecording;
import dev.culebra.emulator.check.Check;
import dev.culebra.emulator.memory.Range;
import dev.culebra.emulator.memory.UnifiedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A CUDA driver in Java: its state, and the table of its functions. Everything else reaches it through function pointers
 * alone. Safe for use by many threads, as a driver is.
 */
public final class EmulatedDriver {

    /** What cuDriverGetVersion says, and what the bindings were made from. */
    static final int VERSION = 13000;

    final Machine machine;
    final HandleTable handles = new HandleTable();
    final UnifiedMemory memory;
    final Gate gate = new Gate(this);
    final Captures captures = new Captures();
    final Recordings recordings = new Recordings();
    final List<EmulatedDevice> devices;
    /** Held while work is put on a stream, so that all streams agree on what came before. */
    final Object order = new Object();
    /** Memory that belongs to graphs, and is not given back when the program frees it. */
    final Set<Range> graphRanges = ConcurrentHashMap.newKeySet();
    /** What is in flight, and what it reaches. */
    final Traffic traffic;
    /** What goes wrong on order. */
    final FaultInjector faults;
    volatile boolean initialised;

    private final FunctionTable functions = new FunctionTable();
    private MemorySegment procAddress;
    private long operations;

    /**
     * A driver with its devices, not yet initialised by cuInit.
     *
     * @param machine the machine to emulate
     */
    public EmulatedDriver(Machine machine) {
        this.machine = machine;
        this.memory = new UnifiedMemory(machine.checks().contains(Check.UNWRITTEN));
        this.traffic = new Traffic(machine);
        this.faults = new FaultInjector(machine.faults());
        List<EmulatedDevice> made = new ArrayList<>();
        for (int ordinal = 0; ordinal < machine.devices(); ordinal++) {
            made.add(new EmulatedDevice(this, ordinal));
        }
        this.devices = List.copyOf(made);
        new ErrorCalls(this).register(functions);
        new DeviceCalls(this).register(functions);
        new ContextCalls(this).register(functions);
        new MemoryCalls(this).register(functions);
        new PinnedCalls(this).register(functions);
        new PoolCalls(this).register(functions);
        new CopyCalls(this).register(functions);
        new StreamCalls(this).register(functions);
        new EventCalls(this).register(functions);
        new ModuleCalls(this).register(functions);
        new FunctionCalls(this).register(functions);
        new LaunchCalls(this).register(functions);
        new OccupancyCalls(this).register(functions);
        new CaptureCalls(this).register(functions);
        new GraphCalls(this).register(functions);
        functions.add("cuGetProcAddress", 12000, this::procAddressStub);
    }

    /**
     * The driver's one exported function.
     *
     * @return a function pointer of type {@code PFN_cuGetProcAddress_v12000}, valid as long as the process
     */
    public synchronized MemorySegment procAddress() {
        if (procAddress == null) {
            procAddress = procAddressStub(Arena.global());
        }
        return procAddress;
    }

    private MemorySegment procAddressStub(Arena arena) {
        return PFN_cuGetProcAddress_v12000.allocate((symbol, pfn, version, flags, found) -> gate
                .always("cuGetProcAddress", () -> getProcAddress(symbol, pfn, version, flags, found)), arena);
    }

    private void getProcAddress(MemorySegment symbol, MemorySegment pfn, int version, long flags,
            MemorySegment status) {
        String name = Native.string(symbol, "symbol");
        Native.putLong(pfn, 0, "pfn");
        if (flags != CudaApi.CU_GET_PROC_ADDRESS_DEFAULT() && flags != CudaApi.CU_GET_PROC_ADDRESS_LEGACY_STREAM()) {
            throw new CudaError(CudaApi.CUDA_ERROR_NOT_SUPPORTED(), "flags " + flags + " of cuGetProcAddress: only the"
                    + " legacy default stream is emulated, use CU_STREAM_PER_THREAD as a stream instead");
        }
        FunctionTable.Found found = functions.find(name, version);
        if (!Native.isNull(status)) {
            Native.putInt(status, switch (found) {
                case FunctionTable.Found.Stub s -> CU_GET_PROC_ADDRESS_SUCCESS();
                case FunctionTable.Found.UnknownName u -> CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND();
                case FunctionTable.Found.TooOld t -> CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT();
            }, "symbolStatus");
        }
        switch (found) {
            case FunctionTable.Found.Stub s -> Native.putLong(pfn, s.pointer().address(), "pfn");
            case FunctionTable.Found.UnknownName u -> throw new CudaError(CUDA_ERROR_NOT_FOUND(),
                    "the emulator has no function " + name + " for version " + version);
            case FunctionTable.Found.TooOld t -> throw new CudaError(CUDA_ERROR_NOT_FOUND(),
                    name + " was asked for as of version " + version + " and is there from " + t.lowest() + " on");
        }
    }

    /**
     * Why the calling thread's last driver call failed.
     *
     * @return a sentence or more, or null when the call succeeded
     */
    public String lastDiagnostic() { return gate.lastDiagnostic(); }

    /** A number for the next operation; called with {@link #order} held. */
    long nextOperation() {
        return operations++;
    }

    /**
     * Begins to count what kernels execute.
     *
     * @return an open recording
     */
    public CounterRecording recordCounters() { return recordings.begin(); }

    EmulatedDevice device(int ordinal) {
        if (ordinal < 0 || ordinal >= devices.size()) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_DEVICE(),
                    "device " + ordinal + " was asked for; there are " + devices.size());
        }
        return devices.get(ordinal);
    }
}
