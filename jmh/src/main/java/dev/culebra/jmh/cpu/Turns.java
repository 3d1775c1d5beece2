package dev.culebra.jmh.cpu;

import dev.culebra.jmh.results.Samples;
import java.util.Arrays;
import java.util.List;

/**
 * Measures several contestants in one process, a short block of calls each in turns, so that what else the machine does meets all
 * of them. JMH would fork a JVM for each point: hours for hundreds of them.
 *
 * <p>
 * Each call is a sample. Before the first round each is called until two blocks in a row agree within 5%, and the first
 * call of each block is not counted, since others had the caches and the cores before. Its result after the last block is checked.
 */
public final class Turns {

    private static final int LEAST_CALLS = 3;
    private static final int MOST_WARM_UPS = 12;
    private static final double STEADY = .05;

    private final int rounds;
    private final long blockNanos;

    /**
     * Plans.
     *
     * @param rounds how many blocks each has; 1 or more
     * @param blockMillis how long a block lasts at least
     */
    public Turns(int rounds, int blockMillis) {
        if (rounds < 1) throw new IllegalArgumentException("rounds is " + rounds + "; give 1 or more");
        this.rounds = rounds;
        this.blockNanos = blockMillis * 1_000_000L;
    }

    /**
     * Measures.
     *
     * @param contestants who takes turns
     * @return the samples of each, in the same order
     * @throws IllegalStateException if a result is wrong
     * @throws InterruptedException if the thread is interrupted between two blocks
     */
    public List<Samples> measure(List<? extends Contestant> contestants) throws InterruptedException {
        for (Contestant c : contestants) {
            double before = 0;
            for (int i = 0; i < MOST_WARM_UPS; i++) {
                Series block = new Series();
                block(c, block);
                double median = block.samples().medianUs();
                if (Math.abs(median - before) < STEADY * median) break;
                before = median;
            }
            Thread.sleep(c.pauseMillis());
        }
        List<Series> all = contestants.stream().map(c -> new Series()).toList();
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < all.size(); i++) {
                int turn = (round + i) % all.size(); // not always after the same one
                Contestant c = contestants.get(turn);
                c.forget();
                block(c, all.get(turn));
                if (round == rounds - 1) c.check();
                Thread.sleep(c.pauseMillis());
            }
        }
        return all.stream().map(Series::samples).toList();
    }

    private void block(Contestant c, Series to) {
        c.run(to.turn++);
        long end = System.nanoTime() + blockNanos;
        for (int calls = 0; calls < LEAST_CALLS || System.nanoTime() < end; calls++) {
            long from = System.nanoTime();
            c.run(to.turn++);
            to.add((System.nanoTime() - from) / 1e3);
        }
    }

    /** One contestant's samples, in microseconds. */
    private static final class Series {

        private double[] times = new double[1024];
        private int count;
        private int turn;

        void add(double us) {
            if (count == times.length) times = Arrays.copyOf(times, 2 * count);
            times[count++] = us;
        }

        Samples samples() { return Samples.of(Arrays.copyOf(times, count)); }
    }
}
