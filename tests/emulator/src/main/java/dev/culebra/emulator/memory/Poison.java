package dev.culebra.emulator.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * What fresh memory and fresh registers hold: 16 bits 0x7fff, again and again. It is the one pattern of 16 bits (but for its
 * sign) that is not a number in f16, bf16, f32, f64, tf32 and in both kinds of fp8 at once, so that a sum it gets into shows;
 * as an integer it is odd and, of 32 or 64 bits, so large that hardly an index survives it. It is the same in every run.
 */
public final class Poison {

    /** Sixteen bits of it. */
    public static final int HALF = 0x7fff;
    /** Thirty-two bits of it. */
    public static final int WORD = 0x7fff7fff;
    /** Sixty-four bits of it. */
    public static final long LONG = 0x7fff7fff7fff7fffL;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Poison() {}

    /**
     * The byte at an address or an offset from one that is even.
     *
     * @param at the address
     * @return 0xff where it is even, 0x7f where it is odd, as a signed byte
     */
    public static byte at(long at) { return (byte) ((at & 1) == 0 ? 0xff : 0x7f); }

    /**
     * Fills memory.
     *
     * @param memory what is filled; its first byte counts as even
     */
    public static void fill(MemorySegment memory) {
        long whole = memory.byteSize() & -8;
        for (long i = 0; i < whole; i += 8) {
            memory.set(ValueLayout.JAVA_LONG_UNALIGNED, i, LONG);
        }
        for (long i = whole; i < memory.byteSize(); i++) {
            memory.set(ValueLayout.JAVA_BYTE, i, at(i));
        }
    }

    /**
     * Fills an array.
     *
     * @param memory what is filled
     * @param from first index, even
     * @param to index behind the last
     */
    public static void fill(byte[] memory, int from, int to) {
        int i = from;
        for (; i + 8 <= to; i += 8) {
            LONGS.set(memory, i, LONG);
        }
        for (; i < to; i++) {
            memory[i] = at(i);
        }
    }
}
