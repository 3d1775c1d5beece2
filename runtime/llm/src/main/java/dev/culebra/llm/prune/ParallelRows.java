package dev.culebra.llm.prune;

import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/** Work that rows, or groups of rows, do not share, on as many threads as there are. */
final class ParallelRows {
    /** Does the work. */
    @FunctionalInterface
    interface Task {
        /** For the rows from the first to before the last. */
        void run(int from, int to);
    }

    private ParallelRows() {}

    /** Runs a task for each number from 0 to before {@code count}; throws what one of them threw. */
    static void forEach(int count, IntConsumer task) {
        try {
            IntStream.range(0, count).parallel().forEach(task);
        } catch (IllegalArgumentException | ArithmeticException e) {
            // What another thread threw comes as the cause of one of the same class, which has no message of its own.
            if (e.getCause() instanceof IllegalArgumentException cause) throw cause;
            if (e.getCause() instanceof ArithmeticException cause) throw cause;
            throw e;
        }
    }

    /** Runs a task for groups of rows. */
    static void forEachGroup(int rows, int group, Task task) {
        forEach(Math.ceilDiv(rows, group), g -> task.run(g * group, Math.min(rows, (g + 1) * group)));
    }
}
