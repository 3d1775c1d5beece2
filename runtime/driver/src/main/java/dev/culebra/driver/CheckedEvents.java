package dev.culebra.driver;

import static dev.culebra.driver.DriverFunction.*;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.culebra.bindings.*;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Events. */
final class CheckedEvents extends Checked {

    CheckedEvents(Functions functions, Errors errors) { super(functions, errors); }

    MemorySegment create(MemorySegment context, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CudaApi.C_POINTER);
            check(cuEventCreate, PFN_cuEventCreate_v2000.invoke(at(cuEventCreate, context), out, flags));
            return Handles.read(out);
        }
    }

    void destroy(MemorySegment context, MemorySegment event) {
        check(cuEventDestroy, PFN_cuEventDestroy_v4000.invoke(at(cuEventDestroy, context), event));
    }

    void record(MemorySegment context, MemorySegment event, MemorySegment stream) {
        check(cuEventRecord, PFN_cuEventRecord_v2000.invoke(at(cuEventRecord, context), event, stream));
    }

    void synchronize(MemorySegment context, MemorySegment event) {
        check(cuEventSynchronize, PFN_cuEventSynchronize_v2000.invoke(at(cuEventSynchronize, context), event));
    }

    boolean isDone(MemorySegment context, MemorySegment event) {
        int code = PFN_cuEventQuery_v2000.invoke(at(cuEventQuery, context), event);
        if (code == CudaApi.CUDA_ERROR_NOT_READY()) return false;
        check(cuEventQuery, code);
        return true;
    }

    float elapsedMilliseconds(MemorySegment context, MemorySegment start, MemorySegment end) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_FLOAT);
            check(cuEventElapsedTime,
                    PFN_cuEventElapsedTime_v2000.invoke(at(cuEventElapsedTime, context), out, start, end));
            return out.get(JAVA_FLOAT, 0);
        }
    }
}
