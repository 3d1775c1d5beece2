package dev.culebra.emulator.exec;

import dev.culebra.emulator.memory.AddressSpace;
import dev.culebra.emulator.memory.Allocation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What all blocks of a running grid share. */
final class Launch {

    /** A global address that no host and no device has. */
    private static final long WORKSPACE_ADDRESS = 4L << 56;

    final String kernelName;
    final KernelCode code;
    final Dim grid;
    final Dim block;
    final int sharedBytes;
    final int dynamicSharedBytes;
    final byte[] params;
    final AddressSpace memory;
    final DeviceSpec spec;
    /** What its threads print. */
    final DeviceOutput output;
    final long startNanos = System.nanoTime();
    /** Set when a block has failed: the others stop at their next turn. */
    volatile boolean cancelled;
    /** What counts its blocks' instructions, or null; set before the first of them is made. */
    Counting counting;

    /** Where a cooperative grid's blocks meet: its size and a barrier's count, as the toolkit's headers have it; else null. */
    private final Allocation workspace;
    private final Map<String, Allocation> variables;
    private final Map<Program, long[][]> linked = new ConcurrentHashMap<>();

    Launch(String kernelName, KernelCode code, Dim grid, Dim block, int dynamicSharedBytes, MemorySegment params,
            AddressSpace memory,
            Map<String, Allocation> variables, DeviceSpec spec, boolean cooperative) {
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
        this.output = new DeviceOutput(grid, spec.output());
        this.workspace = cooperative ? newWorkspace() : null;
    }

    private static Allocation newWorkspace() {
        MemorySegment bytes = Arena.ofAuto().allocate(64, 64);
        bytes.set(ValueLayout.JAVA_INT, 0, (int) bytes.byteSize());
        return new Allocation(WORKSPACE_ADDRESS, bytes, "the grid's workspace");
    }

    /** The workspace's address, or 0 where there is none. */
    long workspaceAddress() {
        return workspace == null ? 0 : workspace.base;
    }

    /** The range of global memory that holds an access, or null. */
    Allocation find(long address, int length) {
        return workspace != null && workspace.holds(address, length) ? workspace : memory.find(address, length);
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
