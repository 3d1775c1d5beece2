package dev.culebra.tests.emulator.check;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.CudaException;
import java.util.ArrayDeque;
import java.util.Deque;

/** What a test has opened, closed the last first; a context may have failed in between. */
final class Opened {

    private final Deque<AutoCloseable> all = new ArrayDeque<>();

    /** Keeps something, and gives it back. */
    <T extends AutoCloseable> T add(T t) {
        all.push(t);
        return t;
    }

    void close() {
        while (!all.isEmpty()) {
            try {
                all.pop().close();
            } catch (Exception e) {
                assertTrue(e instanceof CudaException, e::toString); // a context that has failed says so once more
            }
        }
    }
}
