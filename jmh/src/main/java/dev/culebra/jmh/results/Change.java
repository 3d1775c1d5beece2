package dev.culebra.jmh.results;

/**
 * One measurement in two runs.
 *
 * <p>It got slower, or faster, when the medians lie further apart than both spreads together, and than 3% of the smaller one. Why so:
 * <ul>
 * <li>A spread is the distance of the quartiles, for normal samples 1.35 standard deviations. A median of many samples is far steadier
 * than one sample, but samples of one run share its luck (clocks, where memory lies), which no number of them shows. So a median is
 * taken to be as uncertain as one sample: then a distance of 1.35 (s1 + s2), where chance alone has sqrt(s1^2 + s2^2), comes up by
 * chance in one direction in 3% (s1 = s2) to 9% (one of them 0) of the cases; with medians steadier than that, hardly ever.
 * <li>Few samples may agree by chance and have no spread at all; 3% is what the same build differs by from run to run on machines
 * whose clock is not held.
 * </ul>
 * The rule is the same in both directions: exchanging the runs turns slower into faster.
 *
 * @param key which measurement
 * @param before the row of the earlier run
 * @param after the row of the later run
 */
public record Change(RowKey key, Row before, Row after) {

    /** Share of the smaller median within which two runs are never told apart. */
    private static final double FLOOR = 0.03;

    /** What two runs say of one measurement. */
    public enum Verdict {
        /** More time than before, beyond the spread. */
        SLOWER,
        /** Less time than before, beyond the spread. */
        FASTER,
        /** No difference that these runs could show. */
        SAME
    }

    /**
     * Time after over time before.
     *
     * @return above 1 is slower
     */
    public double ratio() { return after.timeUs() / before.timeUs(); }

    /**
     * The least difference that counts.
     *
     * @return as a share of the time before
     */
    public double tolerance() {
        double spreads = before.spread() * before.timeUs() + after.spread() * after.timeUs();
        return Math.max(FLOOR * Math.min(before.timeUs(), after.timeUs()), spreads) / before.timeUs();
    }

    /**
     * What the two rows say.
     *
     * @return slower, faster or neither
     */
    public Verdict verdict() {
        if (Math.abs(ratio() - 1) <= tolerance()) return Verdict.SAME;
        return ratio() > 1 ? Verdict.SLOWER : Verdict.FASTER;
    }

    /**
     * Whether it is Culebra that changed. What others did tells about the machine: if that changed as well, so did the machine.
     *
     * @return whether the row is one of Culebra's
     */
    public boolean ours() { return after.by().equals("culebra"); }
}
