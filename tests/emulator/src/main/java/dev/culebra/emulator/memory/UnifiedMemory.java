package dev.culebra.emulator.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * The one address space that all devices of a driver and the pinned memory of its host share, as unified addressing has
 * it. Device addresses are numbers from a range of their own, never used twice, so that a stale pointer is always found
 * out; host memory that devices reach keeps the host's addresses. Safe for use by many threads: look-ups take no lock.
 */
public final class UnifiedMemory {

    /**
     * First device address: far above what heaps and executables of a host use and far below its stacks and libraries
     * (0x55… and 0x7f… with 47 bits).
     */
    public static final long FIRST_ADDRESS = 0x700_0000_0000L;

    /** Device allocations begin at multiples of this, as the driver's do. */
    public static final int ALIGNMENT = 256;

    /** Addresses left unused after each allocation, so that running past its end meets nothing. */
    private static final long GUARD = 4096;

    /** How many freed ranges are remembered for {@link #explain}. */
    private static final int REMEMBERED = 4096;

    /** Ranges sorted by address; replaced as a whole, so that readers need no lock. */
    private record Table(long[] bases, Range[] ranges) {}

    private volatile Table table = new Table(new long[0], new Range[0]);
    private final Deque<Range> freed = new ArrayDeque<>();
    private long next = FIRST_ADDRESS;
    private long serial;

    /** Whether it is remembered which bytes have been written. */
    private final boolean tracks;

    /**
     * An empty address space.
     *
     * @param tracks whether it is to be remembered which bytes of fresh memory have been written
     */
    public UnifiedMemory(boolean tracks) { this.tracks = tracks; }

    /**
     * Makes a range of device memory: fresh, which is {@link Poison}, but for a module's variables, which are zero. The caller keeps account of how much a device has.
     *
     * @param bytes size, at least 1
     * @param kind what for
     * @param owner who owns it, the driver's business
     * @param what noun for diagnostics, such as {@code "allocation"}
     * @return the range
     * @throws OutOfMemoryError when the host has no memory for it
     */
    public Range allocate(long bytes, Range.Kind kind, Object owner, String what) {
        Arena arena = Arena.ofShared();
        MemorySegment host;
        MemorySegment written = null;
        try {
            host = HostMemory.allocate(bytes, arena);
            if (kind != Range.Kind.MODULE && tracks) {
                written = HostMemory.allocate(bytes, arena);
            } else if (kind != Range.Kind.MODULE) {
                Poison.fill(host); // with tracking nobody gets to see it unwritten, and untouched pages cost nothing
            }
        } catch (Throwable t) {
            arena.close();
            throw t;
        }
        synchronized (this) {
            long base = next;
            next = align(base + bytes) + GUARD;
            long id = ++serial;
            Range range = new Range(
                    new Allocation(base, host, what + " #" + id + " of " + bytes + " bytes", written), kind, owner, id,
                    arena);
            insert(range);
            return range;
        }
    }

    /**
     * Makes a range of a kernel's heap, fresh. Its bytes live as long as somebody holds them, for other threads of the kernel
     * may still be at them when one frees it.
     *
     * @param bytes size, at least 1
     * @param alignment of its address, a power of two; less than {@link #ALIGNMENT} counts as that
     * @param owner who owns it, the driver's business
     * @return the range
     */
    public Range allocateHeap(long bytes, long alignment, Object owner) {
        MemorySegment host = Arena.ofAuto().allocate(bytes, 16);
        MemorySegment written = tracks ? Arena.ofAuto().allocate(bytes, 16) : null;
        if (!tracks) {
            Poison.fill(host);
        }
        synchronized (this) {
            long base = next + alignment - 1 & -alignment;
            next = align(base + bytes) + GUARD;
            long id = ++serial;
            Range range = new Range(
                    new Allocation(base, host, "device malloc #" + id + " of " + bytes + " bytes", written),
                    Range.Kind.HEAP, owner, id, null);
            insert(range);
            return range;
        }
    }

    /**
     * Makes host memory known to the devices, at its own address.
     *
     * @param host the memory; it must stay valid until {@link #remove}
     * @param kind what it is
     * @param owner who owns it, the driver's business
     * @param what noun for diagnostics, such as {@code "pinned memory"}
     * @return the range, or null when a part of it is already known
     */
    public synchronized Range add(MemorySegment host, Range.Kind kind, Object owner, String what) {
        long base = host.address();
        Table t = table;
        int at = floor(t, base + host.byteSize() - 1);
        if (at >= 0 && t.bases[at] + t.ranges[at].size() > base) {
            return null;
        }
        long id = ++serial;
        Range range = new Range(new Allocation(base, host, what + " #" + id + " of " + host.byteSize() + " bytes"),
                kind, owner, id, null);
        insert(range);
        return range;
    }

