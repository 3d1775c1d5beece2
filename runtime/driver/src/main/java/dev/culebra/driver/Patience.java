package dev.culebra.driver;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** How a thread waits for calls of other threads, which tell nobody when they are over: that would cost each call. */
final class Patience {

    /** A call is over in microseconds, or waits for the device or for room in the driver's queue. */
    private static final long NANOS = 20_000;

    private Patience() {}

    /**
     * Returns when it is so, and not before: closing is not given up because a thread is interrupted. The interrupt is held
     * back meanwhile, since a thread that has it does not park: it would take the processor, and a virtual thread the
     * carrier, from those that it waits for.
     */
    static void until(BooleanSupplier isSo) {
        if (isSo.getAsBoolean()) return;
        boolean interrupted = false;
        do {
            LockSupport.parkNanos(NANOS);
            interrupted |= Thread.interrupted();
        } while (!isSo.getAsBoolean());
        if (interrupted) Thread.currentThread().interrupt();
    }
}
