package dev.culebra.emulator.driver;

import dev.culebra.emulator.fault.FaultPlan;
import dev.culebra.emulator.fault.InjectedFault;
import dev.culebra.emulator.fault.Occasion;
import java.util.concurrent.atomic.AtomicLongArray;

/** Counts what happens and lets a plan's faults happen with it. Safe for use by many threads. */
final class FaultInjector {

    private final FaultPlan plan;
    private final boolean idle;
    private final AtomicLongArray counts = new AtomicLongArray(Occasion.values().length);

    FaultInjector(FaultPlan plan) {
        this.plan = plan;
        this.idle = plan.isEmpty();
    }

    /** Something happens that enqueues no work: throws where the plan says that it fails. */
    void strike(Occasion occasion, EmulatedDevice device, long bytes, String what) {
        if (!idle) {
            next(occasion, device, bytes, what);
        }
    }

    /**
     * A call that needs no context. It may be refused; a device that is lost here does not hear of it: choosing a context
     * and releasing one succeed after any failure.
     */
    void pass(EmulatedDevice device, String name) {
        if (!idle) {
            try {
                next(Occasion.CALL, device, 0, name);
            } catch (CudaError e) {
                if (device.lost() == null) {
                    throw e;
                }
            }
        }
    }

    /** Something happens that enqueues work: throws where the call fails; gives the work to do, slower or failing. */
    Work afflict(Occasion occasion, EmulatedContext context, long bytes, Work work) {
        if (idle) {
            return work;
        }
        long[] count = new long[1];
        InjectedFault fault = next(occasion, context.device, bytes, work.label(), count);
        if (fault == null) {
            return work;
        }
        if (fault.manner() == InjectedFault.Manner.SLOW) {
            return work.preceded(() -> Thread.sleep(fault.delay().toMillis()));
        }
        String why = why(occasion, count[0], fault, work.label());
        return work.preceded(() -> {
            throw new CudaError(fault.code(), why);
        });
    }

    private void next(Occasion occasion, EmulatedDevice device, long bytes, String what) {
        next(occasion, device, bytes, what, new long[1]);
    }

    /** The fault that the work has, or null; what the call itself has is thrown. */
    private InjectedFault next(Occasion occasion, EmulatedDevice device, long bytes, String what, long[] counted) {
        long count = counts.incrementAndGet(occasion.ordinal());
        counted[0] = count;
        InjectedFault fault = plan.faultAt(occasion, count, bytes);
        if (fault == null) {
            return null;
        }
        String why = why(occasion, count, fault, what);
        return switch (fault.manner()) {
            case REFUSED -> throw new CudaError(fault.code(), why);
            case DEVICE_LOST -> {
                device.lose(new Fault(fault.code(), "device " + device.ordinal + " is lost: " + why));
                throw new CudaError(fault.code(), "device " + device.ordinal + " is lost: " + why);
            }
            case FAILS_LATER, SLOW -> fault;
        };
    }

    private static String why(Occasion occasion, long count, InjectedFault fault, String what) {
        return what + " fails as the fault plan has it: " + fault + " at " + occasion.word() + " " + count;
    }
}
