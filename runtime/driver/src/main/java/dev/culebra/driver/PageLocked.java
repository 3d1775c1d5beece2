package dev.culebra.driver;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * A stretch of page-locked host memory, and its uses. Known by its address, so that a copy can tell it from pageable
 * memory whichever segment it is given.
 */
record PageLocked(long address, long bytes, Lifetime lifetime, Uses uses) {

    private boolean covers(MemorySegment segment) {
        return segment.address() >= address && segment.address() - address <= bytes - segment.byteSize();
    }

    /** All of a process's, whatever context they were made in. */
    static final class Registry {

        private final ConcurrentSkipListMap<Long, PageLocked> byAddress = new ConcurrentSkipListMap<>();

        void add(PageLocked memory) { byAddress.put(memory.address, memory); }

        void remove(PageLocked memory) { byAddress.remove(memory.address, memory); }

        /** The memory that the whole segment lies in; null where it is pageable, or locked by somebody else. */
        PageLocked covering(MemorySegment segment) {
            Map.Entry<Long, PageLocked> below = byAddress.floorEntry(segment.address());
            return below != null && below.getValue().covers(segment) ? below.getValue() : null;
        }
    }
}
