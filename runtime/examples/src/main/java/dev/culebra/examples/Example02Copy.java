package dev.culebra.examples;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.PinnedBuffer;
import dev.culebra.driver.Stream;

/** 02: numbers to the device and back, without the host waiting before the end. The argument is a provider. */
public final class Example02Copy {

    private static final int COUNT = 1 << 20;

    private Example02Copy() {}

    /**
     * Copies, and compares what came back.
     *
     * @param args a provider's name, {@code cuda} where it is left out
     */
    public static void main(String[] args) {
        Cuda cuda = Cuda.open(args.length > 0 ? args[0] : "cuda");
        long bytes = (long) COUNT * Integer.BYTES;
        try (Context context = cuda.device(0).context();
                Stream stream = context.newStream();
                PinnedBuffer out = context.allocatePinned(bytes);
                PinnedBuffer back = context.allocatePinned(bytes);
                DeviceBuffer device = stream.allocate(bytes)) {
            for (int i = 0; i < COUNT; i++) out.segment().setAtIndex(JAVA_INT, i, i);
            stream.copy(out.segment(), device); // page-locked memory: all of this returns at once
            stream.fill32(device.slice(0, 16), -1);
            stream.copy(device, back.segment());
            stream.synchronize();
            for (int i = 0; i < COUNT; i++) {
                int expected = i < 4 ? -1 : i;
                int got = back.segment().getAtIndex(JAVA_INT, i);
                if (got != expected) throw new AssertionError("number " + i + " came back as " + got);
            }
            System.out.println("copied " + COUNT + " numbers to " + cuda.device(0) + " and back");
        }
    }
}
