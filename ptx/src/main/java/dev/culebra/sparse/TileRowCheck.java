package dev.culebra.sparse;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/** What holds a row of tiles against its format's rules; one object a thread. */
interface TileRowCheck {

    /** Bytes that are worth a thread: a millisecond's work. */
    long WORTH_A_THREAD = 4 << 20;

    /** Checks a row of tiles and counts its nonzeros. */
    long check(int tileRow) throws FormatException;

    /** What was found wrong, and where. */
    record Failure(int tileRow, FormatException reason) {}

    /**
     * Checks all rows of tiles on several threads; counts nonzeros. Of several that are wrong the first one is told: rows are
     * taken in order, and those before it are checked to their end.
     */
    static long all(int tileRows, long bytes, Supplier<TileRowCheck> newCheck) throws FormatException {
        LongAdder nonzeros = new LongAdder();
        AtomicInteger next = new AtomicInteger();
        AtomicReference<Failure> first = new AtomicReference<>(new Failure(Integer.MAX_VALUE, null));
        int threads = (int) Math.min(bytes / WORTH_A_THREAD, Runtime.getRuntime().availableProcessors());
        Workers.run(Math.min(threads, tileRows), () -> {
            TileRowCheck check = newCheck.get();
            for (int row = next.getAndIncrement(); row < tileRows && row < first.get().tileRow(); row = next
                    .getAndIncrement()) {
                try {
                    nonzeros.add(check.check(row));
                } catch (FormatException e) {
                    first.accumulateAndGet(new Failure(row, e), (a, b) -> a.tileRow() < b.tileRow() ? a : b);
                }
            }
        });
        if (first.get().reason() != null) {
            throw first.get().reason();
        }
        return nonzeros.sum();
    }
}
