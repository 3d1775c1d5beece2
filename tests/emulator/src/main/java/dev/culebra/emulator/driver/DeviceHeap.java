package dev.culebra.emulator.driver;

import dev.culebra.emulator.memory.Range;

/**
 * What kernels of a context take with malloc. It lives until a kernel frees it or the context goes, which tells what is left.
 * Safe for use by many threads.
 */
final class DeviceHeap {

    /** A context's heap, as the driver has it by default (CU_LIMIT_MALLOC_HEAP_SIZE). */
    static final long CAPACITY = 8L << 20;
    /** The driver's heap gives memory out in such pieces at least. */
    private static final long PIECE = 16;

    private final EmulatedContext context;
    private long taken;

    DeviceHeap(EmulatedContext context) { this.context = context; }

    private static long rounded(long bytes) { return (Math.max(1, bytes) + PIECE - 1) & -PIECE; }

    /** An address, or 0 when the heap has not so much left. */
    long allocate(long bytes, long alignment) {
        synchronized (this) {
            if (bytes < 0 || bytes > CAPACITY || taken + rounded(bytes) > CAPACITY || Long.bitCount(alignment) != 1
                    || alignment > CAPACITY) {
                return 0;
            }
            taken += rounded(bytes);
        }
        return context.driver.memory.allocateHeap(Math.max(1, bytes), alignment, context).base();
    }

    /** Null when it is freed, else what the address is. */
    String free(long address) {
        Range range = context.driver.memory.at(address);
        if (range == null) {
            return context.driver.memory.explain(address);
        }
        if (range.kind() != Range.Kind.HEAP || range.owner() != context || range.base() != address) {
            return (range.base() == address ? "" : address - range.base() + " bytes into ") + range.label();
        }
        context.giveBack(range);
        return null;
    }

    /** A range has gone back. */
    synchronized void give(long bytes) { taken -= rounded(bytes); }
}
