package dev.culebra.emulator.driver;

import dev.culebra.emulator.memory.AddressSpace;
import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.memory.Range;

/**
 * Memory as a kernel of one context sees it: its own, page-locked host memory, and that of peers it was given access to.
 *
 * @param context where it runs
 * @param module whose kernel it is
 * @param arguments what it was given, for diagnostics
 */
record KernelMemory(EmulatedContext context, EmulatedModule module, Arguments arguments) implements AddressSpace {

    static boolean accessible(EmulatedContext context, Range range) {
        return range.owner() == context || range.kind().host() || context.peers.contains(range.owner());
    }

    @Override
    public Allocation find(long address, int length) {
        Range range = context.driver.memory.find(address, length);
        if (range == null || !accessible(context, range)) {
            return null;
        }
        if (range.kind().host()) {
            module.reached.add(range);
        }
        return range.allocation();
    }

    @Override
    public long heapAllocate(long bytes, long alignment) { return context.heap.allocate(bytes, alignment); }

    @Override
    public String heapFree(long address) { return context.heap.free(address); }

    @Override
    public String explain(long address) {
        Range range = context.driver.memory.at(address);
        String where = range != null && !accessible(context, range)
                ? "in " + range.label() + " of device " + ((EmulatedContext) range.owner()).device.ordinal
                        + ", to which device " + context.device.ordinal
                        + " was not given access (cuCtxEnablePeerAccess)"
                : context.driver.memory.explain(address);
        return where + arguments.near(address);
    }
}
