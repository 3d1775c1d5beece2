package dev.culebra.driver;

import dev.culebra.bindings.CUhostFn;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Java that the driver runs in a stream's order. One function pointer serves all of it: what is to be run is told by the
 * number that goes through the driver beside it.
 */
final class HostCalls {

    private static final System.Logger LOG = System.getLogger("dev.culebra.driver");
    private static final AtomicLong NEXT = new AtomicLong(1);
    private static final Map<Long, Runnable> CALLS = new ConcurrentHashMap<>();

    private HostCalls() {}

    /** Made when the first call is. */
    private static final class Function {
        static final MemorySegment POINTER = CUhostFn.allocate(HostCalls::called, Arena.global());
    }

    static long register(Runnable call) {
        long id = NEXT.getAndIncrement();
        CALLS.put(id, call);
        return id;
    }

    static void forget(long id) { CALLS.remove(id); }

    /** Lets the driver call it when the work on the stream is done; it never does where that work fails. */
    static void enqueue(Context context, MemorySegment stream, long id) {
        context.driver().streams.callHost(context.raw(), stream, Function.POINTER, Handles.of(id));
    }

    /** Called by the driver, on a thread of its own, where it must not be called back. An exception would end the JVM. */
    private static void called(MemorySegment id) {
        try {
            Runnable call = CALLS.remove(id.address());
            if (call != null) call.run();
        } catch (Throwable e) {
            try {
                LOG.log(Level.ERROR, "a host call on a stream failed", e);
            } catch (Throwable ignored) {
                // There is nobody left to tell.
            }
        }
    }
}
