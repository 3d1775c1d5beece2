package dev.culebra.emulator.driver;

import dev.culebra.bindings.CUlaunchConfig;
import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuLaunchCooperativeKernel_v9000;
import dev.culebra.bindings.PFN_cuLaunchKernelEx_v11060;
import dev.culebra.bindings.PFN_cuLaunchKernel_v4000;
import dev.culebra.bindings.PFN_cuTensorMapEncodeTiled_v12000;
import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.exec.Dim;
import dev.culebra.emulator.exec.KernelRun;
import dev.culebra.emulator.exec.Overlap;
import dev.culebra.emulator.exec.RunStatistics;
import dev.culebra.emulator.fault.Occasion;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Launches: checked and their arguments copied when asked for, run on the stream's thread by the interpreter. */
final class LaunchCalls {

    /** The first compute capability, by its major number, on which a kernel may begin before the one in front of it has ended. */
    private static final int FIRST_WITH_OVERLAP = 9;

    private final EmulatedDriver driver;
    private final Gate gate;

    LaunchCalls(EmulatedDriver driver) {
        this.driver = driver;
        this.gate = driver.gate;
    }

    void register(FunctionTable table) {
        table.add("cuLaunchKernel", 4000,
                a -> PFN_cuLaunchKernel_v4000.allocate((f, gx, gy, gz, bx, by, bz, shared, stream, parameters,
                        extra) -> gate.inContext("cuLaunchKernel",
                                c -> launch(c, new Launch(FunctionCalls.find(driver, c, f), new Dim(gx, gy, gz),
                                        new Dim(bx, by, bz), null, shared, false, false), stream, parameters, extra)),
                        a));
        table.add("cuLaunchCooperativeKernel", 9000,
                a -> PFN_cuLaunchCooperativeKernel_v9000.allocate(
                        (f, gx, gy, gz, bx, by, bz, shared, stream, parameters) -> gate.inContext(
                                "cuLaunchCooperativeKernel",
                                c -> launch(c,
                                        new Launch(FunctionCalls.find(driver, c, f), new Dim(gx, gy, gz),
                                                new Dim(bx, by, bz), null, shared, true, false),
                                        stream, parameters, MemorySegment.NULL)),
                        a));
        table.add("cuLaunchKernelEx", 11060,
                a -> PFN_cuLaunchKernelEx_v11060.allocate((config, f, parameters, extra) -> gate.inContext(
                        "cuLaunchKernelEx",
                        c -> launchEx(c, config, FunctionCalls.find(driver, c, f), parameters, extra)),
                        a));
        table.add("cuTensorMapEncodeTiled", 12000, a -> PFN_cuTensorMapEncodeTiled_v12000.allocate((map, type, rank,
                address, dim, strides, box, steps, interleave, swizzle, l2, fill) -> gate
                        .initialised("cuTensorMapEncodeTiled", () -> {
                            throw new CudaError(CudaApi.CUDA_ERROR_NOT_SUPPORTED(), "the emulator has no tensor maps; "
                                    + "cp.async.bulk without a tensor needs none");
                        }),
                a));
    }

    private void launchEx(EmulatedContext context, MemorySegment pointer, EmulatedFunction function,
            MemorySegment parameters, MemorySegment extra) {
        MemorySegment config = Native.at(pointer, CUlaunchConfig.sizeof(), "config");
        launch(context, Launch.of(function, config), CUlaunchConfig.hStream(config), parameters, extra);
    }

    private void launch(EmulatedContext context, Launch launch, MemorySegment streamHandle, MemorySegment parameters,
            MemorySegment extra) {
        EmulatedStream stream = context.stream(streamHandle);
        EmulatedFunction function = launch.function();
        if (function.module.context != context) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_HANDLE(), "kernel " + function.name() + " was loaded in the "
                    + function.module.context + ", current is the " + context);
        }
        launch.check();
        launch.checkEmulated();
        Arguments arguments = Arguments.copy(driver, function.kernel, parameters, extra);
        KernelMemory memory = new KernelMemory(context, function.module, arguments);
        boolean early = launch.programmatic() && driver.machine.computeMajor() >= FIRST_WITH_OVERLAP;
        Work work = Work.kernel("kernel " + function.name(),
                new Work.Grid(function.name(), early, o -> run(context, launch, arguments, memory, o), null),
                arguments.uses(driver), function.module.reached);
        stream.submit(stream.capturing() ? work : driver.faults.afflict(Occasion.LAUNCH, context, 0, work));
    }

    /** On the stream's thread. */
    private void run(EmulatedContext context, Launch launch, Arguments arguments, KernelMemory memory, Overlap overlap)
            throws DeviceFault {
        EmulatedFunction function = launch.function();
        List<Recordings.Recording> recordings = driver.recordings.current();
        RunStatistics done = KernelRun.run(function.kernel, launch.grid(), launch.block(), launch.effectiveCluster(),
                launch.sharedBytes(), arguments.block(), memory, function.module.linked, context.device.spec,
                driver.machine.workers(), launch.cooperative(), !recordings.isEmpty(), overlap);
        recordings.forEach(r -> r.add(done.counters()));
    }
}
