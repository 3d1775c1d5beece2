package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Each thread's stack of contexts, the top one being current. A driver knows only the system's threads: a virtual thread
 * finds the stack of the thread that carries it, so that code which forgets that it may have moved fails here as it would
 * on NVIDIA's driver.
 */
final class ContextStack {

    private final ThreadLocal<Deque<EmulatedContext>> stacks = ThreadLocal.withInitial(ArrayDeque::new);
    private final Map<Long, Deque<EmulatedContext>> carriers = new ConcurrentHashMap<>();

    private Deque<EmulatedContext> stack() {
        if (Thread.currentThread().isVirtual()) {
            return carriers.computeIfAbsent(SystemThread.id(), id -> new ArrayDeque<>());
        }
        return stacks.get();
    }

    /** The current context, or null. */
    EmulatedContext top() { return stack().peek(); }

    EmulatedContext require(String call) {
        EmulatedContext top = top();
        if (top == null) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_CONTEXT(), call + " needs a context, and none is current to "
                    + "this thread; make one current with cuCtxSetCurrent");
        }
        if (!top.active()) {
            throw new CudaError(CudaApi.CUDA_ERROR_CONTEXT_IS_DESTROYED(), call + " was called in " + top
                    + ", which is current to this thread but was released; retain the primary context again");
        }
        return top;
    }

    void push(EmulatedContext context) { stack().push(context); }

    EmulatedContext pop() {
        EmulatedContext top = stack().poll();
        if (top == null) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_CONTEXT(), "this thread has no context to pop");
        }
        return top;
    }

    void set(EmulatedContext context) {
        Deque<EmulatedContext> stack = stack();
        stack.poll();
        if (context != null) {
            stack.push(context);
        }
    }

    /** The number by which the system knows the running thread. */
    @SuppressWarnings("restricted")
    private static final class SystemThread {

        private static final MethodHandle SELF = Linker.nativeLinker().defaultLookup().find("pthread_self")
                .map(f -> Linker.nativeLinker().downcallHandle(f, FunctionDescriptor.of(ValueLayout.JAVA_LONG)))
                .orElse(null);

        static long id() {
            try {
                // Where there is no pthread_self each virtual thread is taken for a thread: less strict, not wrong.
                return SELF == null ? -Thread.currentThread().threadId() : (long) SELF.invokeExact();
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable t) {
                throw new AssertionError("pthread_self throws nothing", t);
            }
        }
    }
}
