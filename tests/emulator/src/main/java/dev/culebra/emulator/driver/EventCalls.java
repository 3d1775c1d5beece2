package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuEventCreate_v2000;
import dev.culebra.bindings.PFN_cuEventDestroy_v4000;
import dev.culebra.bindings.PFN_cuEventElapsedTime_v2000;
import dev.culebra.bindings.PFN_cuEventQuery_v2000;
import dev.culebra.bindings.PFN_cuEventRecord_v2000;
import dev.culebra.bindings.PFN_cuEventSynchronize_v2000;
import dev.culebra.emulator.fault.Occasion;
import java.lang.foreign.MemorySegment;

/** Events. */
final class EventCalls {

    private final EmulatedDriver driver;
    private final Gate gate;

    EventCalls(EmulatedDriver driver) {
        this.driver = driver;
        this.gate = driver.gate;
    }

    void register(FunctionTable table) {
        table.add("cuEventCreate", 2000, a -> PFN_cuEventCreate_v2000
                .allocate((to, flags) -> gate.inContext("cuEventCreate", c -> create(c, to, flags)), a));
        table.add("cuEventDestroy", 4000, a -> PFN_cuEventDestroy_v4000
                .allocate(event -> gate.inContext("cuEventDestroy", c -> destroy(event(event))), a));
        table.add("cuEventRecord", 2000, a -> PFN_cuEventRecord_v2000.allocate((event, stream) -> gate
                .inContext("cuEventRecord", c -> record(c, event(event), c.stream(stream))), a));
        table.add("cuEventSynchronize", 2000, a -> PFN_cuEventSynchronize_v2000
                .allocate(event -> gate.inContext("cuEventSynchronize", c -> synchronize(event(event))), a));
        table.add("cuEventQuery", 2000, a -> PFN_cuEventQuery_v2000
                .allocate(event -> gate.inContext("cuEventQuery", c -> query(event(event))), a));
        table.add("cuEventElapsedTime", 2000,
                a -> PFN_cuEventElapsedTime_v2000
                        .allocate((to, start, end) -> gate.inContext("cuEventElapsedTime", c -> Native.putFloat(to,
                                EmulatedEvent.milliseconds(event(start), event(end)), "pMilliseconds")), a));
    }

    private EmulatedEvent event(MemorySegment handle) {
        return driver.handles.get(handle, EmulatedEvent.class, "event", CudaApi.CUDA_ERROR_INVALID_HANDLE());
    }

    private void create(EmulatedContext context, MemorySegment to, int flags) {
        int known = CudaApi.CU_EVENT_BLOCKING_SYNC() | CudaApi.CU_EVENT_DISABLE_TIMING();
        if ((flags & ~known) != 0) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), "an event's flags are " + flags
                    + "; the emulator takes CU_EVENT_BLOCKING_SYNC (1) and CU_EVENT_DISABLE_TIMING (2)");
        }
        Native.at(to, 8, "phEvent");
        driver.faults.strike(Occasion.EVENT, context.device, 0, "a new event");
        EmulatedEvent event = new EmulatedEvent(context, flags);
        context.events.add(event);
        Native.putLong(to, event.handle, "phEvent");
    }

    private void destroy(EmulatedEvent event) {
        event.context.events.remove(event);
        driver.handles.remove(event.handle);
    }

    private void record(EmulatedContext context, EmulatedEvent event, EmulatedStream stream) {
        if (event.context != context) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_HANDLE(),
                    "the event belongs to the " + event.context + " and the stream to the " + context);
        }
        event.record(stream);
    }

    private void synchronize(EmulatedEvent event) {
        event.synchronize();
        event.context.device.settlePools();
        event.context.checkHealthy();
    }

    private void query(EmulatedEvent event) {
        boolean done = event.done();
        event.context.checkHealthy();
        if (!done) {
            throw new CudaError(CudaApi.CUDA_ERROR_NOT_READY(), "the event is not reached yet");
        }
    }
}
