package dev.culebra.tests.kernel;

import dev.culebra.emulator.exec.DeviceSpec;
import dev.culebra.emulator.exec.Dim;
import dev.culebra.emulator.exec.KernelRun;
import dev.culebra.emulator.memory.AddressSpace;
import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.exec.PtxModule;
import dev.culebra.kernel.KernelCatalog;
import dev.culebra.kernel.KernelInstance;
import dev.culebra.kernel.KernelParameter;
import dev.culebra.kernel.LaunchPlan;
import dev.culebra.sparse.Section;
import dev.culebra.sparse.SparseMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Launches the committed PTX on the interpreter, with no driver between: arrays of exactly the documented sizes, so that an
 * access past one is a fault.
 */
final class EmulatedKernels implements AutoCloseable {

    private static final Map<String, PtxModule> MODULES = new ConcurrentHashMap<>();

    private final Arena arena = Arena.ofShared();
    private final Memory memory = new Memory();
    private final int workers;

    EmulatedKernels(int workers) { this.workers = workers; }

    /** Device memory: arrays at their own, made-up addresses, with unmapped space between. */
    private final class Memory implements AddressSpace {
        private final List<Allocation> allocations = new ArrayList<>();
        private long next = 0x7f00_0000_0000L;

        long allocate(String label, long bytes) {
            MemorySegment segment = arena.allocate(Math.max(bytes, 1), 256).asSlice(0, bytes);
            Allocation a = new Allocation(next, segment, label);
            allocations.add(a);
            next += (bytes + 4095) / 256 * 256;
            return a.base;
        }

        MemorySegment bytes(long address) { return find(address, 0).bytes; }

        @Override
        public Allocation find(long address, int length) {
            for (Allocation a : allocations) {
                if (a.holds(address, length)) {
                    return a;
                }
            }
            return null;
        }

        @Override
        public String explain(long address) {
            StringBuilder s = new StringBuilder("not in any of");
            allocations.forEach(a -> s.append(' ').append(a.label).append(" at ").append(Long.toHexString(a.base))
                    .append(" of ").append(a.size).append(" bytes;"));
            return s.toString();
        }
    }

    private static PtxModule module(KernelInstance kernel) {
        return MODULES.computeIfAbsent(kernel.resource(), r -> {
            try {
                return PtxModule.parse(KernelCatalog.ptx(kernel), 8, 0);
            } catch (Exception e) {
                throw new IllegalStateException(r, e);
            }
        });
    }

    private void launch(KernelInstance kernel, Dim grid, int shared, Object... arguments) throws Exception {
        MemorySegment block = arena.allocate(128, 16);
        long at = 0;
        for (int i = 0; i < arguments.length; i++) {
            KernelParameter.Type type = kernel.parameters().get(i).type();
            at = (at + type.bytes() - 1) / type.bytes() * type.bytes();
            if (type == KernelParameter.Type.S32) {
                block.set(ValueLayout.JAVA_INT, at, (Integer) arguments[i]);
            } else {
                block.set(ValueLayout.JAVA_LONG, at, (Long) arguments[i]);
            }
            at += type.bytes();
        }
        KernelRun.run(module(kernel).kernel(kernel.name()), grid, new Dim(kernel.threads(), 1, 1), null,
                shared, block, memory, Map.of(), DeviceSpec.of(8, 0), workers, false, false, null);
    }

    /**
     * A product as the plan says, its grid's y cut to at most {@code mostRowBlocks}.
     *
     * @param x [N, ldx], the last row of K elements only
     * @return [N, M]
     */
    float[] multiply(LaunchPlan plan, SparseMatrix a, short[] x, int ldx, int n, int mostRowBlocks) throws Exception {
        List<Object> arguments = new ArrayList<>();
        for (Section section : a.sections()) {
            long address = memory.allocate(section.name(), section.bytes().byteSize());
            memory.bytes(address).copyFrom(section.bytes());
            arguments.add(address);
        }
        long dX = memory.allocate("x", 2L * x.length);
        long dY = memory.allocate("y", 4L * n * a.m());
        memory.bytes(dX).copyFrom(MemorySegment.ofArray(x));
        memory.bytes(dY).fill((byte) 0x5a); // every element must be written
        long workspace = 0;
        long tickets = 0;
        if (plan.splits() > 1) {
            workspace = memory.allocate("workspace", plan.workspaceBytes());
            memory.bytes(workspace).fill((byte) 0x5a);
            tickets = memory.allocate("tickets", plan.zeroedBytes());
            memory.bytes(tickets).fill((byte) 0);
        }
        arguments.addAll(List.of(dX, dY, a.m(), a.k(), n, ldx, 0L, 0L, workspace, tickets, 0));
        launch(plan.kernel(), new Dim(plan.gridX(), Math.min(plan.gridY(), mostRowBlocks), plan.gridZ()),
                plan.sharedBytes(), arguments.toArray());
        return memory.bytes(dY).toArray(ValueLayout.JAVA_FLOAT);
    }

    @Override
    public void close() {
        memory.allocations.forEach(Allocation::markFreed); // the interpreter remembers where it read last
        arena.close();
    }
}
