package dev.culebra.driver;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The launches that are under way on a stream: between the look whether all that they use is open and the driver's
 * answer. One count for a launch, whatever it uses: counting at the kernel's module and at each buffer would be two
 * atomic operations more for each of them.
 *
 * <p>
 * A launch enters here, then marks the stream as a {@linkplain Uses use} of a thing, then looks whether the thing is
 * open. Who closes it first says so, then asks for the streams of its uses, then waits here for each. So either the
 * launch sees that it is closed, or who closes it sees the stream and waits for the launch.
 */
final class Launches {

    /** Two, so that who waits has an end although others launch on: new ones take the other. */
    private final AtomicInteger[] counts = {new AtomicInteger(), new AtomicInteger()};
    private volatile AtomicInteger current = counts[0];
    private final ReentrantLock waiting = new ReentrantLock();

    /** Begins a launch. Gives what has to be given to {@link #exit}. Allocates nothing. */
    AtomicInteger enter() {
        AtomicInteger count = current;
        count.incrementAndGet();
        return count;
    }

    static void exit(AtomicInteger entered) { entered.decrementAndGet(); }

    /**
     * Waits for the launches that have begun: each was counted in one of the two, and so is over when both were seen at 0.
     */
    void await() {
        if (counts[0].get() == 0 && counts[1].get() == 0) return;
        waiting.lock();
        try {
            for (int turn = 0; turn < 2; turn++) {
                AtomicInteger before = current;
                current = before == counts[0] ? counts[1] : counts[0];
                Patience.until(() -> before.get() == 0);
            }
        } finally {
            waiting.unlock();
        }
    }
}
