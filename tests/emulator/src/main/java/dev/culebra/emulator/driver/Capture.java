package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A capture in progress: what is put on its streams becomes nodes of a graph. Begun on one stream, joined by others that
 * wait for an event recorded in it. Guarded by the driver's order lock.
 */
final class Capture {

    final EmulatedStream origin;
    final int mode;
    final Thread thread;
    final EmulatedGraph graph;

    /** For each stream of the capture the nodes that its next one depends on. */
    private final Map<EmulatedStream, Set<GraphNode>> frontiers = new LinkedHashMap<>();
    /** Why it was lost, or null. Other threads read and set it without the lock when they call what is forbidden. */
    private volatile String invalid;

    Capture(EmulatedStream origin, int mode) {
        this.origin = origin;
        this.mode = mode;
        this.thread = Thread.currentThread();
        this.graph = new EmulatedGraph(origin.context.driver);
        frontiers.put(origin, Set.of());
        origin.capture = this;
    }

    void add(EmulatedStream stream, Work work) {
        checkValid();
        Set<GraphNode> after = frontiers.get(stream);
        frontiers.put(stream, Set.of(graph.add(work.behind(after), after)));
    }

    Set<GraphNode> frontier(EmulatedStream stream) {
        checkValid();
        return frontiers.get(stream);
    }

    /** A stream waits for nodes of the capture: it joins if it was not in it. */
    void join(EmulatedStream stream, Set<GraphNode> nodes) {
        checkValid();
        if (stream.capture != null && stream.capture != this) {
            invalidate("two captures were to be merged");
            stream.capture.invalidate("two captures were to be merged");
            throw new CudaError(CudaApi.CUDA_ERROR_STREAM_CAPTURE_MERGE(),
                    "the event was recorded in one capture and the stream takes part in another: captures can not merge");
        }
        if (stream.kind == EmulatedStream.Kind.LEGACY) {
            throw implicit("waiting for a captured event");
        }
        stream.capture = this;
        Set<GraphNode> all = new HashSet<>(frontiers.getOrDefault(stream, Set.of()));
        all.addAll(nodes);
        frontiers.put(stream, Set.copyOf(all));
    }

    boolean valid() { return invalid == null; }

    void invalidate(String why) {
        if (invalid == null) {
            invalid = why;
        }
    }

    void checkValid() {
        if (invalid != null) {
            throw new CudaError(CudaApi.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED(),
                    "the capture of this stream was invalidated before: " + invalid);
        }
    }

    /** A call that can not be captured; the capture is lost. */
    CudaError refuse(String call) {
        invalidate(call + " is not allowed on a stream that is being captured");
        return new CudaError(CudaApi.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED(), invalid);
    }

    CudaError isolation(String what) {
        invalidate("it would depend on " + what);
        return new CudaError(CudaApi.CUDA_ERROR_STREAM_CAPTURE_ISOLATION(),
                "captured work would depend on " + what + ": a graph holds only dependencies within itself");
    }

    CudaError implicit(String call) {
        invalidate(call + " on the default stream would depend on it");
        return new CudaError(CudaApi.CUDA_ERROR_STREAM_CAPTURE_IMPLICIT(), call
                + " on the legacy default stream would depend on a stream that is being captured; use another stream");
    }

    /** Ends it, whatever comes of it: all its streams are free again. */
    EmulatedGraph end() {
        Set<GraphNode> joined = new HashSet<>();
        frontiers.get(origin).forEach(n -> reach(n, joined));
        boolean unjoined = frontiers.values().stream().anyMatch(f -> !joined.containsAll(f));
        frontiers.keySet().forEach(s -> s.capture = null);
        graph.driver.captures.remove(this);
        if (invalid != null || unjoined) {
            graph.destroy();
        }
        checkValid();
        if (unjoined) {
            throw new CudaError(CudaApi.CUDA_ERROR_STREAM_CAPTURE_UNJOINED(),
                    "a stream joined the capture by an event and has work that the first stream never waited for; "
                            + "record an event there and let the first stream wait for it before the end");
        }
        return graph;
    }

    /** The nodes of a graph are in an order of their own, so recursion is no deeper than needed: go by a list. */
    private static void reach(GraphNode node, Set<GraphNode> seen) {
        java.util.ArrayDeque<GraphNode> open = new java.util.ArrayDeque<>();
        open.add(node);
        while (!open.isEmpty()) {
            GraphNode next = open.remove();
            if (seen.add(next)) {
                open.addAll(next.after());
            }
        }
    }
}
