package dev.culebra.emulator.driver;

import dev.culebra.bindings.CUhostFn;
import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuLaunchHostFunc_v10000;
import dev.culebra.bindings.PFN_cuStreamCreateWithPriority_v5050;
import dev.culebra.bindings.PFN_cuStreamCreate_v2000;
import dev.culebra.bindings.PFN_cuStreamDestroy_v4000;
import dev.culebra.bindings.PFN_cuStreamQuery_v2000;
import dev.culebra.bindings.PFN_cuStreamSynchronize_v2000;
import dev.culebra.bindings.PFN_cuStreamWaitEvent_v3020;
import dev.culebra.emulator.fault.Occasion;
import java.lang.foreign.MemorySegment;

/** Streams: made, waited for, asked, ended; and the host's functions on them. */
final class StreamCalls {

    private final EmulatedDriver driver;
    private final Gate gate;

    StreamCalls(EmulatedDriver driver) {
        this.driver = driver;
        this.gate = driver.gate;
    }

    void register(FunctionTable table) {
        table.add("cuStreamCreate", 2000, a -> PFN_cuStreamCreate_v2000.allocate(
                (to, flags) -> gate.inContext("cuStreamCreate", c -> create(c, to, flags, 0)), a));
        table.add("cuStreamCreateWithPriority", 5050, a -> PFN_cuStreamCreateWithPriority_v5050.allocate((to, flags,
                priority) -> gate.inContext("cuStreamCreateWithPriority", c -> create(c, to, flags, priority)), a));
        table.add("cuStreamDestroy", 4000, a -> PFN_cuStreamDestroy_v4000
                .allocate(stream -> gate.inContext("cuStreamDestroy", c -> destroy(c, stream)), a));
        table.add("cuStreamSynchronize", 2000, a -> PFN_cuStreamSynchronize_v2000
                .allocate(stream -> gate.inContext("cuStreamSynchronize", c -> synchronize(c, stream)), a));
        table.add("cuStreamQuery", 2000, a -> PFN_cuStreamQuery_v2000
                .allocate(stream -> gate.inContext("cuStreamQuery", c -> query(c, stream)), a));
        table.add("cuStreamWaitEvent", 3020, a -> PFN_cuStreamWaitEvent_v3020.allocate((stream, event,
                flags) -> gate.inContext("cuStreamWaitEvent", c -> waitEvent(c, stream, event, flags)), a));
        table.add("cuLaunchHostFunc", 10000, a -> PFN_cuLaunchHostFunc_v10000.allocate((stream, function,
                data) -> gate.inContext("cuLaunchHostFunc", c -> hostFunction(c, stream, function, data)), a));
    }

    private void create(EmulatedContext context, MemorySegment to, int flags, int priority) {
        if (flags != CudaApi.CU_STREAM_DEFAULT() && flags != CudaApi.CU_STREAM_NON_BLOCKING()) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    "a stream's flags are " + flags + "; accepted: 0, or CU_STREAM_NON_BLOCKING (1)");
        }
        Native.at(to, 8, "phStream");
        driver.faults.strike(Occasion.STREAM, context.device, 0, "a new stream");
        int clamped = Math.clamp(priority, ContextCalls.GREATEST_PRIORITY, ContextCalls.LEAST_PRIORITY);
        EmulatedStream stream = context.newStream(flags == CudaApi.CU_STREAM_NON_BLOCKING()
                ? EmulatedStream.Kind.NON_BLOCKING
                : EmulatedStream.Kind.BLOCKING, flags, clamped);
        Native.putLong(to, stream.handle, "phStream");
    }

    private void destroy(EmulatedContext context, MemorySegment handle) {
        if (handle.address() <= CudaApi.CU_STREAM_PER_THREAD().address()) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_HANDLE(), "the default streams can not be destroyed");
        }
        context.stream(handle).end();
    }

    private void synchronize(EmulatedContext context, MemorySegment handle) {
        context.stream(handle).synchronize();
        context.device.settlePools();
        context.checkHealthy();
    }

    private void query(EmulatedContext context, MemorySegment handle) {
        boolean idle = context.stream(handle).idle();
        context.checkHealthy();
        if (!idle) {
            throw new CudaError(CudaApi.CUDA_ERROR_NOT_READY(), "the stream still has work to do");
        }
    }

    private void waitEvent(EmulatedContext context, MemorySegment stream, MemorySegment event, int flags) {
        if (flags != CudaApi.CU_EVENT_WAIT_DEFAULT() && flags != CudaApi.CU_EVENT_WAIT_EXTERNAL()) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    "cuStreamWaitEvent's flags are " + flags + "; accepted: 0");
        }
        driver.handles.get(event, EmulatedEvent.class, "event", CudaApi.CUDA_ERROR_INVALID_HANDLE())
                .await(context.stream(stream));
    }

    private void hostFunction(EmulatedContext context, MemorySegment stream, MemorySegment function,
            MemorySegment data) {
        Native.at(function, 0, "fn");
        context.stream(stream).submit(new Work(Work.Kind.HOST, "host function", null,
                () -> gate.hostFunction(() -> CUhostFn.invoke(function, data))));
    }
}
