package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The captures in progress, and the calls that they forbid elsewhere. */
final class Captures {

    private final Set<Capture> active = ConcurrentHashMap.newKeySet();

    Capture begin(EmulatedStream stream, int mode) {
        Capture capture = new Capture(stream, mode);
        active.add(capture);
        return capture;
    }

    void remove(Capture capture) { active.remove(capture); }

    boolean ended(Capture capture) { return !active.contains(capture); }

    /** A call that may wait for a stream or the device is forbidden while somebody captures without saying relaxed. */
    void refuseUnsafe(String call) {
        for (Capture capture : active) {
            boolean mine = capture.thread == Thread.currentThread();
            if (capture.mode == CudaApi.CU_STREAM_CAPTURE_MODE_GLOBAL()
                    || mine && capture.mode == CudaApi.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL()) {
                capture.invalidate(call + " was called meanwhile");
                throw new CudaError(CudaApi.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED(), call
                        + " may wait for the device and is not allowed while a stream is captured in this mode; "
                        + "capture with CU_STREAM_CAPTURE_MODE_RELAXED, or call it before");
            }
        }
    }

    /** A call that waits for all of a context is forbidden while any of its streams is captured, in whatever mode. */
    void refuseWaiting(EmulatedContext context, String call) {
        for (Capture capture : active) {
            if (capture.origin.context == context) {
                throw capture.refuse(call);
            }
        }
    }

    /** Work on the default stream would wait for every blocking stream, captured ones too. */
    void refuseLegacy(EmulatedContext context, String call) {
        for (Capture capture : active) {
            for (EmulatedStream stream : context.streams()) {
                if (stream.capture == capture && stream.kind == EmulatedStream.Kind.BLOCKING) {
                    throw capture.implicit(call);
                }
            }
        }
    }
}
