package dev.culebra.tests.emulator.check;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.PinnedBuffer;
import dev.culebra.driver.Stream;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import dev.culebra.emulator.check.Check;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is found in a kernel reaches the Java caller, and what the driver does to memory counts as writing it. */
class DriverTest {

    private static final String PTX = """
            .version 8.0
            .target sm_90
            .address_size 64
            .global .align 4 .b32 zeros[64];
            .visible .entry copy(.param .u64 in, .param .u64 out) {
            .reg .b64 %i, %o, %d; .reg .b32 %t, %v;
            ld.param.u64 %i, [in]; ld.param.u64 %o, [out]; mov.u32 %t, %tid.x;
            mul.wide.u32 %d, %t, 4; add.s64 %i, %i, %d; add.s64 %o, %o, %d;
            ld.global.u32 %v, [%i];
            st.global.u32 [%o], %v; ret; }
            .visible .entry race() {
            .shared .align 4 .b32 s[64]; .reg .b32 %t, %a, %b;
            mov.u32 %t, %tid.x; shl.b32 %a, %t, 2; mov.u32 %b, s; add.u32 %a, %a, %b; xor.b32 %b, %a, 128;
            st.shared.u32 [%a], %t;
            st.shared.u32 [%b], %a; ret; }
            """;
    private static final int N = 64;

    private final Opened opened = new Opened();
    private Context context;
    private Stream stream;
    private CudaModule module;

    private <T extends AutoCloseable> T open(T t) { return opened.add(t); }

    private void start(Set<Check> checks) {
        Cuda cuda = Cuda.open(new EmulatorProvider(EmulatorOptions.DEFAULT.withChecks(checks)));
        context = open(cuda.device(0).context());
        module = open(context.load(PTX));
        stream = open(context.newStream());
    }

    @AfterEach
    void close() { opened.close(); }

    private DeviceBuffer buffer() { return open(context.allocate(4 * N)); }

    private static MemorySegment numbers() {
        return Arena.ofAuto().allocateFrom(ValueLayout.JAVA_INT, IntStream.range(0, N).toArray());
    }

    private int[] read(DeviceBuffer b) {
        MemorySegment host = Arena.ofAuto().allocate(4 * N, 16);
        stream.copy(b, host);
        stream.synchronize();
        return host.toArray(ValueLayout.JAVA_INT);
    }

    private int[] copied(DeviceBuffer in) {
        DeviceBuffer out = buffer();
        module.kernel("copy").launch(stream, LaunchConfig.of(1, N), in, out);
        return read(out);
    }

    private void unwritten(DeviceBuffer in, String... words) {
        DeviceBuffer out = buffer();
        module.kernel("copy").launch(stream, LaunchConfig.of(1, N), in, out);
        CudaException e = assertThrows(CudaException.class, () -> stream.synchronize());
        assertEquals("CUDA_ERROR_LAUNCH_FAILED", e.codeName());
        for (String w : words) {
            assertTrue(e.getMessage().contains(w), e.getMessage() + " lacks \"" + w + "\"");
        }
    }

    @Test
    void aFreshBuffer() {
        start(Check.ALL);
        unwritten(buffer(), "read of unwritten memory", "allocation #", "of 256 bytes, byte 0", "kernel copy",
                "ptx line 9",
                "block (0,0,0)", "thread (0,0,0)", "ld.global.u32");
    }

    @Test
    void aRace() {
        start(Check.ALL);
        module.kernel("race").launch(stream, LaunchConfig.of(1, N));
        CudaException e = assertThrows(CudaException.class, () -> stream.synchronize());
        assertTrue(e.getMessage().contains("race: shared address 0x") && e.getMessage().contains("ptx line 14"),
                e.getMessage());
    }

    @Test
    void whatCountsAsWritten() {
        start(Check.ALL);
        int[] numbers = numbers().toArray(ValueLayout.JAVA_INT);
        DeviceBuffer a = buffer();
        stream.copy(numbers(), a);
        assertArrayEquals(numbers, copied(a));
        DeviceBuffer b = buffer();
        stream.copy(a, b);
        assertArrayEquals(numbers, copied(b));
        DeviceBuffer c = buffer();
        stream.fill(c, (byte) 1);
        assertEquals(0x01010101, copied(c)[5]);
        DeviceBuffer d = buffer();
        stream.fill32(d, 77);
        assertEquals(77, copied(d)[N - 1]);
        DeviceBuffer e = buffer();
        stream.copy2d(numbers(), 16, e, 16, 16, N / 4);
        assertArrayEquals(numbers, copied(e));
        DeviceBuffer f = open(stream.allocate(4 * N));
        stream.copy(copy(a), f); // what a kernel has written
        assertArrayEquals(numbers, copied(f));
        assertArrayEquals(new int[N], copied(module.global("zeros")));
        PinnedBuffer pinned = open(context.allocatePinned(4 * N));
        DeviceBuffer out = buffer();
        stream.copy(pinned.segment(), out);
        assertArrayEquals(new int[N], copied(out));
    }

    private DeviceBuffer copy(DeviceBuffer in) {
        DeviceBuffer out = buffer();
        module.kernel("copy").launch(stream, LaunchConfig.of(1, N), in, out);
        return out;
    }

    /** A copy from device to device carries along what has not been written, and one to the host delivers poison. */
    @Test
    void aCopyOfWhatIsHalfWritten() {
        start(Check.ALL);
        DeviceBuffer a = buffer();
        stream.copy(numbers(), 0, a, 0, 2 * N);
        DeviceBuffer b = buffer();
        stream.fill32(b, 5);
        stream.copy(a, b);
        int[] got = read(b);
        assertEquals(N / 2 - 1, got[N / 2 - 1]);
        assertEquals(0x7fff7fff, got[N / 2]);
        unwritten(b, "byte 128", "thread (32,0,0)");
    }

    @Test
    void rowsThatLeaveGaps() {
        start(Check.ALL);
        DeviceBuffer a = buffer();
        stream.copy2d(numbers(), 16, a, 32, 16, N / 8);
        assertEquals(0x7fff7fff, read(a)[4]);
        unwritten(a, "byte 16", "thread (4,0,0)");
    }

    @Test
    void memoryFromAPoolIsFreshAgain() {
        start(Check.ALL);
        try (DeviceBuffer a = stream.allocate(4 * N)) {
            stream.fill32(a, 3);
            assertEquals(3, copied(a)[0]);
        }
        unwritten(open(stream.allocate(4 * N)), "pool allocation #", "byte 0");
    }

    /** Memory is poisoned without the check too, and nothing is reported. */
    @Test
    void withTheChecksOff() {
        start(Set.of());
        assertEquals(0x7fff7fff, copied(buffer())[17]);
        module.kernel("race").launch(stream, LaunchConfig.of(1, N));
        stream.synchronize();
    }

    @Test
    void theOptionTakesSomeOfThem() {
        start(Check.parse("races,barriers"));
        assertEquals(0x7fff7fff, copied(buffer())[17]);
        module.kernel("race").launch(stream, LaunchConfig.of(1, N));
        assertThrows(CudaException.class, () -> stream.synchronize());
    }
}
