package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.Device;
import dev.culebra.driver.Stream;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/**
 * What tests of the driver layer share: a context and a stream on the first device. Closing the context after each test fails
 * where the test left something open.
 *
 * <p>
 * They run on an emulated driver with two devices, or, with {@code -Dculebra.tests.provider=cuda}, on a real one; there,
 * what only an emulator can do is skipped.
 */
abstract class DriverTest {

    private static final String PROVIDER = System.getProperty("culebra.tests.provider", "emulator");

    /** Enough for what the tests allocate, little enough to be run out of. */
    static final long EMULATED_BYTES = 256L << 20;

    /** One for all tests; those that break a context make their own. Null where there is no such driver. */
    static final Cuda CUDA = isEmulated()
            ? newEmulator()
            : Cuda.available(PROVIDER).available() ? Cuda.open(PROVIDER) : null;

    /** Who asks for a driver wants to hear that it is missing: no test is skipped, each class fails with the reason. */
    @BeforeAll
    static void requireDriver() { if (CUDA == null) Cuda.open(PROVIDER); }

    /** Longer than any machine needs; only a test that fails waits for it. */
    static final long PATIENCE_SECONDS = 20;

    Context context;
    Stream stream;

    static boolean isEmulated() { return PROVIDER.equals("emulator"); }

    /** A driver of one's own, whose contexts may be lost. A process has only one real driver. */
    static Cuda newEmulator() {
        assumeTrue(isEmulated(), "only an emulated device can be lost without its process");
        return Cuda.open(new EmulatorProvider(
                EmulatorOptions.DEFAULT.withDevices(2).withMemory(EMULATED_BYTES).withWorkers(2)));
    }

    static Device secondDevice() {
        assumeTrue(CUDA.devices().size() > 1, "there is only one device");
        return CUDA.device(1);
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

    static void contains(String text, String... parts) {
        for (String part : parts) assertTrue(text.contains(part), () -> "'" + part + "' is not in: " + text);
    }
}
