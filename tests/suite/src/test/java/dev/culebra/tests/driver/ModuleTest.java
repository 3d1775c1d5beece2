package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaLibrary;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.JitOptions;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.Stream;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Loading code. */
class ModuleTest extends DriverTest {

    @Test
    void takesTheCompilersOptions() {
        JitOptions options = JitOptions.DEFAULT.withMaxRegisters(64).withOptimizationLevel(0).withLineInfo(true)
                .withDebugInfo(false).withVerboseLog(true);
        try (CudaModule module = context.load(Ptx.AXPY, options)) {
            assertNotNull(module.infoLog());
            assertTrue(module.handle() != 0);
            assertEquals(context, module.context());
        }
        try (CudaModule module = context.load(Ptx.AXPY, JitOptions.DEFAULT.withThreadsPerBlock(256))) {
            assertNotNull(module.kernel("axpy"));
        }
        assertThrows(IllegalArgumentException.class, () -> JitOptions.DEFAULT.withMaxRegisters(256));
        assertThrows(IllegalArgumentException.class, () -> JitOptions.DEFAULT.withOptimizationLevel(5));
        assertThrows(IllegalArgumentException.class, () -> JitOptions.DEFAULT.withThreadsPerBlock(1025));
    }

    @Test
    void wrongPtxBringsTheLineAndTheReason() {
        CudaException e = assertThrows(CudaException.class,
                () -> context.load(Ptx.AXPY.replace("fma.rn.f32", "frobnicate.f32")));
        assertEquals("cuModuleLoadDataEx", e.call());
        assertEquals("CUDA_ERROR_INVALID_PTX", e.codeName());
        int line = Ptx.AXPY.substring(0, Ptx.AXPY.indexOf("fma.rn.f32")).split("\n", -1).length;
        contains(e.getMessage(), "frobnicate", "line " + line);
    }

    @Test
    void ptxThatIsTooNewTellsBothVersions() {
        CudaException e = assertThrows(CudaException.class,
                () -> context.load(Ptx.AXPY.replace(".version 7.0", ".version 99.9")));
        assertEquals("CUDA_ERROR_UNSUPPORTED_PTX_VERSION", e.codeName());
        contains(e.advice(), "99.9");
    }

    @Test
    void ptxForALaterDeviceTellsBothCapabilities() {
        CudaException e = assertThrows(CudaException.class, () -> context
                .load(Ptx.AXPY.replace(".version 7.0", ".version 8.6").replace(".target sm_80", ".target sm_100")));
        contains(e.advice(), "sm_100", "9.0");
    }

    @Test
    void aKernelThatIsNotThereTellsWhichAre() {
        try (CudaModule module = context.load(Ptx.AXPY)) {
            CudaException e = assertThrows(CudaException.class, () -> module.kernel("axpi"));
            assertEquals("CUDA_ERROR_NOT_FOUND", e.codeName());
            contains(e.advice(), "'axpi'", "axpy");
        }
    }

    @Test
    void anImageThatIsNoneIsRefused() {
        CudaException e = assertThrows(CudaException.class,
                () -> context.loadBinary(MemorySegment.ofArray(new byte[]{1, 2, 3, 4, 5, 6, 7, 8})));
        assertEquals("cuModuleLoadDataEx", e.call());
        contains(e.advice(), "cubin");
    }

    @Test
    void aLibraryServesEachContext() {
        try (CudaLibrary library = context.loadLibrary(Ptx.ADD, JitOptions.DEFAULT);
                Context other = secondDevice().context();
                Stream there = other.newStream();
                DeviceBuffer here = context.allocate(4);
                DeviceBuffer far = other.allocate(4)) {
            assertTrue(library.handle() != 0);
            assertFalse(library.infoLog().contains("error"));
            stream.fill32(here, 1);
            there.fill32(far, 2);
            library.kernel(context, "add").launch(stream, LaunchConfig.of(1, 1), here, 10);
            library.kernel(other, "add").launch(there, LaunchConfig.of(1, 1), far, 10);
            int[] word = new int[1];
            here.download(MemorySegment.ofArray(word));
            assertEquals(11, word[0]);
            far.download(MemorySegment.ofArray(word));
            assertEquals(12, word[0]);
            contains(assertThrows(CudaException.class, () -> library.kernel(context, "sub")).advice(), "'sub'", "add");
        }
    }
}
