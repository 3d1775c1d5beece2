package dev.culebra.spmm;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * A fixed number of threads that help callers. Small products come one after another, a layer at a time, and last some tens
 * of microseconds, which is what it takes to wake a thread: one that has nothing to do looks for work a little longer before
 * it sleeps.
 */
final class CpuCrew implements AutoCloseable {

    /** Longer than a model does other things between two products, shorter than anybody notices. */
    static final long SPIN_NANOS = 50_000;

    private final Queue<Runnable> work = new ConcurrentLinkedQueue<>();
    private final Queue<Helper> asleep = new ConcurrentLinkedQueue<>();
    private final Helper[] helpers;
    private volatile boolean closed;

    CpuCrew(int threads) {
        helpers = new Helper[threads];
        for (int i = 0; i < threads; i++) {
            helpers[i] = new Helper();
            helpers[i].thread = Thread.ofPlatform().name("culebra-spmm-" + i).daemon().start(helpers[i]);
        }
    }

    /** Lets some helpers, or all, run the task, each once, now or later. The task must not throw. */
    void help(Runnable task, int times) {
        int most = Math.min(times, helpers.length);
        for (int i = 0; i < most; i++) {
            work.add(task);
        }
        for (int i = 0; i < most; i++) {
            Helper h = asleep.poll();
            if (h == null) {
                return; // the others are awake, and look before they sleep
            }
            h.wake();
        }
    }

    /** Lets the threads end when they have done what they were given. */
    @Override
    public void close() {
        closed = true;
        for (Helper h : helpers) {
            h.wake();
        }
    }

    private final class Helper implements Runnable {

        private final AtomicBoolean awake = new AtomicBoolean(true);
        private Thread thread;

        void wake() {
            awake.set(true);
            LockSupport.unpark(thread);
        }

        @Override
        public void run() {
            while (true) {
                Runnable task = look();
                if (task != null) {
                    task.run();
                } else if (closed) {
                    return;
                } else {
                    sleep();
                }
            }
        }

        private Runnable look() {
            long until = System.nanoTime() + SPIN_NANOS;
            do {
                for (int i = 0; i < 16; i++) {
                    Runnable task = work.poll();
                    if (task != null) {
                        return task;
                    }
                    Thread.onSpinWait();
                }
            } while (!closed && System.nanoTime() < until);
            return null;
        }

        /** Lies down first and looks again then, so that work which came in between is not slept through. */
        private void sleep() {
            awake.set(false);
            asleep.add(this);
            while (work.isEmpty() && !closed && !awake.get()) {
                LockSupport.park(CpuCrew.this);
            }
            asleep.remove(this); // unless who woke it did
            awake.set(true);
        }
    }
}
