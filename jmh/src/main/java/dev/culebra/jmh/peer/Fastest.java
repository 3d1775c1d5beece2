package dev.culebra.jmh.peer;

import dev.culebra.driver.CudaException;
import dev.culebra.driver.Event;
import dev.culebra.driver.Graph;
import dev.culebra.driver.GraphExec;
import dev.culebra.driver.Stream;

/**
 * Takes the fastest of several ways to compute the same. They are timed as the products will be: over all copies in turns,
 * so that weights come from memory where the copies are larger than the cache, and from a graph, so that the device never
 * waits for the host.
 *
 * @param <W> the ways; those that lose are closed
 */
final class Fastest<W extends Fastest.Way> implements AutoCloseable {

    /** One of them. */
    interface Way extends AutoCloseable {

        /** Enqueues it once. */
        void launch(int copy);

        @Override
        void close();
    }

    /** A batch this long outweighs the microsecond that an event and a graph's start cost. */
    private static final float BATCH_MILLISECONDS = 1;
    private static final int LONGEST_BATCH = 64;

    private final Stream stream;
    private final int copies;
    private final Event begin;
    private final Event end;
    private W best;
    private float bestTime = Float.POSITIVE_INFINITY;
    private int tried;
    private int refused;
    private RuntimeException refusal;

    Fastest(Stream stream, int copies) {
        this.stream = stream;
        this.copies = copies;
        begin = stream.context().newTimingEvent();
        end = stream.context().newTimingEvent();
    }

    /** Times a way and keeps or closes it. One that the library refuses to launch, or to capture, loses. */
    void offer(W way) {
        tried++;
        boolean wins = false;
        try {
            float time = milliseconds(way);
            if (time < bestTime) {
                wins = true;
                if (best != null) best.close();
                best = way;
                bestTime = time;
            }
        } catch (PeerException | CudaException e) {
            refused++;
            if (refusal == null) refusal = e;
        } finally {
            if (!wins) way.close();
        }
    }

    /** Counts and closes a way that was refused before it could be launched. */
    void refuse(W way, RuntimeException why) {
        tried++;
        refused++;
        if (refusal == null) refusal = why;
        way.close();
    }

    /** How many of them ran. */
    int ran() { return tried - refused; }

    /**
     * The fastest, now the caller's to close.
     *
     * @throws PeerException where none ran
     */
    W take() {
        if (best == null)
            throw refusal != null ? refusal : new PeerException("the library offers no algorithm for this");
        W taken = best;
        best = null;
        return taken;
    }

    /** Milliseconds a launch; the least of three batches, as nothing makes a kernel faster than it is. */
    private float milliseconds(W way) {
        // The first loads code and may be refused; the second tells how long a batch has to be.
        way.launch(0);
        float once = timed(() -> way.launch(copies - 1));
        if (once > 2 * bestTime + 0.1f) return once;
        int batch = Math.clamp((long) Math.ceil(BATCH_MILLISECONDS / once), 2,
                Math.max(LONGEST_BATCH, copies));
        try (Graph graph = stream.capture(() -> {
            for (int i = 0; i < batch; i++) way.launch(i % copies);
        }); GraphExec exec = graph.instantiate()) {
            exec.launch(stream);
            float least = Float.POSITIVE_INFINITY;
            for (int i = 0; i < 3; i++) least = Math.min(least, timed(() -> exec.launch(stream)));
            return least / batch;
        }
    }

    private float timed(Runnable work) {
        stream.record(begin);
        work.run();
        stream.record(end);
        end.synchronize();
        return end.millisecondsSince(begin);
    }

    @Override
    public void close() {
        try (begin; end) {
            if (best != null) best.close();
        }
    }
}
