package dev.culebra.sparse;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Runs one task on several threads and waits for all of them. */
final class Workers {

    private Workers() {}

    /** Runs {@code task} that many times at once; with one thread, on the caller's. Throws what a task threw. */
    static void run(int threads, Runnable task) {
        if (threads <= 1) {
            task.run();
            return;
        }
        try (ExecutorService pool = Executors
                .newFixedThreadPool(threads, Thread.ofPlatform().name("culebra-sparse-", 0).daemon().factory())) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                running.add(pool.submit(task));
            }
            for (Future<?> f : running) {
                f.get();
            }
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException r -> throw r;
                case Error r -> throw r;
                case Throwable t -> throw new IllegalStateException(t);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while its threads were at work", e);
        }
    }
}
