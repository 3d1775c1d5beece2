package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;

/**
 * What every function passes through on its way in and out. Nothing thrown gets past it: an exception that left an upcall
 * would end the JVM.
 */
final class Gate {

    interface Body {
        void run() throws Exception;
    }

    interface ContextBody {
        void run(EmulatedContext context) throws Exception;
    }

    private static final System.Logger LOG = System.getLogger("dev.culebra.emulator");

    private final EmulatedDriver driver;
    private final ThreadLocal<String> diagnostic = new ThreadLocal<>();
    private final ThreadLocal<Boolean> inHostFunction = new ThreadLocal<>();

    /** Contexts are current to a thread; see {@link ContextStack} for which thread that is. */
    final ContextStack current;

    Gate(EmulatedDriver driver) {
        this.driver = driver;
        this.current = new ContextStack();
    }

    /** A function that works before cuInit too, and does not touch the last diagnostic when it succeeds. */
    int always(String name, Body body) {
        try {
            body.run();
            return CudaApi.CUDA_SUCCESS();
        } catch (Throwable t) {
            return failed(name, t);
        }
    }

    /** A function that needs cuInit and no context. */
    int initialised(String name, Body body) {
        try {
            check(name);
            diagnostic.remove();
            body.run();
            return CudaApi.CUDA_SUCCESS();
        } catch (Throwable t) {
            return failed(name, t);
        }
    }

    /** A function that works in the calling thread's current context, and fails for good after a fault in it. */
    int inContext(String name, ContextBody body) {
        try {
            check(name);
            diagnostic.remove();
            EmulatedContext context = current.require(name);
            context.checkHealthy();
            body.run(context);
            return CudaApi.CUDA_SUCCESS();
        } catch (Throwable t) {
            return failed(name, t);
        }
    }

    private void check(String name) {
        if (!driver.initialised) {
            throw new CudaError(CudaApi.CUDA_ERROR_NOT_INITIALIZED(), name + " was called before cuInit");
        }
        if (inHostFunction.get() != null) {
            throw new CudaError(CudaApi.CUDA_ERROR_NOT_PERMITTED(),
                    name + " was called from a host function on a stream; those may not call the driver");
        }
    }

    /** Runs the caller's host function, which may not call the driver. */
    void hostFunction(Runnable function) {
        inHostFunction.set(Boolean.TRUE);
        try {
            function.run();
        } finally {
            inHostFunction.remove();
        }
    }

    String lastDiagnostic() { return diagnostic.get(); }

    private int failed(String name, Throwable t) {
        int code = t instanceof CudaError e
                ? e.code
                : t instanceof OutOfMemoryError ? CudaApi.CUDA_ERROR_OUT_OF_MEMORY() : CudaApi.CUDA_ERROR_UNKNOWN();
        try {
            if (t instanceof CudaError) {
                diagnostic.set(t.getMessage());
                if (LOG.isLoggable(System.Logger.Level.DEBUG)) {
                    LOG.log(System.Logger.Level.DEBUG, name + " returns " + code + ": " + t.getMessage());
                }
            } else if (t instanceof OutOfMemoryError) {
                diagnostic.set("the host ran out of memory: " + t.getMessage());
                LOG.log(System.Logger.Level.DEBUG, name + ": the host ran out of memory", t);
            } else {
                diagnostic.set("the emulator failed in " + name + ": " + t);
                LOG.log(System.Logger.Level.ERROR, "the emulator failed in " + name, t);
            }
        } catch (Throwable another) {
            // Saying what happened failed too, for want of stack or memory: the code alone has to do.
            return code;
        }
        return code;
    }
}
