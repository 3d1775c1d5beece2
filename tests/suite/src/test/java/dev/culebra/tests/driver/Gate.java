package dev.culebra.tests.driver;

import dev.culebra.driver.Context;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Kernel;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.PinnedBuffer;
import dev.culebra.driver.Stream;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Holds a stream up until it is opened. On the emulator Java waits in the stream's order. A real driver runs the Java of all
 * streams on one thread, futures' too, so that one gate would hold everything up: there a kernel waits for a word of host memory.
 */
final class Gate implements AutoCloseable {

    /** Waits until the word is not 0, for a minute at most: a test that fails must not hang the device. */
    private static final String PTX = """
            .version 7.0
            .target sm_70
            .address_size 64
            .visible .entry gate(.param .u64 word) {
                .reg .pred %p;
                .reg .b32 %open;
                .reg .b64 %word, %now, %until;
                ld.param.u64 %word, [word];
                mov.u64 %until, %globaltimer;
                add.u64 %until, %until, 60000000000;
            AGAIN:
                ld.acquire.sys.global.u32 %open, [%word];
                setp.ne.u32 %p, %open, 0;
                @%p bra DONE;
                mov.u64 %now, %globaltimer;
                setp.lt.u64 %p, %now, %until;
                @%p bra AGAIN;
            DONE:
                ret;
            }
            """;

    private final Runnable opener;

    Gate(Stream stream) {
        if (DriverTest.isEmulated()) {
            CountDownLatch latch = new CountDownLatch(1);
            stream.call(() -> {
                try {
                    latch.await(DriverTest.PATIENCE_SECONDS, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            opener = latch::countDown;
        } else {
            long at = OnDevice.next();
            DeviceBuffer word = OnDevice.WORDS.device().slice(at, Integer.BYTES);
            OnDevice.KERNEL.launch(stream, LaunchConfig.of(1, 1), word);
            opener = () -> OnDevice.WORDS.segment().set(ValueLayout.JAVA_INT, at, 1);
        }
    }

    @Override
    public void close() { opener.run(); }

    /** One for all tests, never closed: a context of its own that holds the same primary context. */
    private static final class OnDevice {

        private static final int GATES = 4096;
        private static final Context CONTEXT = DriverTest.CUDA.device(0).context();
        private static final Kernel KERNEL = CONTEXT.load(PTX).kernel("gate");
        private static final PinnedBuffer WORDS = CONTEXT.allocatePinned((long) GATES * Integer.BYTES);
        private static long used;

        static {
            WORDS.segment().fill((byte) 0);
        }

        static synchronized long next() {
            if (used == GATES) throw new AssertionError("more than " + GATES + " gates");
            return Integer.BYTES * used++;
        }
    }
}
