package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.emulator.memory.Range;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The memory that a graph's own nodes allocate. Its addresses are fixed when it is captured; the bytes stay as long as the
 * graph or something made ready from it, also between launches, when a program may not rely on them. Guarded by itself.
 */
final class GraphMemory {

    /** Each range, and whether the graph also frees it. */
    private final Map<Range, Boolean> ranges = new LinkedHashMap<>();
    private final EmulatedDriver driver;
    private int users = 1;
    private boolean launched;

    GraphMemory(EmulatedDriver driver) { this.driver = driver; }

    synchronized void add(Range range) {
        ranges.put(range, false);
        driver.graphRanges.add(range);
    }

    /** A node frees a range. It must be one of this graph's: the emulator's graphs free nothing else. */
    synchronized void free(Range range) {
        if (!ranges.containsKey(range)) {
            throw new CudaError(CudaApi.CUDA_ERROR_NOT_SUPPORTED(), range.label()
                    + " was not allocated in this capture: the emulator's graphs free only what they allocate");
        }
        ranges.put(range, true);
    }

    /** What the graph allocates and leaves to the program must have been freed before it is allocated again. */
    synchronized void launch(boolean freeFirst) {
        for (Map.Entry<Range, Boolean> entry : ranges.entrySet()) {
            if (!entry.getValue()) {
                if (launched && !freeFirst && !entry.getKey().condemned()) {
                    throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), entry.getKey().label()
                            + " was allocated by the graph's last launch and not freed since; free it with "
                            + "cuMemFreeAsync, or make the graph ready with flag 1 (free at launch)");
                }
                entry.getKey().revive();
            }
        }
        launched = true;
    }

    synchronized void retain() { users++; }

    synchronized void release() {
        if (--users == 0) {
            for (Range range : ranges.keySet()) {
                driver.graphRanges.remove(range);
                EmulatedContext owner = (EmulatedContext) range.owner();
                if (launched) {
                    owner.drain();
                }
                owner.giveBack(range);
            }
        }
    }
}
