package dev.culebra.emulator.exec;

import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.ptx.Space;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Which bytes have been written: a map with a byte for each, 1 or 0. In global and shared memory a read is a fault when one of
 * its bytes has not been; in local memory when none of them has, for there nvcc copies structures as words, padding and all.
 */
final class Unwritten {

    private static final String BY_BLOCK = "any thread of the block so far (is a barrier missing?)";

    private static final int INTS = 0x01010101;
    private static final long LONGS = 0x0101010101010101L;

    private Unwritten() {}

    /** Checks that what lanes read of an array has been written. */
    static void check(Warp w, int mask, byte[] map, Space space, int bytes, int stride) {
        if (mask == -1 && (bytes == 4
                ? allInts(w.address, map, stride)
                : bytes == 2 && allShorts(w.address, map, stride))) {
            return;
        }
        for (int m = mask; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            int at = (int) w.address[l] + l * stride;
            if (!all(map, at, bytes) && !(space != Space.SHARED && any(map, at, bytes))) {
                throw fault(w, map, space, l, at, bytes);
            }
        }
    }

    private static boolean allInts(long[] address, byte[] map, int stride) {
        int all = INTS;
        for (int l = 0; l < 32; l++) {
            all &= (int) MemoryAccess.INT.get(map, (int) address[l] + l * stride);
        }
        return all == INTS;
    }

    private static boolean allShorts(long[] address, byte[] map, int stride) {
        int all = INTS;
        for (int l = 0; l < 32; l++) {
            all &= (short) MemoryAccess.SHORT.get(map, (int) address[l] + l * stride);
        }
        return (short) all == (short) INTS;
    }

    private static boolean all(byte[] map, int at, int bytes) {
        return switch (bytes) {
            case 1 -> map[at] != 0;
            case 2 -> (map[at] & map[at + 1]) != 0;
            case 4 -> (int) MemoryAccess.INT.get(map, at) == INTS;
            case 8 -> (long) MemoryAccess.LONG.get(map, at) == LONGS;
            case 16 -> (long) MemoryAccess.LONG.get(map, at) == LONGS
                    && (long) MemoryAccess.LONG.get(map, at + 8) == LONGS;
            default -> first(map, at, bytes) < 0;
        };
    }

    private static boolean any(byte[] map, int at, int bytes) {
        for (int i = 0; i < bytes; i++) {
            if (map[at + i] != 0) {
                return true;
            }
        }
        return false;
    }

    private static int first(byte[] map, int at, int bytes) {
        for (int i = 0; i < bytes; i++) {
            if (map[at + i] == 0) {
                return i;
            }
        }
        return -1;
    }

    private static Fault fault(Warp w, byte[] map, Space space, int l, int at, int bytes) {
        int first = first(map, at, bytes);
        String name = space == Space.SHARED ? "shared" : "local";
        long address = w.address[l] + (space == Space.SHARED ? w.block.window : 0);
        return new Fault(DeviceFault.LAUNCH_FAILED, l, sentence(bytes, name, address, first,
                space == Space.SHARED ? BY_BLOCK : "the thread"));
    }

    private static String sentence(int bytes, String space, long address, int first, String by) {
        return "read of unwritten memory: " + (bytes == 1 ? "a byte" : bytes + " bytes") + " at " + space
                + " address 0x"
                + Long.toHexString(address) + (bytes == 1 ? ", which" : ", of which byte " + first)
                + " has not been written by " + by;
    }

    /** Marks what lanes write in an array. */
    static void mark(Warp w, int mask, byte[] map, int bytes, int stride) {
        for (int m = mask; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            mark(map, (int) w.address[l] + l * stride, bytes);
        }
    }

    /** Marks some bytes of an array. */
    static void mark(byte[] map, int at, int bytes) {
        switch (bytes) {
            case 4 -> MemoryAccess.INT.set(map, at, INTS);
            case 8 -> MemoryAccess.LONG.set(map, at, LONGS);
            case 16 -> {
                MemoryAccess.LONG.set(map, at, LONGS);
                MemoryAccess.LONG.set(map, at + 8, LONGS);
            }
            default -> Arrays.fill(map, at, at + bytes, (byte) 1);
        }
    }

