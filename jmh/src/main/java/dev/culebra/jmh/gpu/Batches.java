package dev.culebra.jmh.gpu;

import dev.culebra.driver.Context;
import dev.culebra.driver.Event;
import dev.culebra.driver.Stream;
import dev.culebra.jmh.results.Samples;
import java.util.function.IntConsumer;

/**
 * Device time of something that is launched again and again: events around batches of launches, enqueued back to back, so that
 * the gaps between launches on the device count, as they do in use, and the host's own time does not. One thread.
 *
 * <p>
 * Each batch is led by launches that are not timed. While the device is at these the host enqueues the batch; if the device has not come to the
 * batch's beginning when the host is done with its end, it never waited for the host. Else the batch is done again. (Comparing sums of both
 * times is not enough: a host that stands still once, at a batch's beginning, made a median of 78 microseconds with a spread of 246%.)
 */
final class Batches implements AutoCloseable {

    /** Of a batch. With those that lead it, and both rounded up to a ring, less than a driver's queue of 1,024 holds: past that the host has to wait. */
    private static final int MOST_LAUNCHES = 160;

    private static final int MOST_LEADING = 640;

    private final Stream stream;
    private final Event begin;
    private final Event end;

    /**
     * What came out.
     *
     * @param samples microseconds of a launch, one sample a batch
     * @param hostBound whether the device may have waited for the host in some batch, however often that was done again: then
     *        the host was timed
     */
    record Timed(Samples samples, boolean hostBound) {}

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
        batch(0, ring, ring, before, launch); // what is done once: modules come to the device, memory is touched
        double us = batch(0, rounded(pace.leastLaunches(), ring), ring, before, launch).us;
        double[] samples = new double[pace.batches()];
        int toThrowAway = pace.mostThrownAway();
        boolean hostBound = false;
        for (int i = 0; i < samples.length; i++) {
            Batch b = batch(pace, us, ring, before, launch);
            while (!b.hostAhead && toThrowAway-- > 0) {
                us = Math.min(us, b.us); // the host may have been timed before: then batches were too short
                b = batch(pace, us, ring, before, launch);
            }
            samples[i] = b.us;
            hostBound |= !b.hostAhead;
        }
        return new Timed(Samples.of(samples), hostBound);
    }

    private static int launches(double wanted, int least, int most, int ring) {
        return rounded((int) Math.clamp(Math.ceil(wanted), least, most), ring);
    }

    private static int rounded(int launches, int ring) { return (launches + ring - 1) / ring * ring; }

    /** Of one launch, and whether the device surely never waited for the host. */
    private record Batch(double us, boolean hostAhead) {}

    /** As long as the pace says where a launch takes so many microseconds. */
    private Batch batch(Pace pace, double us, int ring, Runnable before, IntConsumer launch) {
        return batch(launches(pace.leadUs() / us, 0, MOST_LEADING, ring),
                launches(pace.leastUs() / us, pace.leastLaunches(), MOST_LAUNCHES, ring), ring, before, launch);
    }

    private Batch batch(int leading, int launches, int ring, Runnable before, IntConsumer launch) {
        before.run();
        for (int i = 0; i < leading; i++) {
            launch.accept(i % ring);
        }
        stream.record(begin);
        for (int i = 0; i < launches; i++) {
            launch.accept(i % ring);
        }
        stream.record(end);
        boolean hostAhead = !begin.isDone();
        end.synchronize();
        // the device's clock counts half microseconds; one that counts nothing must not give a time of 0
        return new Batch(Math.max(end.millisecondsSince(begin) * 1e3, 0.5) / launches, hostAhead);
    }

    @Override
    public void close() {
        end.close();
        begin.close();
        stream.close();
    }
}
