package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuStreamBeginCapture_v10010;
import dev.culebra.bindings.PFN_cuStreamEndCapture_v10000;
import dev.culebra.bindings.PFN_cuStreamIsCapturing_v10000;
import java.lang.foreign.MemorySegment;

/** Capturing a stream's work into a graph. */
final class CaptureCalls {

    private final EmulatedDriver driver;
    private final Gate gate;

    CaptureCalls(EmulatedDriver driver) {
        this.driver = driver;
        this.gate = driver.gate;
    }

    void register(FunctionTable table) {
        table.add("cuStreamBeginCapture", 10010, a -> PFN_cuStreamBeginCapture_v10010.allocate(
                (stream, mode) -> gate.inContext("cuStreamBeginCapture", c -> begin(c.stream(stream), mode)), a));
        table.add("cuStreamEndCapture", 10000, a -> PFN_cuStreamEndCapture_v10000
                .allocate((stream, to) -> gate.inContext("cuStreamEndCapture", c -> end(c.stream(stream), to)), a));
        table.add("cuStreamIsCapturing", 10000, a -> PFN_cuStreamIsCapturing_v10000.allocate(
                (stream, to) -> gate.inContext("cuStreamIsCapturing", c -> status(c, c.stream(stream), to)), a));
    }

    private void begin(EmulatedStream stream, int mode) {
        if (mode < 0 || mode > CudaApi.CU_STREAM_CAPTURE_MODE_RELAXED()) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    "the capture mode is " + mode + "; accepted: 0 (global), 1 (thread local), 2 (relaxed)");
        }
        if (stream.kind == EmulatedStream.Kind.LEGACY) {
            throw new CudaError(CudaApi.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED(),
                    "the legacy default stream can not be captured; use a stream of your own");
        }
        synchronized (driver.order) {
            if (stream.capture != null) {
                throw new CudaError(CudaApi.CUDA_ERROR_ILLEGAL_STATE(), "the stream is being captured already");
            }
            driver.captures.begin(stream, mode);
        }
    }

    private void end(EmulatedStream stream, MemorySegment to) {
        Native.putLong(to, 0, "phGraph");
        synchronized (driver.order) {
            Capture capture = stream.capture;
            if (capture == null) {
                throw new CudaError(CudaApi.CUDA_ERROR_ILLEGAL_STATE(), "the stream is not being captured");
            }
            if (capture.origin != stream) {
                capture.invalidate("its end was asked for on another stream than the one it began on");
                throw new CudaError(CudaApi.CUDA_ERROR_STREAM_CAPTURE_UNMATCHED(),
                        "the stream joined the capture by an event; the capture ends on the stream it began on");
            }
            if (capture.mode != CudaApi.CU_STREAM_CAPTURE_MODE_RELAXED()
                    && capture.thread != Thread.currentThread()) {
                throw new CudaError(CudaApi.CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD(),
                        "the capture was begun by another thread and not in relaxed mode: that thread must end it");
            }
            Native.putLong(to, capture.end().handle, "phGraph");
        }
    }

    private void status(EmulatedContext context, EmulatedStream stream, MemorySegment to) {
        synchronized (driver.order) {
            if (stream.kind == EmulatedStream.Kind.LEGACY) {
                // Asking is harmless, so the captures stay valid; but there is no answer.
                for (EmulatedStream other : context.streams()) {
                    if (other.capture != null && other.kind == EmulatedStream.Kind.BLOCKING) {
                        throw new CudaError(CudaApi.CUDA_ERROR_STREAM_CAPTURE_IMPLICIT(),
                                "a blocking stream is being captured while the default stream is asked about");
                    }
                }
            }
            Native.putInt(to,
                    stream.capture == null
                            ? CudaApi.CU_STREAM_CAPTURE_STATUS_NONE()
                            : stream.capture.valid()
                                    ? CudaApi.CU_STREAM_CAPTURE_STATUS_ACTIVE()
                                    : CudaApi.CU_STREAM_CAPTURE_STATUS_INVALIDATED(),
                    "captureStatus");
        }
    }
}