    /** Checks that what lanes read of an allocation has been written. */
    static void check(Warp w, int mask, Allocation a, int bytes) {
        MemorySegment map = a.written();
        if (map == null) {
            return;
        }
        for (int m = mask; m != 0; m &= m - 1) {
            int l = Integer.numberOfTrailingZeros(m);
            long at = w.address[l] - a.base;
            boolean all = switch (bytes) {
                case 4 -> map.get(ValueLayout.JAVA_INT_UNALIGNED, at) == INTS;
                case 8 -> map.get(ValueLayout.JAVA_LONG_UNALIGNED, at) == LONGS;
                case 16 -> map.get(ValueLayout.JAVA_LONG_UNALIGNED, at) == LONGS
                        && map.get(ValueLayout.JAVA_LONG_UNALIGNED, at + 8) == LONGS;
                default -> first(map, at, bytes) < 0;
            };
            if (!all) {
                throw fault(a, l, w.address[l], bytes);
            }
        }
    }

    /** Checks that some bytes of an allocation have been written. */
    static void check(Allocation a, int lane, long address, int bytes) {
        MemorySegment map = a.written();
        if (map != null && first(map, address - a.base, bytes) >= 0) {
            throw fault(a, lane, address, bytes);
        }
    }

    private static int first(MemorySegment map, long at, int bytes) {
        for (int i = 0; i < bytes; i++) {
            if (map.get(ValueLayout.JAVA_BYTE, at + i) == 0) {
                return i;
            }
        }
        return -1;
    }

    private static Fault fault(Allocation a, int lane, long address, int bytes) {
        int first = Math.max(0, first(a.written(), address - a.base, bytes));
        return new Fault(DeviceFault.LAUNCH_FAILED, lane, sentence(bytes, "global", address, first,
                "any copy, fill or kernel; it is in " + a.label + ", byte " + (address - a.base + first)));
    }

    /** Checks that some bytes of a block's shared memory have been written. */
    static void check(byte[] map, int lane, int at, int bytes) {
        int first = first(map, at, bytes);
        if (first >= 0) {
            throw new Fault(DeviceFault.LAUNCH_FAILED, lane, sentence(bytes, "shared", at, first, BY_BLOCK));
        }
    }

    /** What has been written of an allocation's part is what has been written of its copy in an array. */
    static void carry(Allocation a, long at, byte[] map, int to, int bytes) {
        MemorySegment from = a.written();
        if (from == null) {
            mark(map, to, bytes);
        } else {
            MemorySegment.copy(from, ValueLayout.JAVA_BYTE, at, map, to, bytes);
        }
    }

    /** What has been written of an array has been written of its copy in an allocation. */
    static void carry(byte[] map, Allocation a, long at) {
        MemorySegment to = a.written();
        for (int i = 0; to != null && i < map.length; i++) {
            if (map[i] != 0) {
                to.set(ValueLayout.JAVA_BYTE, at + i, (byte) 1);
            }
        }
    }

    /** Marks what lanes write in an allocation. */
    static void mark(Warp w, int mask, Allocation a, int bytes) {
        MemorySegment map = a.written();
        if (map == null) {
            return;
        }
        for (int m = mask; m != 0; m &= m - 1) {
            long at = w.address[Integer.numberOfTrailingZeros(m)] - a.base;
            switch (bytes) {
                case 4 -> map.set(ValueLayout.JAVA_INT_UNALIGNED, at, INTS);
                case 8 -> map.set(ValueLayout.JAVA_LONG_UNALIGNED, at, LONGS);
                case 16 -> {
                    map.set(ValueLayout.JAVA_LONG_UNALIGNED, at, LONGS);
                    map.set(ValueLayout.JAVA_LONG_UNALIGNED, at + 8, LONGS);
                }
                default -> map.asSlice(at, bytes).fill((byte) 1);
            }
        }
    }
}
