package dev.culebra.driver;

import static dev.culebra.driver.DriverFunction.*;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.culebra.bindings.*;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Streams: making, waiting, capturing, calling back. */
final class CheckedStreams extends Checked {

    CheckedStreams(Functions functions, Errors errors) { super(functions, errors); }

    MemorySegment create(MemorySegment context, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CudaApi.C_POINTER);
            check(cuStreamCreate, PFN_cuStreamCreate_v2000.invoke(at(cuStreamCreate, context), out, flags));
            return Handles.read(out);
        }
    }

    MemorySegment create(MemorySegment context, int flags, int priority) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CudaApi.C_POINTER);
            check(cuStreamCreateWithPriority, PFN_cuStreamCreateWithPriority_v5050
                    .invoke(at(cuStreamCreateWithPriority, context), out, flags, priority));
            return Handles.read(out);
        }
    }

    void destroy(MemorySegment context, MemorySegment stream) {
        check(cuStreamDestroy, PFN_cuStreamDestroy_v4000.invoke(at(cuStreamDestroy, context), stream));
    }

    void synchronize(MemorySegment context, MemorySegment stream) {
        check(cuStreamSynchronize, PFN_cuStreamSynchronize_v2000.invoke(at(cuStreamSynchronize, context), stream));
    }

    /** Whether all work so far is done. */
    boolean isDone(MemorySegment context, MemorySegment stream) {
        int code = PFN_cuStreamQuery_v2000.invoke(at(cuStreamQuery, context), stream);
        if (code == CudaApi.CUDA_ERROR_NOT_READY()) return false;
        check(cuStreamQuery, code);
        return true;
    }

    void await(MemorySegment context, MemorySegment stream, MemorySegment event) {
        check(cuStreamWaitEvent, PFN_cuStreamWaitEvent_v3020.invoke(at(cuStreamWaitEvent, context), stream, event,
                CudaApi.CU_EVENT_WAIT_DEFAULT()));
    }

    void callHost(MemorySegment context, MemorySegment stream, MemorySegment function, MemorySegment userData) {
        check(cuLaunchHostFunc,
                PFN_cuLaunchHostFunc_v10000.invoke(at(cuLaunchHostFunc, context), stream, function, userData));
    }

    void beginCapture(MemorySegment context, MemorySegment stream, int mode) {
        check(cuStreamBeginCapture,
                PFN_cuStreamBeginCapture_v10010.invoke(at(cuStreamBeginCapture, context), stream, mode));
    }

    /** The graph that was captured; NULL where the capture was invalidated on the way. */
    MemorySegment endCapture(MemorySegment context, MemorySegment stream) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CudaApi.C_POINTER);
            check(cuStreamEndCapture,
                    PFN_cuStreamEndCapture_v10000.invoke(at(cuStreamEndCapture, context), stream, out));
            return Handles.read(out);
        }
    }

    /** One of the {@code CU_STREAM_CAPTURE_STATUS} values. */
    int captureStatus(MemorySegment context, MemorySegment stream) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_INT);
            check(cuStreamIsCapturing,
                    PFN_cuStreamIsCapturing_v10000.invoke(at(cuStreamIsCapturing, context), stream, out));
            return out.get(JAVA_INT, 0);
        }
    }
}
