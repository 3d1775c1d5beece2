package dev.culebra.jmh.gpu;

import dev.culebra.driver.Context;
import dev.culebra.driver.Event;
import dev.culebra.driver.Stream;
import dev.culebra.jmh.results.Samples;
import java.util.function.IntConsumer;

/**
 * Device time of something that is launched again and again: events around batches of launches, enqueued back to back, so that
 * the gaps between launches on the device count, as they do in use, and the host's own time does not. One thread.
 */
final class Batches implements AutoCloseable {

    private static final int MOST_LAUNCHES = 1000; // about what a driver's queue holds: past it the host has to wait

    /**
     * Batches that may be thrown away, for each that is kept, because the host was slower than the device: what enqueues them may not be compiled yet
     * (a first cuBLASLt product was timed at 141 microseconds instead of 76 for that), which some thousand calls cure.
     */
    private static final int MOST_THROWN_AWAY = 20;

    private final Stream stream;
    private final Event begin;
    private final Event end;

    /**
     * What came out.
     *
     * @param samples microseconds of a launch, one sample a batch
     * @param last which place of the ring the last launch read
     * @param hostBound whether the host took as long to enqueue some batch as the device to run it, however often that batch was
     *        done again: then the host was timed
     */
    record Timed(Samples samples, int last, boolean hostBound) {}

    Batches(Context context) {
        stream = context.newStream();
        begin = context.newTimingEvent();
        end = context.newTimingEvent();
    }

    Stream stream() { return stream; }

    /**
     * Times. When it returns everything is done.
     *
     * @param pace how often
     * @param ring places that launches take in turns; each is taken equally often in a batch
     * @param before enqueues what has to be done before each batch, and is not timed
     * @param launch enqueues one launch, for a place of the ring
     * @return times
     */
    Timed time(Pace pace, int ring, Runnable before, IntConsumer launch) {
        batch(ring, ring, before, launch); // what is done once: modules come to the device, memory is touched
        double us = batch(rounded(pace.leastLaunches(), ring), ring, before, launch).us;
        int launches = rounded((int) Math.clamp(pace.leastUs() / us, pace.leastLaunches(), MOST_LAUNCHES), ring);
        double[] samples = new double[pace.batches()];
        int toThrowAway = MOST_THROWN_AWAY * samples.length;
        int slow = 0;
        for (int i = 0; i < samples.length; i++) {
            Batch b = batch(launches, ring, before, launch);
            while (b.isHostBound() && toThrowAway-- > 0) b = batch(launches, ring, before, launch);
            samples[i] = b.us;
            slow += b.isHostBound() ? 1 : 0;
        }
        return new Timed(Samples.of(samples), (launches - 1) % ring, slow > 0);
    }

    private static int rounded(int launches, int ring) { return (launches + ring - 1) / ring * ring; }

    /** Of one launch. */
    private record Batch(double us, double hostUs) {
        boolean isHostBound() { return hostUs > 0.95 * us; }
    }

    private Batch batch(int launches, int ring, Runnable before, IntConsumer launch) {
        before.run();
        stream.record(begin);
        long start = System.nanoTime();
        for (int i = 0; i < launches; i++) {
            launch.accept(i % ring);
        }
        double hostUs = (System.nanoTime() - start) / 1e3 / launches;
        stream.record(end);
        end.synchronize();
        // the device's clock counts half microseconds; one that counts nothing must not give a time of 0
        return new Batch(Math.max(end.millisecondsSince(begin) * 1e3, 0.5) / launches, hostUs);
    }

    @Override
    public void close() {
        end.close();
        begin.close();
        stream.close();
    }
}
