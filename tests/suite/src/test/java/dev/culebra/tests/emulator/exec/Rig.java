package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.culebra.emulator.check.Check;
import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.exec.DeviceSpec;
import dev.culebra.emulator.exec.Dim;
import dev.culebra.emulator.exec.KernelRun;
import dev.culebra.emulator.exec.RunStatistics;
import dev.culebra.emulator.memory.AddressSpace;
import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.ptx.PtxException;
import dev.culebra.emulator.exec.PtxKernel;
import dev.culebra.emulator.exec.PtxModule;
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
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * A module, memory for it, and launches: as little between a test and the interpreter as can be. With
 * {@code -Dculebra.tests.provider=cuda} a real device runs the launches, of tests that look at results alone.
 */
final class Rig implements AddressSpace {

    final PtxModule module;
    private final List<Allocation> allocations = new ArrayList<>();
    private final Map<String, Allocation> variables = new HashMap<>();
    private final Arena arena = Arena.ofAuto();
    DeviceSpec spec;
    int workers = 1;
    private long next = 0x10_0000_0000L;
    /** Null where the interpreter runs. */
    private final RigDevice device;

    Rig(String ptx) { this(ptx, 9, 0); }

    /** A rig on a device of some compute capability. */
    Rig(String ptx, int ccMajor, int ccMinor) {
        spec = DeviceSpec.of(ccMajor, ccMinor);
        try {
            module = PtxModule.parse(ptx, ccMajor, ccMinor);
        } catch (PtxException e) {
            throw new AssertionError(e.getMessage(), e);
        }
        if (RigDevice.wanted()) {
            device = new RigDevice(ptx);
            return; // the driver keeps the variables
        }
        device = null;
        for (PtxVariable v : module.variables()) {
            Allocation a = allocate(v.initial(), "variable " + v.name());
            variables.put(v.name(), a);
        }
        for (PtxVariable v : module.variables()) {
            for (PtxVariable.Relocation r : v.relocations()) {
                r.write(variables.get(v.name()).bytes, variables.get(r.symbol()).base);
            }
        }
    }

    /** The rig for a committed PTX file. */
    static Rig resource(String name) { return new Rig(text(name)); }

