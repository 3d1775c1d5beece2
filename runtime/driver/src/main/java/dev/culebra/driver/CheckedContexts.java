package dev.culebra.driver;

import static dev.culebra.driver.DriverFunction.*;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.culebra.bindings.*;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Contexts: current ones, waiting for all their work, access to a peer's memory. */
final class CheckedContexts extends Checked {

    CheckedContexts(Functions functions, Errors errors) { super(functions, errors); }

    /** The calling OS thread's context; NULL when it has none. */
    MemorySegment current() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CudaApi.C_POINTER);
            check(cuCtxGetCurrent, PFN_cuCtxGetCurrent_v4000.invoke(at(cuCtxGetCurrent), out));
            return Handles.read(out);
        }
    }

    void push(MemorySegment context) {
        check(cuCtxPushCurrent, PFN_cuCtxPushCurrent_v4000.invoke(at(cuCtxPushCurrent), context));
    }

    MemorySegment pop() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CudaApi.C_POINTER);
            check(cuCtxPopCurrent, PFN_cuCtxPopCurrent_v4000.invoke(at(cuCtxPopCurrent), out));
            return Handles.read(out);
        }
    }

    int device(MemorySegment context) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_INT);
            check(cuCtxGetDevice, PFN_cuCtxGetDevice_v2000.invoke(at(cuCtxGetDevice, context), out));
            return out.get(JAVA_INT, 0);
        }
    }

    void synchronize(MemorySegment context) {
        check(cuCtxSynchronize, PFN_cuCtxSynchronize_v2000.invoke(at(cuCtxSynchronize, context)));
    }

    PriorityRange priorityRange(MemorySegment context) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment least = arena.allocate(JAVA_INT);
            MemorySegment greatest = arena.allocate(JAVA_INT);
            check(cuCtxGetStreamPriorityRange, PFN_cuCtxGetStreamPriorityRange_v5050
                    .invoke(at(cuCtxGetStreamPriorityRange, context), least, greatest));
            return new PriorityRange(least.get(JAVA_INT, 0), greatest.get(JAVA_INT, 0));
        }
    }

    void enablePeerAccess(MemorySegment context, MemorySegment peer) {
        check(cuCtxEnablePeerAccess,
                PFN_cuCtxEnablePeerAccess_v4000.invoke(at(cuCtxEnablePeerAccess, context), peer, 0));
    }

    void destroy(MemorySegment context) {
        check(cuCtxDestroy, PFN_cuCtxDestroy_v4000.invoke(at(cuCtxDestroy), context));
    }
}
