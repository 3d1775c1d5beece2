package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import dev.culebra.driver.Kernel;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.Parameter;
import dev.culebra.driver.PreparedLaunch;
import dev.culebra.driver.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Arguments against parameters, on a driver that does not tell them (12.0 to 12.3): they are read off the PTX. */
class ParametersTest {

    private static final String PTX = """
            // .entry notThis(.param .u32 a)
            .version 8.0
            .target sm_90
            /* .entry norThis() */
            .visible .entry all(
                .param .u8 a,               // offset 0
                .param .u64 .ptr .global .align 16 x,
                .param .f32 b,
                .param .f64 c,
                .param .b16 h,
                .param .align 4 .b8 s[12],
                .param .align 64 .b8 map[128],
                .param .b32 bits
            )
            .maxntid 128
            { ret; }
            .entry none() { ret; }
            .entry bare { ret; }
            """;

    private final Cuda cuda = Cuda.open(new FakeDriver());
    private final Context context = cuda.device(0).context();
    private final Stream stream = context.newStream();
    private final CudaModule module = context.load(PTX);
    private final Kernel all = module.kernel("all");

    @AfterEach
    void close() {
        stream.close();
        module.close();
        context.close();
    }

    @Test
    void areReadOffThePtx() {
        // Offsets by the PTX rule: each parameter at the next multiple of its alignment.
        assertEquals(List.of(new Parameter(0, "a", "u8", 0, 1), new Parameter(1, "x", "u64", 8, 8),
                new Parameter(2, "b", "f32", 16, 4), new Parameter(3, "c", "f64", 24, 8),
                new Parameter(4, "h", "b16", 32, 2), new Parameter(5, "s", "b8[12]", 36, 12),
                new Parameter(6, "map", "b8[128]", 64, 128), new Parameter(7, "bits", "b32", 192, 4)),
                all.parameters());
        assertEquals(List.of(), module.kernel("none").parameters());
        assertEquals(List.of(), module.kernel("bare").parameters());
    }

    @Test
    void argumentsThatFitAreTaken() {
        try (Arena arena = Arena.ofConfined(); DeviceBuffer x = context.allocate(64)) {
            all.launch(stream, LaunchConfig.of(1, 128), (byte) 1, x, 0.5f, 0.25, (short) 3, arena.allocate(12),
                    arena.allocate(128), 7);
            all.launch(stream, LaunchConfig.of(1, 128), (byte) 1, x.address(), 0.5f, 0.25, (short) 3,
                    arena.allocate(12),
                    arena.allocate(128), 0.5f);
        }
    }

    @Test
    void argumentsThatDoNotFitAreNamed() {
        PreparedLaunch launch = all.prepare(LaunchConfig.of(1, 1));
        assertEquals("all, parameter 2 (b), .f32 of 4 bytes: got an int of 4 bytes",
                assertThrows(IllegalArgumentException.class, () -> launch.set(2, 1)).getMessage());
        assertEquals("all, parameter 0 (a), .u8 of 1 byte: got an int of 4 bytes",
                assertThrows(IllegalArgumentException.class, () -> launch.set(0, 1)).getMessage());
        assertThrows(IllegalArgumentException.class, () -> launch.set(1, 1)); // an int is no pointer
        assertThrows(IllegalArgumentException.class, () -> launch.set(1, 1.0)); // nor is a double
        assertThrows(IllegalArgumentException.class, () -> launch.set(3, 1L)); // a double is wanted
        assertThrows(IllegalArgumentException.class, () -> launch.set(4, 1));
        assertThrows(IllegalArgumentException.class, () -> launch.set(5, MemorySegment.ofArray(new byte[11])));
        assertThrows(IndexOutOfBoundsException.class, () -> launch.set(8, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> launch.set(-1, 1));
    }

    @Test
    void theNumberOfArgumentsIsChecked() {
        Kernel none = module.kernel("none");
        none.launch(stream, LaunchConfig.of(1, 1));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> none.launch(stream, LaunchConfig.of(1, 1), 1))
                .getMessage().contains("none takes 0 arguments, got 1"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> all.launch(stream, LaunchConfig.of(1, 1), 1))
                .getMessage().contains("parameter 3 (c), .f64 of 8 bytes"));
    }

    @Test
    void whatIsNoArgumentIsRefused() {
        Kernel kernel = all;
        Object[] arguments = {"text", 1L, 0.5f, 0.25, (short) 3, MemorySegment.ofArray(new byte[12]),
            MemorySegment.ofArray(new byte[128]), 7};
        assertTrue(assertThrows(IllegalArgumentException.class,
                () -> kernel.launch(stream, LaunchConfig.of(1, 1), arguments)).getMessage()
                .contains("java.lang.String"));
        arguments[0] = null;
        assertTrue(assertThrows(IllegalArgumentException.class,
                () -> kernel.launch(stream, LaunchConfig.of(1, 1), arguments)).getMessage().contains("got null"));
    }

    @Test
    void aLaunchWithUnsetArgumentsNamesThem() {
        PreparedLaunch launch = all.prepare(LaunchConfig.of(1, 1)).set(0, (byte) 1).set(2, 1f).set(3, 1.0)
                .set(4, (short) 1).set(5, MemorySegment.ofArray(new byte[12]))
                .set(6, MemorySegment.ofArray(new byte[128]));
        assertEquals("all: not set yet: parameter 1 (x), .u64 of 8 bytes; parameter 7 (bits), .b32 of 4 bytes",
                assertThrows(IllegalStateException.class, () -> launch.launch(stream)).getMessage());
        launch.set(1, 0L).set(7, 1).launch(stream);
    }

    @Test
    void shapesThatDoNotFitAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> all.prepare(LaunchConfig.of(1, 1025)));
        assertThrows(IllegalArgumentException.class, () -> LaunchConfig.of(0, 1));
        assertThrows(IllegalArgumentException.class, () -> LaunchConfig.of(1, 1).withShared(-1));
        assertThrows(IllegalArgumentException.class,
                () -> LaunchConfig.of(3, 1).withCluster(Dim3.of(2)));
        // The fake says that it has 100,000 bytes.
        assertThrows(IllegalArgumentException.class, () -> all.prepare(LaunchConfig.of(1, 1).withShared(100_001)));
    }

    @Test
    void aStreamOfAnotherContextIsRefused() {
        Context guest = Context.guest(cuda, cuda.device(0), 0xBEEF);
        assertThrows(IllegalArgumentException.class,
                () -> module.kernel("none").launch(guest.defaultStream(), LaunchConfig.of(1, 1)));
    }

    @Test
    void codeWithoutPtxNeedsADriverThatTells() {
        try (CudaModule binary = context.loadBinary(MemorySegment.ofArray(new byte[100]))) {
            CudaException e = assertThrows(CudaException.class, () -> binary.kernel("k").parameters());
            assertTrue(e.getMessage().contains("12.4"), e.getMessage());
        }
    }
}