    static String text(String name) {
        try (InputStream in = Rig.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The rig for a file of the corpus. */
    static Rig corpus(String name) {
        return new Rig(text("/dev/culebra/tests/emulator/corpus/" + name));
    }

    static final String HEADER = ".version 8.0\n.target sm_90\n.address_size 64\n";

    private Allocation allocate(byte[] contents, String label) {
        MemorySegment bytes = arena.allocate(Math.max(1, contents.length), 256).asSlice(0, contents.length);
        MemorySegment.copy(contents, 0, bytes, ValueLayout.JAVA_BYTE, 0, contents.length);
        if (device != null) {
            Allocation a = new Allocation(device.allocate(contents.length), bytes, label);
            device.mirror(a);
            allocations.add(a);
            return a;
        }
        Allocation a = new Allocation(next, bytes, label);
        next = next + contents.length + 4096 & -4096; // a gap behind each, so that overruns hit nothing
        next += 4096;
        allocations.add(a);
        return a;
    }

    @Override
    public synchronized Allocation find(long address, int length) {
        return allocations.stream().filter(a -> a.holds(address, length)).findFirst().orElse(null);
    }

    @Override
    public String explain(long address) { return "in no allocation"; }

    @Override
    public synchronized long heapAllocate(long bytes, long alignment) {
        return bytes < 0 || bytes > 1 << 20 ? 0 : allocate(new byte[(int) bytes], "device malloc").base;
    }

    @Override
    public String heapFree(long address) {
        Allocation a = find(address, 1);
        if (a == null || a.base != address) {
            return explain(address);
        }
        a.markFreed();
        return null;
    }

    Allocation variable(String name) {
        onlyEmulated("looks at a variable");
        return variables.get(name);
    }

    /** Skips a test that hardware can not run. */
    static void onlyEmulated(String why) {
        assumeFalse(RigDevice.wanted(), "only on the emulator: it " + why);
    }

    long upload(byte[] v) { return allocate(v, "buffer").base; }

    long zeros(int n) { return upload(new byte[n]); }

    long upload(int... v) {
        Allocation a = allocate(new byte[v.length * 4], "buffer");
        MemorySegment.copy(v, 0, a.bytes, ValueLayout.JAVA_INT, 0, v.length);
        return a.base;
    }

    long upload(long... v) {
        Allocation a = allocate(new byte[v.length * 8], "buffer");
        MemorySegment.copy(v, 0, a.bytes, ValueLayout.JAVA_LONG, 0, v.length);
        return a.base;
    }

    long upload(float... v) {
        int[] bits = new int[v.length];
        for (int i = 0; i < v.length; i++) {
            bits[i] = Float.floatToRawIntBits(v[i]);
        }
        return upload(bits);
    }

    long upload(short... v) {
        Allocation a = allocate(new byte[v.length * 2], "buffer");
        MemorySegment.copy(v, 0, a.bytes, ValueLayout.JAVA_SHORT, 0, v.length);
        return a.base;
    }

    private MemorySegment at(long address) { return find(address, 1).bytes; }

    int[] ints(long address) { return at(address).toArray(ValueLayout.JAVA_INT); }

    long[] longs(long address) { return at(address).toArray(ValueLayout.JAVA_LONG); }

    float[] floats(long address) { return at(address).toArray(ValueLayout.JAVA_FLOAT); }

    short[] shorts(long address) { return at(address).toArray(ValueLayout.JAVA_SHORT); }

    byte[] byteArray(long address) { return at(address).toArray(ValueLayout.JAVA_BYTE); }

    void free(long address) { find(address, 1).markFreed(); }

    /** Launches; arguments are Long (addresses and 64 bits), Integer, Float, or bytes of a struct. */
    RunStatistics launch(String kernel, Dim grid, Dim block, int shared, Object... args) throws DeviceFault {
        return launch(kernel, grid, block, shared, false, args);
    }

    RunStatistics launch(String kernel, Dim grid, Dim block, int shared, boolean cooperative, Object[] args)
            throws DeviceFault {
        if (device != null) {
            device.launch(kernel, grid, block, shared, cooperative, args);
            return null;
        }
        PtxKernel k = module.kernel(kernel);
        MemorySegment params = arena.allocate(Math.max(1, k.parameterBytes()), 16);
        for (int i = 0; i < args.length; i++) {
            PtxParameter p = k.parameters().get(i);
            switch (args[i]) {
                case Long v -> params.set(ValueLayout.JAVA_LONG_UNALIGNED, p.offset(), v);
                case Integer v -> params.set(ValueLayout.JAVA_INT_UNALIGNED, p.offset(), v);
                case byte[] v -> MemorySegment.copy(v, 0, params, ValueLayout.JAVA_BYTE, p.offset(), v.length);
                case Float v -> params.set(ValueLayout.JAVA_FLOAT_UNALIGNED, p.offset(), v);
                default -> throw new IllegalArgumentException(args[i].toString());
            }
        }
        return KernelRun.run(k, grid, block, null, shared, params, this, variables, spec, workers, cooperative,
                false, null);
    }

    static Dim dim(int x) { return new Dim(x, 1, 1); }

    static Dim dim(int x, int y) { return new Dim(x, y, 1); }

    /**
     * Runs a few instructions in one warp. Lane l finds {@code inputs[i][l]} in the 32-bit registers %a, %b, %c and %e, their low
     * 16 bits in %ah, %bh and %ch, and puts its result in %d. There are 64-bit registers %x and %y, 32-bit %t0 to %t9,
     * 16-bit %h0 to %h9, predicates %p and %q, and 64 bytes of shared memory a lane in {@code smem}.
     */
    static int[] ints(String code, int[]... inputs) { return ints(Check.ALL, code, inputs); }

    /** The same where nothing is looked for: for code that does what it must not, to see what comes of it. */
    static int[] unchecked(String code, int[]... inputs) {
        return ints(Set.of(), code, inputs);
    }

    private static int[] ints(Set<Check> checks, String code, int[]... inputs) {
        Rig rig = new Rig(
                HEADER + """
                        .shared .align 16 .b8 smem[2048];
                        .visible .entry k(.param .u64 in, .param .u64 out) {
                        .reg .b64 %in, %out, %o, %x, %y; .reg .b32 %a, %b, %c, %e, %d, %tid, %t<10>; .reg .b16 %ah, %bh, %ch, %h<10>; .reg .pred %p, %q;
                        ld.param.u64 %in, [in]; ld.param.u64 %out, [out]; mov.u32 %tid, %tid.x;
                        mul.wide.u32 %o, %tid, 4; add.s64 %in, %in, %o; add.s64 %out, %out, %o;
                        ld.global.u32 %a, [%in]; ld.global.u32 %b, [%in+128]; ld.global.u32 %c, [%in+256]; ld.global.u32 %e, [%in+384];
                        cvt.u16.u32 %ah, %a; cvt.u16.u32 %bh, %b; cvt.u16.u32 %ch, %c;
                        """
                        + code + "\nst.global.u32 [%out], %d; ret; }");
        rig.spec = rig.spec.withChecks(checks);
        int[] all = new int[128];
        for (int i = 0; i < inputs.length; i++) {
            for (int l = 0; l < 32; l++) {
                all[32 * i + l] = inputs[i][l % inputs[i].length];
            }
        }
        long out = rig.zeros(128);
        rig.launchOrFail("k", rig.upload(all), out);
        return rig.ints(out);
    }

    /** The same with 64-bit %a, %b, %c and %d, and 32-bit %t0 to %t9. */
    static long[] longs(String code, long[]... inputs) {
        Rig rig = new Rig(HEADER + """
                .visible .entry k(.param .u64 in, .param .u64 out) {
                .reg .b64 %in, %out, %o, %x, %y, %a, %b, %c, %d; .reg .b32 %tid, %t<10>; .reg .pred %p, %q;
                ld.param.u64 %in, [in]; ld.param.u64 %out, [out]; mov.u32 %tid, %tid.x;
                mul.wide.u32 %o, %tid, 8; add.s64 %in, %in, %o; add.s64 %out, %out, %o;
                ld.global.u64 %a, [%in]; ld.global.u64 %b, [%in+256]; ld.global.u64 %c, [%in+512];
                """ + code + "\nst.global.u64 [%out], %d; ret; }");
        long[] all = new long[96];
        for (int i = 0; i < inputs.length; i++) {
            for (int l = 0; l < 32; l++) {
                all[32 * i + l] = inputs[i][l % inputs[i].length];
            }
        }
        long out = rig.zeros(256);
        rig.launchOrFail("k", rig.upload(all), out);
        return rig.longs(out);
    }

    private void launchOrFail(String kernel, Object... args) {
        try {
            launch(kernel, dim(1), dim(32), 0, args);
        } catch (DeviceFault e) {
            throw new AssertionError(e.getMessage(), e);
        }
    }

    /** The faults that a module's text has. */
    static PtxException refusal(String text) {
        try {
            PtxModule.parse(text, 9, 0);
        } catch (PtxException e) {
            return e;
        }
        throw new AssertionError("accepted: " + text);
    }

    static int[] map(int[] v, UnaryOperator<Integer> f) { return Arrays.stream(v).map(f::apply).toArray(); }

    static int f(float v) { return Float.floatToRawIntBits(v); }
}
