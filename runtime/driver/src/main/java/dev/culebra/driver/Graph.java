package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Work that was captured and can be launched as a whole, once it is instantiated. What it uses (buffers, page-locked memory,
 * modules) can not be closed before it. Not to be used from several threads at once.
 */
public final class Graph implements AutoCloseable {

    private final Context context;
    private final MemorySegment handle;
    private final Map<Lifetime, Uses> touched;
    private final Lifetime lifetime;

    private Graph(Context context, MemorySegment handle, Map<Lifetime, Uses> touched) {
        this.context = context;
        this.handle = handle;
        this.touched = touched;
        this.lifetime = Lifetime.owned(this, "graph " + Handles.text(handle), owners().toArray(new Lifetime[0]));
    }

    static Graph empty(Context context) {
        return new Graph(context, context.driver().graphs.create(context.raw()), Map.of());
    }

    static <X extends Exception> Graph captured(Stream stream, Stream.Work<X> work) throws X {
        CheckedStreams streams = stream.driver().streams;
        // Relaxed, since the other modes bind a capture to an OS thread, and a virtual thread may change its.
        Capture capture = new Capture();
        stream.joinCapture(capture, () -> streams.beginCapture(stream.rawContext(), stream.raw(),
                CudaApi.CU_STREAM_CAPTURE_MODE_RELAXED()));
        boolean enqueued = false;
        try {
            work.run();
            enqueued = true;
        } finally {
            if (!enqueued) discard(stream, capture);
        }
        MemorySegment handle;
        Map<Lifetime, Uses> touched;
        try {
            handle = streams.endCapture(stream.rawContext(), stream.raw());
        } finally {
            touched = capture.end();
        }
        return new Graph(stream.context(), handle, touched);
    }

    /** The work failed, which is what the caller has to hear of; what the driver says to an end then is of no interest. */
    private static void discard(Stream stream, Capture capture) {
        try {
            MemorySegment half = stream.driver().streams.endCapture(stream.rawContext(), stream.raw());
            if (half.address() != 0) stream.driver().graphs.destroy(stream.rawContext(), half);
        } catch (CudaException expected) {
            // Such as that the capture was invalidated.
        } finally {
            capture.end();
        }
    }

    MemorySegment raw() {
        lifetime.check();
        return handle;
    }

    Context context() { return context; }

    /** What has to outlive it, and what is instantiated from it. */
    Collection<Lifetime> owners() {
        List<Lifetime> owners = new ArrayList<>(touched.keySet());
        owners.add(context.lifetime());
        return owners;
    }

    List<Uses> uses() { return List.copyOf(touched.values()); }

    /**
     * The driver's handle, to lend to another library.
     *
     * @return the {@code CUgraph}
     */
    public long handle() { return handle.address(); }

    /**
     * Makes a form of it that can be launched. The graph may be closed after that.
     *
     * @return the form, to be closed before what it uses
     */
    public GraphExec instantiate() {
        return new GraphExec(this, context.driver().graphs.instantiate(context.raw(), raw()));
    }

    /** Destroys the graph, not what was instantiated from it. A second call does nothing. */
    @Override
    public void close() { lifetime.close(() -> context.driver().graphs.destroy(context.raw(), handle)); }

    @Override
    public String toString() { return lifetime.name(); }
}
