package dev.culebra.jmh.gpu;

/**
 * How often something is launched to be timed.
 *
 * @param batches how many are timed
 * @param leastLaunches of a batch
 * @param leastUs what a batch takes at least, in microseconds, where it has not too many launches for that. Events are a microsecond or so apart
 *        from what they enclose, so that is a thousandth of 2 ms
 * @param leadUs what the launches before a batch take that are not timed: the host has so long to enqueue these and the batch. A library's product of
 *        five calls takes it 15 microseconds
 * @param mostThrownAway batches that may be done again because the device may have waited for the host: what enqueues them may not be compiled yet,
 *        which some thousand calls cure
 * @param warmUps launches before anything is timed: they are compiled then, so that the host is ahead of the device, whose clocks
 *        have risen
 */
record Pace(int batches, int leastLaunches, double leastUs, double leadUs, int mostThrownAway, int warmUps) {

    static final Pace FULL = new Pace(11, 10, 2000, 3000, 200, 50_000);
    static final Pace QUICK = new Pace(7, 10, 2000, 3000, 200, 50_000);
    static final Pace REHEARSAL = new Pace(2, 2, 0, 0, 2, 0);

    /** For choosing among candidates, before the best one is timed. */
    Pace look() {
        return new Pace(Math.min(3, batches), leastLaunches, leastUs / 4, leadUs, mostThrownAway / 4, 0);
    }
}
