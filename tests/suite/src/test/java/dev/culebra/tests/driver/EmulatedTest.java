package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.Stream;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What tests of the driver layer on the emulated driver share: two devices, a context and a stream on the first. Closing the
 * context after each test fails where the test left something open.
 */
abstract class EmulatedTest {

    /** Enough for what the tests allocate, little enough to be run out of. */
    static final long DEVICE_BYTES = 256L << 20;

    /** One for all tests; those that break a context make their own. */
    static final Cuda CUDA = newCuda();

    /** Longer than any machine needs; only a test that fails waits for it. */
    static final long PATIENCE_SECONDS = 20;

    Context context;
    Stream stream;

    static Cuda newCuda() {
        return Cuda.open(new EmulatorProvider(
                EmulatorOptions.DEFAULT.withDevices(2).withMemory(DEVICE_BYTES).withWorkers(2)));
    }

    @BeforeEach
    void open() {
        context = CUDA.device(0).context();
        stream = context.newStream();
    }

    @AfterEach
    void close() {
        stream.close();
        context.close();
    }

    /** Holds a stream up until it is opened. */
    static final class Gate implements AutoCloseable {

        private final CountDownLatch latch = new CountDownLatch(1);

        Gate(Stream stream) {
            stream.call(() -> {
                try {
                    latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
        }

        @Override
        public void close() { latch.countDown(); }
    }

    static void contains(String text, String... parts) {
        for (String part : parts) assertTrue(text.contains(part), () -> "'" + part + "' is not in: " + text);
    }
}
