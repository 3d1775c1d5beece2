package dev.culebra.jmh.gpu;

/**
 * How often something is launched to be timed.
 *
 * @param batches how many are timed
 * @param leastLaunches of a batch
 * @param leastUs what a batch takes at least, in microseconds. Events are a microsecond or so apart from what they enclose and the
 *        first launch waits for nothing, so that is a thousandth of 2 ms
 * @param warmUps launches before anything is timed: they are compiled then, so that the host is ahead of the device, whose clocks
 *        have risen
 */
record Pace(int batches, int leastLaunches, double leastUs, int warmUps) {

    static final Pace FULL = new Pace(11, 10, 2000, 50_000);
    static final Pace QUICK = new Pace(7, 10, 2000, 50_000);
    static final Pace REHEARSAL = new Pace(2, 2, 0, 0);

    /** For choosing among candidates, before the best one is timed. */
    Pace look() {
        return new Pace(Math.min(3, batches), leastLaunches, leastUs / 4, 0);
    }
}
