package dev.culebra.driver;

import dev.culebra.bindings.PFN_cuCtxSetCurrent_v4000;
import java.lang.foreign.MemorySegment;

/**
 * What the checked layer stands on: it has one method for each driver call, which takes and returns plain values, makes
 * the context current where the call wants one, and throws {@link CudaException} where the driver answers with an error.
 * It knows nothing of ownership; that is the layer above.
 */
abstract class Checked {

    final Functions functions;
    final Errors errors;

    Checked(Functions functions, Errors errors) {
        this.functions = functions;
        this.errors = errors;
    }

    /** The function's address, for a call that needs no context. */
    final MemorySegment at(DriverFunction function) {
        MemorySegment pointer = functions.find(function);
        if (pointer == MemorySegment.NULL) throw errors.missing(function);
        return pointer;
    }

    /**
     * The function's address, with the context made current. Always the first argument of the call itself: a virtual
     * thread changes its carrier only where it blocks, and from here to the call nothing does. The context is set each
     * time, since other libraries set theirs on the same threads.
     */
    final MemorySegment at(DriverFunction function, MemorySegment context) {
        MemorySegment pointer = at(function);
        check(DriverFunction.cuCtxSetCurrent,
                PFN_cuCtxSetCurrent_v4000.invoke(at(DriverFunction.cuCtxSetCurrent), context));
        return pointer;
    }

    final void check(DriverFunction function, int code) { if (code != 0) throw errors.of(function, code); }
}
