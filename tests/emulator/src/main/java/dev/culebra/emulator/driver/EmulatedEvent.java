package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import java.util.List;
import java.util.Set;

/** An event: a place in a stream's work, or in a graph that is being captured. */
final class EmulatedEvent {

    final EmulatedContext context;
    final int flags;
    final long handle;

    private Operation recorded;
    private Capture capture;
    private Set<GraphNode> captured;

    EmulatedEvent(EmulatedContext context, int flags) {
        this.context = context;
        this.flags = flags;
        this.handle = context.driver.handles.add(this);
    }

    void record(EmulatedStream stream) {
        synchronized (context.driver.order) {
            if (stream.capture != null) {
                capture = stream.capture;
                captured = capture.frontier(stream);
                recorded = null;
            } else {
                recorded = stream.enqueue(Work.empty("event"), List.of());
                capture = null;
                captured = null;
            }
        }
    }

    /** Makes a stream's later work wait for the place last recorded; an event never recorded is no wait. */
    void await(EmulatedStream stream) {
        synchronized (context.driver.order) {
            if (captured != null) {
                requireActive();
                capture.join(stream, captured);
            } else if (stream.capture != null) {
                if (recorded != null) {
                    throw stream.capture.isolation("an event recorded outside of the capture");
                }
            } else if (recorded != null && !recorded.done()) {
                stream.enqueue(Work.empty("wait for an event"), List.of(recorded));
            }
        }
    }

    boolean done() {
        Operation operation = operation();
        if (operation != null) {
            operation.want();
        }
        return operation == null || operation.done();
    }

    void synchronize() {
        Operation operation = operation();
        if (operation != null) {
            operation.await();
        }
    }

    private Operation operation() {
        synchronized (context.driver.order) {
            if (captured != null) {
                requireActive();
                capture.invalidate("an event recorded in it was asked about");
                throw new CudaError(CudaApi.CUDA_ERROR_CAPTURED_EVENT(),
                        "the event was last recorded in a stream that was being captured: it has no time to wait for");
            }
            return recorded;
        }
    }

    private void requireActive() {
        if (context.driver.captures.ended(capture)) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    "the event was last recorded in a capture that has ended: there is nothing to wait for or to ask");
        }
    }

    boolean timed() { return (flags & CudaApi.CU_EVENT_DISABLE_TIMING()) == 0; }

    static float milliseconds(EmulatedEvent start, EmulatedEvent end) {
        if (!start.timed() || !end.timed()) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_HANDLE(),
                    "an event was made with CU_EVENT_DISABLE_TIMING: it has no time");
        }
        Operation from = start.operation();
        Operation to = end.operation();
        if (from == null || to == null) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_HANDLE(), "an event was never recorded: it has no time");
        }
        from.want();
        to.want();
        if (!from.done() || !to.done()) {
            throw new CudaError(CudaApi.CUDA_ERROR_NOT_READY(), "an event was recorded and is not reached yet");
        }
        return (to.finishedNanos() - from.finishedNanos()) / 1e6f;
    }
}
