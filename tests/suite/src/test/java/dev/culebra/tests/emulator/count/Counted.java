package dev.culebra.tests.emulator.count;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.Stream;
import dev.culebra.driver.spi.CounterRecording;
import dev.culebra.driver.spi.InstructionClass;
import dev.culebra.driver.spi.LaunchCounters;
import dev.culebra.driver.spi.LaunchCounters.Bytes;
import dev.culebra.driver.spi.LaunchCounters.MemorySpace;
import dev.culebra.driver.spi.LaunchCounters.Sectors;
import dev.culebra.driver.spi.LaunchCounters.Wavefronts;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/** Launches on an emulator of their own, and what they counted. */
final class Counted {

    private Counted() {}

    static final String HEADER = ".version 8.0\n.target sm_90\n.address_size 64\n";

    /** Bytes of the buffer that kernels get. */
    static final int BUFFER = 64 << 10;

    static Cuda emulator(int workers) {
        return Cuda.open(new EmulatorProvider(EmulatorOptions.DEFAULT.withMemory(64 << 20).withWorkers(workers)));
    }

    static final Cuda EMULATOR = emulator(1);

    private static final Cuda UNCHECKED = Cuda.open(
            new EmulatorProvider(EmulatorOptions.DEFAULT.withMemory(64 << 20).withWorkers(1).withChecks(Set.of())));

    /** Launches a kernel that takes the address of a buffer of zeros. */
    static LaunchCounters of(Cuda cuda, String ptx, String kernel, LaunchConfig config) {
        try (Context context = cuda.device(0).context();
                Stream stream = context.newStream();
                DeviceBuffer buffer = context.allocate(BUFFER);
                CudaModule module = context.load(ptx);
                CounterRecording recording = cuda.recordCounters()) {
            stream.fill(buffer, (byte) 0);
            module.kernel(kernel).launch(stream, config, buffer);
            stream.synchronize();
            return recording.launches().getFirst();
        }
    }

    /**
     * What a few instructions of one warp cost: those of a kernel with them less those of the kernel without. They find their
     * lane in {@code %lane}, the buffer's address in {@code %g}, 16 KB of shared memory full of zeros in {@code smem}, at
     * address {@code %base}, a multiple of 128, registers {@code %a}, {@code %b}, {@code %t0} to {@code %t9} of 32 bits, {@code %x}, {@code %y} of 64,
     * {@code %h} of 16, {@code %f} of 32-bit floats, predicates {@code %p}, {@code %q}.
     */
    static LaunchCounters snippet(String code) { return snippet(EMULATOR, code); }

    /** The same where nothing is looked for: for lanes that write one place. */
    static LaunchCounters unchecked(String code) {
        return snippet(UNCHECKED, code);
    }

    private static LaunchCounters snippet(Cuda cuda, String code) {
        String prologue = HEADER
                + """
                        .shared .align 128 .b8 smem[16384];
                        .visible .entry k(.param .u64 buffer) {
                        .reg .b32 %lane, %base, %end, %s, %a, %b, %t<10>; .reg .b64 %g, %x, %y; .reg .b16 %h; .reg .f32 %f; .reg .f64 %d;
                        .reg .pred %p, %q, %full;
                        mov.u32 %lane, %tid.x; ld.param.u64 %g, [buffer];
                        mov.u32 %base, smem; mad.lo.u32 %s, %lane, 16, %base; add.u32 %end, %base, 16384;
                        fill: st.shared.v4.b32 [%s], {0, 0, 0, 0}; add.u32 %s, %s, 512; setp.lt.u32 %full, %s, %end; @%full bra fill;
                        bar.sync 0;
                        """;
        LaunchConfig one = LaunchConfig.of(1, 32);
        LaunchCounters with = of(cuda, prologue + code + "\nret; }", "k", one);
        LaunchCounters without = of(cuda, prologue + "\nret; }", "k", one);
        return minus(with, without);
    }

    private static LaunchCounters minus(LaunchCounters a, LaunchCounters b) {
        Map<InstructionClass, Long> classes = new EnumMap<>(InstructionClass.class);
        a.instructions().forEach((kind, n) -> classes.put(kind, n - b.instructions(kind)));
        classes.values().removeIf(n -> n == 0);
        Map<MemorySpace, Bytes> bytes = new EnumMap<>(MemorySpace.class);
        for (MemorySpace s : MemorySpace.values()) {
            bytes.put(s, new Bytes(a.bytes(s).read() - b.bytes(s).read(), a.bytes(s).written() - b.bytes(s).written()));
        }
        return new LaunchCounters(a.kernel(), a.grid(), a.block(), a.warpInstructions() - b.warpInstructions(),
                a.threadInstructions() - b.threadInstructions(), classes,
                new Wavefronts(a.shared().wavefronts() - b.shared().wavefronts(),
                        a.shared().fewest() - b.shared().fewest()),
                new Sectors(a.global().asked() - b.global().asked(), a.global().fewest() - b.global().fewest()),
                a.barriers() - b.barriers(), a.divergentBranches() - b.divergentBranches(), bytes, a.lines());
    }
}
