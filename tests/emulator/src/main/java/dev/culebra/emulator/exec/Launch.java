package dev.culebra.emulator.exec;

import dev.culebra.emulator.memory.AddressSpace;
import dev.culebra.emulator.memory.Allocation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What all blocks of a running grid share. */
final class Launch {

    final String kernelName;
    final KernelCode code;
    final Dim grid;
    final Dim block;
    final int sharedBytes;
    final int dynamicSharedBytes;
    final byte[] params;
    final AddressSpace memory;
    final DeviceSpec spec;
    final long startNanos = System.nanoTime();
    /** Set when a block has failed: the others stop at their next turn. */
    volatile boolean cancelled;

    private final Map<String, Allocation> variables;
    private final Map<Program, long[][]> linked = new ConcurrentHashMap<>();

    Launch(String kernelName, KernelCode code, Dim grid, Dim block, int dynamicSharedBytes, MemorySegment params,
            AddressSpace memory,
            Map<String, Allocation> variables, DeviceSpec spec) {
        this.kernelName = kernelName;
        this.code = code;
        this.grid = grid;
        this.block = block;
        this.dynamicSharedBytes = dynamicSharedBytes;
        this.sharedBytes = code.dynamicSharedOffset() + dynamicSharedBytes;
        this.params = params.toArray(ValueLayout.JAVA_BYTE);
        this.memory = memory;
        this.variables = variables;
        this.spec = spec;
    }

    /** A program's 64-bit constants with the addresses of this launch's variables. */
    long[][] linked(Program program) {
        return linked.computeIfAbsent(program, this::link);
    }

    private long[][] link(Program program) {
        long[][] longs = program.longs.clone();
        for (Program.Link l : program.links) {
            Allocation a = variables.get(l.symbol());
            if (a == null) {
                throw new IllegalArgumentException("module variable '" + l.symbol() + "' has no address");
            }
            longs[l.register()] = longs[l.register()].clone();
            java.util.Arrays.fill(longs[l.register()], a.base + l.addend());
        }
        return longs;
    }
}
