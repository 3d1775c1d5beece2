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
    /** Blocks of a cluster; (1,1,1) where nobody asked for any. */
    final Dim cluster;
    /** Clusters of the grid. */
    final Dim clusters;
    final boolean explicitCluster;
    /** Shared memory of the system's, as a device has it beside what a kernel asks for (1 KiB since sm_80). */
    static final int RESERVED_BYTES = 1024;

    final int sharedBytes;
    final int dynamicSharedBytes;
    final byte[] params;
    final AddressSpace memory;
    final DeviceSpec spec;
    /** What its threads print. */
    final DeviceOutput output;
    final long startNanos = System.nanoTime();
    /** The lowest number of a block that has failed: those above stop at their next turn. */
    volatile long lowestFailed = Long.MAX_VALUE;
    /** What counts its blocks' instructions, or null; set before the first of them is made. */
    Counting counting;
    /** What it has to do with the grids before and after it, or null; set likewise. */
    Overlap overlap;

    /** Where a cooperative grid's blocks meet: its size and a barrier's count, as the toolkit's headers have it; else null. */
    private final Allocation workspace;
    private final Map<String, Allocation> variables;
    private final Map<Program, Constants[]> linked = new ConcurrentHashMap<>();

    /**
     * A program's registers that are constants, as a block has them; null in the places of others.
     *
     * @param ints of up to 32 bits
     * @param longs of 64 bits, with the addresses of this launch's variables
     */
    record Constants(int[][] ints, long[][] longs) {}

    Launch(String kernelName, KernelCode code, Dim grid, Dim block, Dim cluster, int dynamicSharedBytes,
            MemorySegment params, AddressSpace memory, Map<String, Allocation> variables, DeviceSpec spec,
            boolean cooperative) {
        this.kernelName = kernelName;
        this.code = code;
        this.grid = grid;
        this.block = block;
        this.explicitCluster = cluster != null;
        this.cluster = cluster == null ? new Dim(1, 1, 1) : cluster;
        this.clusters = new Dim(grid.x() / this.cluster.x(), grid.y() / this.cluster.y(), grid.z() / this.cluster.z());
        this.dynamicSharedBytes = dynamicSharedBytes;
        this.sharedBytes = code.dynamicSharedOffset() + dynamicSharedBytes;
        this.params = params.toArray(ValueLayout.JAVA_BYTE);
        this.memory = memory;
        this.variables = variables;
        this.spec = spec;
        this.output = new DeviceOutput(grid, spec.output());
        this.workspace = cooperative ? newWorkspace() : null;
    }

    /** Where the system's shared memory begins: behind what the kernel asked for. */
    int reservedOffset() {
        return sharedBytes + 15 & -16;
    }

    /** Bytes of a block's shared memory, the system's included where the kernel knows of it. */
    int sharedEnd() {
        return code.reservesShared() ? reservedOffset() + RESERVED_BYTES : sharedBytes;
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

    /** A program's constants as the block of a rank in its cluster has them. */
    Constants constants(Program program, int rank) {
        return linked.computeIfAbsent(program, this::link)[rank];
    }

    private Constants[] link(Program program) {
        long[][] longs = program.longs.clone();
        for (Program.Link l : program.links) {
            Allocation a = variables.get(l.symbol());
            if (a == null) {
                throw new IllegalArgumentException("module variable '" + l.symbol() + "' has no address");
            }
            longs[l.register()] = longs[l.register()].clone();
            java.util.Arrays.fill(longs[l.register()], a.base + l.addend());
        }
        Constants[] all = new Constants[(int) cluster.count()];
        for (int rank = 0; rank < all.length; rank++) {
            all[rank] = moved(program, longs, SharedWindow.base(rank));
        }
        return all;
    }

    private static Constants moved(Program program, long[][] longs, long base) {
        int[][] ints = program.ints.clone();
        for (int r : program.sharedInts) {
            ints[r] = ints[r].clone();
            java.util.Arrays.setAll(ints[r], l -> program.ints[r][l] + (int) base);
        }
        long[][] moved = longs.clone();
        for (int r : program.sharedLongs) {
            moved[r] = moved[r].clone();
            java.util.Arrays.setAll(moved[r], l -> program.longs[r][l] + base);
        }
        return new Constants(ints, moved);
    }
}
