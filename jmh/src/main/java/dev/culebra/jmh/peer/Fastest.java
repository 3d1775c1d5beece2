package dev.culebra.jmh.peer;

import dev.culebra.driver.CudaException;
import dev.culebra.driver.Event;
import dev.culebra.driver.Graph;
import dev.culebra.driver.GraphExec;
import dev.culebra.driver.Stream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Takes the fastest of several ways to compute the same. They are timed as the products will be: over all copies in turns,
 * so that weights come from memory where the copies are larger than the cache, and from a graph, so that the device never
 * waits for the host. Those that come out close are timed again, in turns: the least of many noisy times is often just the
 * luckiest.
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
    private static final int FINALISTS = 4;
    private static final float CLOSE = 1.15f;
    private static final int FINAL_ROUNDS = 15;

    private final Stream stream;
    private final int copies;
    private final Event begin;
    private final Event end;
    private final List<Timed> finalists = new ArrayList<>(); // the fastest first
    private int ran;
    private RuntimeException refusal;

    /** A way, a batch of it as a graph, and milliseconds a launch. */
    private record Timed(Way way, GraphExec batch, int launches, float time) {

        void close() {
            try (way; batch) {
                // Both.
            }
        }
    }

    Fastest(Stream stream, int copies) {
        this.stream = stream;
        this.copies = copies;
        begin = stream.context().newTimingEvent();
        end = stream.context().newTimingEvent();
    }

    /** Times a way and keeps or closes it. One that the library refuses to launch, or to capture, loses. */
    void offer(W way) {
        Timed timed = null;
        try {
            timed = timed(way);
            ran++;
        } catch (PeerException | CudaException e) {
            if (refusal == null) refusal = e;
        } finally {
            if (timed == null) way.close();
        }
        if (timed == null) return;
        finalists.add(timed);
        finalists.sort(Comparator.comparing(Timed::time));
        while (finalists.size() > FINALISTS || finalists.getLast().time > CLOSE * finalists.getFirst().time) {
            finalists.removeLast().close();
        }
    }

    /** Closes a way that was refused before it could be launched. */
    void refuse(W way, RuntimeException why) {
        if (refusal == null) refusal = why;
        way.close();
    }

    /** How many ran, of those that were offered. */
    int ran() { return ran; }

    /**
     * The fastest, now the caller's to close.
     *
     * @throws PeerException where none ran
     */
    @SuppressWarnings("unchecked") // only W are offered
    W take() {
        if (finalists.isEmpty()) {
            throw refusal != null ? refusal : new PeerException("the library offers no algorithm for this");
        }
        Timed best = finalists.size() == 1 ? finalists.getFirst() : best();
        finalists.remove(best);
        best.batch.close();
        return (W) best.way;
    }

    private Timed best() {
        float[][] times = new float[finalists.size()][FINAL_ROUNDS];
        for (int round = 0; round < FINAL_ROUNDS; round++) {
            for (int i = 0; i < times.length; i++) times[i][round] = milliseconds(finalists.get(i).batch);
        }
        int best = 0;
        float least = Float.POSITIVE_INFINITY;
        for (int i = 0; i < times.length; i++) {
            Arrays.sort(times[i]);
            float median = times[i][FINAL_ROUNDS / 2] / finalists.get(i).launches;
            if (median < least) {
                least = median;
                best = i;
            }
        }
        return finalists.get(best);
    }

    /** The least of three batches; null for what has no chance. */
    private Timed timed(Way way) {
        // The first loads code and may be refused; the others tell how long a batch has to be: the least, since the host may stand still in one.
        way.launch(0);
        float once = Float.POSITIVE_INFINITY;
        for (int i = 1; i <= 3; i++) {
            int copy = (copies - 1) * i % copies;
            once = Math.min(once, milliseconds(() -> way.launch(copy)));
        }
        if (!finalists.isEmpty() && once > 2 * finalists.getFirst().time + 0.1f) return null;
        int launches = Math.clamp((long) Math.ceil(BATCH_MILLISECONDS / once), 2, Math.max(LONGEST_BATCH, copies));
        GraphExec batch;
        try (Graph graph = stream.capture(() -> {
            for (int i = 0; i < launches; i++) way.launch(i % copies);
        })) {
            batch = graph.instantiate();
        }
        boolean timed = false;
        try {
            batch.launch(stream);
            float least = Float.POSITIVE_INFINITY;
            for (int i = 0; i < 3; i++) least = Math.min(least, milliseconds(batch));
            timed = true;
            return new Timed(way, batch, launches, least / launches);
        } finally {
            if (!timed) batch.close();
        }
    }

    private float milliseconds(GraphExec batch) { return milliseconds(() -> batch.launch(stream)); }

    private float milliseconds(Runnable work) {
        stream.record(begin);
        work.run();
        stream.record(end);
        end.synchronize();
        return end.millisecondsSince(begin);
    }

    @Override
    public void close() {
        try (begin; end) {
            while (!finalists.isEmpty()) finalists.removeLast().close();
        }
    }
}
