package dev.culebra.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** The same work on numbered blocks, on as many threads as there are, in any order. */
final class Parallel {
    private Parallel() {}

    @FunctionalInterface
    interface Work {
        void run(int block) throws Exception;
    }

    @FunctionalInterface
    interface Count {
        long of(int block);
    }

    /** Returns when all are done, or after the first failure. */
    static void run(int blocks, Work work) throws IOException {
        try {
            IntStream.range(0, blocks).parallel().forEach(block -> {
                try {
                    work.run(block);
                } catch (RuntimeException e) {
                    throw e;
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    static long sum(int blocks, Count count) {
        return LongStream.range(0, blocks).parallel().map(block -> count.of((int) block)).sum();
    }
}
