package dev.culebra.cli;

import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A bar on standard error for work that takes longer than a second, if standard error is a terminal; nothing otherwise.
 * Steps may be counted by any thread.
 */
public final class Progress implements AutoCloseable {
    /** Set by the launcher where standard error is a terminal: Java can not tell by itself. */
    static final String TERMINAL = "culebra.terminal";

    /** For work whose steps can not be counted. */
    static final long UNKNOWN = -1;

    /** For work of which each step tells how many there are. */
    public static final long TOLD = 0;

    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final Duration REFRESH = Duration.ofMillis(100);
    private static final int WIDTH = 79;

    private final AtomicLong done = new AtomicLong();
    private final AtomicLong all;
    private final Thread painter;
    private volatile String note = "";

    Progress(String task, long steps, PrintStream err) {
        all = new AtomicLong(steps);
        painter = Boolean.getBoolean(TERMINAL)
                ? Thread.ofPlatform().daemon().name("culebra-progress").start(() -> paint(task, steps, err))
                : null;
    }

    /**
     * Counts.
     *
     * @param steps how many more are done
     */
    public void step(long steps) { done.addAndGet(steps); }

    /**
     * Counts.
     *
     * @param steps how many are done in all
     */
    public void stepTo(long steps) { done.set(steps); }

    /**
     * Counts, where the number of steps was not known before.
     *
     * @param steps how many are done in all
     * @param of how many there are
     */
    public void stepTo(long steps, long of) {
        all.set(of);
        done.set(steps);
    }

    /**
     * Something to show beside the bar.
     *
     * @param text a few words
     */
    public void note(String text) { note = text; }

    @Override
    public void close() {
        if (painter == null) return;
        painter.interrupt();
        try {
            // What is printed next must not run into the bar.
            painter.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void paint(String task, long steps, PrintStream err) {
        try {
            Thread.sleep(PATIENCE);
        } catch (InterruptedException e) {
            return;
        }
        var consumer = new DelegatingProgressBarConsumer(line -> {
            err.print("\r" + line);
            err.flush();
        }, WIDTH);
        var builder = new ProgressBarBuilder().setTaskName(task).setInitialMax(steps).setConsumer(consumer)
                .setStyle(ProgressBarStyle.ASCII).startsFrom(0, PATIENCE)
                .setUpdateIntervalMillis((int) REFRESH.toMillis());
        // Without a number of steps there is nothing to draw but the time.
        if (steps == UNKNOWN) {
            builder.setRenderer((state, width) -> task + " ... " + state.getTotalElapsed().toSeconds() + " s");
        }
        try (ProgressBar bar = builder.build()) {
            while (true) {
                if (steps != UNKNOWN) bar.maxHint(all.get());
                bar.setExtraMessage(note);
                bar.stepTo(done.get());
                Thread.sleep(REFRESH);
            }
        } catch (InterruptedException e) {
            // The work is done.
        }
        err.print("\r" + " ".repeat(WIDTH) + "\r");
        err.flush();
    }
}
