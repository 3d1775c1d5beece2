package dev.culebra.tests.emulator.hopper;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.spi.LaunchCounters;
import dev.culebra.emulator.check.Check;
import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.exec.DeviceSpec;
import dev.culebra.emulator.exec.Dim;
import dev.culebra.emulator.exec.KernelRun;
import dev.culebra.emulator.exec.PtxKernel;
import dev.culebra.emulator.exec.PtxModule;
import dev.culebra.emulator.memory.AddressSpace;
import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.ptx.PtxException;
import dev.culebra.emulator.ptx.PtxParameter;
import dev.culebra.emulator.ptx.PtxVariable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A module, memory for it, and launches in clusters. */
final class ClusterRig implements AddressSpace {

    static final String HEADER = ".version 8.6\n.target sm_90\n.address_size 64\n";

    final PtxModule module;
    DeviceSpec spec = DeviceSpec.of(9, 0);
    int workers = 2;
    private final List<Allocation> allocations = new ArrayList<>();
    private final Map<String, Allocation> variables = new HashMap<>();
    private final Arena arena = Arena.ofAuto();
    private long next = 0x10_0000_0000L;

    ClusterRig(String ptx) {
        try {
            module = PtxModule.parse(ptx, 9, 0);
        } catch (PtxException e) {
            throw new AssertionError(e.getMessage(), e);
        }
        for (PtxVariable v : module.variables()) {
            variables.put(v.name(), allocate(v.initial(), "variable " + v.name()));
        }
    }

    static ClusterRig resource(String name) { return new ClusterRig(file(name)); }

    /** The text of a committed PTX file. */
    static String file(String name) {
        try (InputStream in = ClusterRig.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A module of one kernel {@code k(in, out)} with both pointers in %in and %out, %t and %rank set, registers %r0 to %r29,
     * %d0 to %d29, %h0 to %h9, %p0 to %p9, %f0 to %f9, and 4096 bytes of shared memory {@code sm} that begin with eight cells
     * for mbarriers.
     */
    static ClusterRig kernel(String code) { return new ClusterRig(text(code)); }

    static String text(String code) { return HEADER
            + """
                    .shared .align 128 .b8 sm[4096];
                    .visible .entry k(.param .u64 in, .param .u64 out) {
                    .reg .b64 %in, %out, %d<30>; .reg .b32 %t, %rank, %r<30>; .reg .b16 %h<10>; .reg .pred %p<10>; .reg .f32 %f<10>;
                    ld.param.u64 %in, [in]; ld.param.u64 %out, [out]; mov.u32 %t, %tid.x; mov.u32 %rank, %cluster_ctarank;
                    """
            + code + "\nret; }\n"; }

    private Allocation allocate(byte[] contents, String label) {
        MemorySegment bytes = arena.allocate(Math.max(1, contents.length), 256).asSlice(0, contents.length);
        MemorySegment.copy(contents, 0, bytes, ValueLayout.JAVA_BYTE, 0, contents.length);
        Allocation a = new Allocation(next, bytes, label);
        next += (contents.length + 4095 & -4096) + 4096;
        allocations.add(a);
        return a;
    }

    @Override
    public synchronized Allocation find(long address, int length) {
        return allocations.stream().filter(a -> a.holds(address, length)).findFirst().orElse(null);
    }

    @Override
    public String explain(long address) { return "in no allocation"; }

    long ints(int... v) {
        Allocation a = allocate(new byte[v.length * 4], "buffer");
        MemorySegment.copy(v, 0, a.bytes, ValueLayout.JAVA_INT, 0, v.length);
        return a.base;
    }

    long zeros(int words) { return ints(new int[words]); }

    int[] read(long address) { return find(address, 1).bytes.toArray(ValueLayout.JAVA_INT); }

    /** Launches one kernel {@code k}; arguments are Long or Integer. */
    void launch(int blocks, int threads, int cluster, Object... arguments) throws DeviceFault {
        launch("k", new Dim(blocks, 1, 1), new Dim(threads, 1, 1), cluster == 0 ? null : new Dim(cluster, 1, 1), 0,
                arguments);
    }

    /** Launches one block of one thread, counting. */
    LaunchCounters count(long... arguments) throws DeviceFault {
        MemorySegment params = arena.allocate(8L * arguments.length, 16);
        MemorySegment.copy(arguments, 0, params, ValueLayout.JAVA_LONG, 0, arguments.length);
        Dim one = new Dim(1, 1, 1);
        return KernelRun.run(module.kernel("k"), one, one, null, 0, params, this, variables, spec, 1, false, true, null)
                .counters();
    }

    void launch(String kernel, Dim grid, Dim block, Dim cluster, int shared, Object... arguments) throws DeviceFault {
        PtxKernel k = module.kernel(kernel);
        MemorySegment params = arena.allocate(Math.max(1, k.parameterBytes()), 16);
        for (int i = 0; i < arguments.length; i++) {
            PtxParameter p = k.parameters().get(i);
            switch (arguments[i]) {
                case Long v -> params.set(ValueLayout.JAVA_LONG_UNALIGNED, p.offset(), v);
                case Integer v -> params.set(ValueLayout.JAVA_INT_UNALIGNED, p.offset(), v);
                default -> throw new IllegalArgumentException(arguments[i].toString());
            }
        }
        KernelRun.run(k, grid, block, cluster, shared, params, this, variables, spec, workers, false,
                false, null);
    }

    /** Runs kernel code in one cluster and gives {@code words} words of output; input is 1000, 1001, ... */
    static int[] run(String code, int blocks, int threads, int words) {
        ClusterRig rig = kernel(code);
        long out = rig.zeros(words);
        try {
            rig.launch(blocks, threads, blocks, rig.ints(counting(1024)), out);
        } catch (DeviceFault e) {
            throw new AssertionError(e.diagnostic(), e);
        }
        return rig.read(out);
    }

    /** Runs kernel code in one cluster that must fail; the diagnostic must have some words. */
    static DeviceFault fails(String code, int blocks, int threads, int cudaError, String... words) {
        return fails(Check.ALL, code, blocks, threads, cudaError, words);
    }

    /** The same with some checks alone. */
    static DeviceFault fails(Set<Check> checks, String code, int blocks, int threads, int cudaError, String... words) {
        ClusterRig rig = kernel(code);
        rig.spec = rig.spec.withChecks(checks);
        long out = rig.zeros(1024);
        long in = rig.ints(counting(1024));
        DeviceFault f = assertThrows(DeviceFault.class, () -> rig.launch(blocks, threads, blocks, in, out));
        for (String w : words) {
            assertTrue(f.diagnostic().contains(w), () -> "'" + w + "' is missing in: " + f.diagnostic());
        }
        assertTrue(f.cudaError() == cudaError, () -> "code " + f.cudaError() + ": " + f.diagnostic());
        return f;
    }

    static int[] counting(int n) {
        int[] v = new int[n];
        for (int i = 0; i < n; i++) {
            v[i] = 1000 + i;
        }
        return v;
    }

    /** The faults of a module's text. */
    static String refusal(String text) {
        return assertThrows(PtxException.class, () -> PtxModule.parse(text, 9, 0)).getMessage();
    }
}
