package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.emulator.fault.Occasion;

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

    /** Read before it is needed: where it is, there may be no stack left for a call. */
    private static final int UNKNOWN = CudaApi.CUDA_ERROR_UNKNOWN();

    /** Of 32 bytes or more each, as compiled code has them. */
    private static final int PROBE_FRAMES = 400;

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
            probe(PROBE_FRAMES);
            body.run();
            return CudaApi.CUDA_SUCCESS();
        } catch (Throwable t) {
            try {
                return failed(name, t);
            } catch (Throwable another) {
                // Saying what happened failed too, for want of stack or memory: a code alone has to do.
                return UNKNOWN;
            }
        }
    }

    /** A function that needs cuInit and no context. */
    int initialised(String name, Body body) {
        try {
            probe(PROBE_FRAMES);
            check(name);
            diagnostic.remove();
            EmulatedContext top = current.top();
            driver.faults.pass(top == null ? driver.devices.get(0) : top.device, name);
            body.run();
            return CudaApi.CUDA_SUCCESS();
        } catch (Throwable t) {
            try {
                return failed(name, t);
            } catch (Throwable another) {
                // Saying what happened failed too, for want of stack or memory: a code alone has to do.
                return UNKNOWN;
            }
        }
    }

    /** A function that works in the calling thread's current context, and fails for good after a fault in it. */
    int inContext(String name, ContextBody body) {
        try {
            probe(PROBE_FRAMES);
            check(name);
            diagnostic.remove();
            EmulatedContext context = current.require(name);
            context.checkHealthy();
            driver.faults.strike(Occasion.CALL, context.device, 0, name);
            body.run(context);
            return CudaApi.CUDA_SUCCESS();
        } catch (Throwable t) {
            try {
                return failed(name, t);
            } catch (Throwable another) {
                // Saying what happened failed too, for want of stack or memory: a code alone has to do.
                return UNKNOWN;
            }
        }
    }

    /**
     * Uses some stack and gives it back. Before Java code of ours runs, an upcall goes through frames of the JVM's own, and
     * an overflow there ends the JVM. Whoever recurses with driver calls on the way runs out of stack here first, where it
     * is caught; what this takes, some 10 KB, is more than those frames do.
     */
    private static int probe(int frames) { return frames == 0 ? 0 : probe(frames - 1) + 1; }

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
        switch (t) {
            case CudaError e -> {
                diagnostic.set(e.getMessage());
                if (LOG.isLoggable(System.Logger.Level.DEBUG)) {
                    LOG.log(System.Logger.Level.DEBUG, name + " returns " + e.code + ": " + e.getMessage());
                }
                return e.code;
            }
            case OutOfMemoryError e -> {
                diagnostic.set("the host ran out of memory: " + e.getMessage());
                LOG.log(System.Logger.Level.DEBUG, name + ": the host ran out of memory", e);
                return CudaApi.CUDA_ERROR_OUT_OF_MEMORY();
            }
            case StackOverflowError e -> {
                diagnostic.set("the calling thread's stack has no room left for " + name);
                return UNKNOWN;
            }
            default -> {
                diagnostic.set("the emulator failed in " + name + ": " + t);
                LOG.log(System.Logger.Level.ERROR, "the emulator failed in " + name, t);
                return UNKNOWN;
            }
        }
    }
}
