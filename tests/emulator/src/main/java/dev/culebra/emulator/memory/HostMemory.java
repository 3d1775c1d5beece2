package dev.culebra.emulator.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Memory of the host behind the devices' memory and behind pinned memory: from calloc, which gives large blocks as pages
 * that cost nothing until they are touched. {@link Arena#allocate} would write zeros to all of them.
 */
@SuppressWarnings("restricted")
public final class HostMemory {

    private static final MethodHandle CALLOC;
    private static final MethodHandle FREE;

    static {
        Linker linker = Linker.nativeLinker();
        CALLOC = linker.downcallHandle(linker.defaultLookup().find("calloc").orElseThrow(),
                FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
        FREE = linker.downcallHandle(linker.defaultLookup().find("free").orElseThrow(),
                FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));
    }

    private HostMemory() {}

    /**
     * Zeroed memory that goes with an arena.
     *
     * @param bytes size
     * @param arena its lifetime
     * @return memory aligned to {@link UnifiedMemory#ALIGNMENT} bytes
     * @throws OutOfMemoryError when there is none
     */
    static MemorySegment allocate(long bytes, Arena arena) {
        MemorySegment block = block(bytes);
        MemorySegment whole = block.reinterpret(bytes + UnifiedMemory.ALIGNMENT, arena, HostMemory::release);
        return whole.asSlice(-whole.address() & (UnifiedMemory.ALIGNMENT - 1), bytes);
    }

    /**
     * Zeroed memory that lives until {@link Pinned#free}; page-locked memory is handed out like this, for its pointer alone
     * keeps it alive.
     *
     * @param bytes size
     * @return a segment of that size
     * @throws OutOfMemoryError when there is none
     */
    public static Pinned allocatePinned(long bytes) {
        MemorySegment block = block(bytes);
        long offset = -block.address() & (UnifiedMemory.ALIGNMENT - 1);
        return new Pinned(MemorySegment.ofAddress(block.address() + offset).reinterpret(bytes), block);
    }

    /**
     * Memory that lives until it is freed.
     *
     * @param segment what is handed out, aligned
     * @param block what calloc gave
     */
    public record Pinned(MemorySegment segment, MemorySegment block) {

        /** Gives it back; the segment must not be used from then on. */
        public void free() { release(block); }
    }

    private static MemorySegment block(long bytes) {
        MemorySegment block;
        try {
            block = (MemorySegment) CALLOC.invokeExact(1L, Math.addExact(bytes, UnifiedMemory.ALIGNMENT));
        } catch (ArithmeticException e) {
            throw new OutOfMemoryError(bytes + " bytes are more than an address space has");
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new AssertionError("calloc throws nothing", t);
        }
        if (block.address() == 0) {
            throw new OutOfMemoryError("the host has no " + bytes + " bytes for the emulated device");
        }
        return block;
    }

    private static void release(MemorySegment block) {
        try {
            FREE.invokeExact(block);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new AssertionError("free throws nothing", t);
        }
    }
}