    private void insert(Range range) {
        Table t = table;
        int at = floor(t, range.base()) + 1;
        long[] bases = new long[t.bases.length + 1];
        Range[] ranges = new Range[bases.length];
        System.arraycopy(t.bases, 0, bases, 0, at);
        System.arraycopy(t.ranges, 0, ranges, 0, at);
        bases[at] = range.base();
        ranges[at] = range;
        System.arraycopy(t.bases, at, bases, at + 1, t.bases.length - at);
        System.arraycopy(t.ranges, at, ranges, at + 1, t.bases.length - at);
        table = new Table(bases, ranges);
    }

    /**
     * Forgets a range; device memory goes back to the host. A second call does nothing.
     *
     * @param range the range
     * @return whether it was there
     */
    public boolean remove(Range range) {
        synchronized (this) {
            Table t = table;
            int at = Arrays.binarySearch(t.bases, range.base());
            if (at < 0 || t.ranges[at] != range) {
                return false;
            }
            range.allocation().markFreed();
            long[] bases = new long[t.bases.length - 1];
            Range[] ranges = new Range[bases.length];
            System.arraycopy(t.bases, 0, bases, 0, at);
            System.arraycopy(t.ranges, 0, ranges, 0, at);
            System.arraycopy(t.bases, at + 1, bases, at, bases.length - at);
            System.arraycopy(t.ranges, at + 1, ranges, at, bases.length - at);
            table = new Table(bases, ranges);
            freed.addLast(range);
            if (freed.size() > REMEMBERED) {
                freed.removeFirst();
            }
        }
        range.release();
        return true;
    }

    /**
     * Finds the range an address lies in.
     *
     * @param address the address
     * @return the live range, or null
     */
    public Range at(long address) {
        Table t = table;
        int at = floor(t, address);
        return at >= 0 && address - t.bases[at] < t.ranges[at].size() ? t.ranges[at] : null;
    }

    /**
     * Finds the range that holds all of an access.
     *
     * @param address first address
     * @param bytes length, 0 or more
     * @return the live range, or null
     */
    public Range find(long address, long bytes) {
        Range range = at(address);
        return range != null && bytes <= range.base() + range.size() - address ? range : null;
    }

    /**
     * The live ranges.
     *
     * @return a snapshot, in order of their addresses
     */
    public List<Range> ranges() { return List.of(table.ranges); }

    /**
     * Whether a number lies where device addresses are taken from.
     *
     * @param address the number
     * @return true for a device's address, used or not
     */
    public synchronized boolean isDeviceAddress(long address) { return address >= FIRST_ADDRESS && address < next; }

    /**
     * Says where an address lies that is not in a live range, or where an access runs past one.
     *
     * @param address the address
     * @return words that continue "address 0x… is "
     */
    public String explain(long address) {
        Range inside = at(address);
        if (inside != null) {
            return (inside.base() + inside.size() - address) + " bytes before the end of " + inside.label();
        }
        synchronized (this) {
            for (var it = freed.descendingIterator(); it.hasNext();) {
                Range range = it.next();
                if (address >= range.base() && address - range.base() < range.size()) {
                    return "in " + range.label() + ", which was freed";
                }
            }
        }
        if (address == 0) {
            return "null";
        }
        if (Long.compareUnsigned(address, 4096) < 0) {
            return "null or almost so";
        }
        Table t = table;
        int at = floor(t, address);
        List<String> near = new ArrayList<>();
        if (at >= 0) {
            long past = address - t.bases[at] - t.ranges[at].size();
            if (past < GUARD) {
                near.add((past == 0 ? "right behind the end of " : past + " bytes past the end of ")
                        + t.ranges[at].label());
            }
        }
        if (at + 1 < t.bases.length && t.bases[at + 1] - address <= GUARD) {
            near.add((t.bases[at + 1] - address) + " bytes before " + t.ranges[at + 1].label());
        }
        if (near.isEmpty()) {
            return isDeviceAddress(address) ? "in no allocation" : "not an address of a device, nor in pinned memory";
        }
        return String.join(" and ", near);
    }

    private static int floor(Table t, long address) {
        int low = 0;
        int high = t.bases.length - 1;
        while (low <= high) {
            int mid = (low + high) >>> 1;
            if (t.bases[mid] <= address) {
                low = mid + 1;
            } else {
                high = mid - 1;
            }
        }
        return high;
    }

    private static long align(long address) { return (address + ALIGNMENT - 1) & -ALIGNMENT; }
}
