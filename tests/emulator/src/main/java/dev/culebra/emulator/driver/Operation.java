package dev.culebra.emulator.driver;

import java.util.List;

/** One piece of work on its way through a stream: what it waits for, whether it is done, and when it was. */
final class Operation {

    private Work work;
    private List<Operation> after;
    private boolean done;
    private long finishedNanos;

    Operation(Work work, List<Operation> after) {
        this.work = work;
        this.after = after;
    }

    /** Runs on the stream's thread: waits for what comes before, then works, unless the context has failed. */
    void execute(EmulatedContext context) {
        try {
            for (Operation before : after) {
                before.await();
            }
            if (context.fault() == null) {
                work.action().run();
            }
        } catch (Throwable t) {
            context.fail(work.label(), t);
        } finally {
            synchronized (this) {
                // Events and streams keep their last operation: what it held on to is not kept with it.
                after = List.of();
                work = null;
                finishedNanos = System.nanoTime();
                done = true;
                notifyAll();
            }
        }
    }

    synchronized boolean done() { return done; }

    synchronized long finishedNanos() { return finishedNanos; }

    /** Waits until it is done; an interrupt is kept for later, for a driver's waits do not end by one. */
    void await() {
        boolean interrupted = false;
        synchronized (this) {
            while (!done) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
