package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.*;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaLibrary;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.JitOptions;
import dev.culebra.driver.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an exception of the driver says. */
class ErrorsTest {

    private static final String PTX = ".version 9.0\n.target sm_100\n.entry first() {}\n.entry second(.param .u32 n) {}\n";

    private final FakeDriver fake = new FakeDriver();
    private Context context;

    @AfterEach
    void close() { if (context != null) context.close(); }

    private Context open() {
        context = Cuda.open(fake).device(0).context();
        return context;
    }

    private static void contains(String text, String... parts) {
        for (String part : parts) assertTrue(text.contains(part), () -> "'" + part + "' is not in: " + text);
    }

    @Test
    void namesTheCallTheCodeAndTheSentence() {
        fake.put("cuMemsetD8Async",
                PFN_cuMemsetD8Async_v3020.allocate((to, value, count, stream) -> 1, Arena.global()));
        Context context = open();
        try (Stream stream = context.newStream(); DeviceBuffer buffer = stream.allocate(16)) {
            CudaException e = assertThrows(CudaException.class, () -> stream.fill(buffer, (byte) 1));
            assertEquals("cuMemsetD8Async", e.call());
            assertEquals(1, e.code());
            assertEquals("CUDA_ERROR_FAKE_1", e.codeName());
            assertEquals("fake sentence", e.description());
            assertEquals("cuMemsetD8Async: CUDA_ERROR_FAKE_1 (1): fake sentence.", e.getMessage());
            assertFalse(e.isSticky());
        }
    }

    @Test
    void outOfMemoryTellsWhatWasAskedAndWhatIsFree() {
        fake.put("cuMemAlloc", PFN_cuMemAlloc_v3020.allocate((out, bytes) -> CudaApi.CUDA_ERROR_OUT_OF_MEMORY(),
                Arena.global()));
        fake.put("cuMemGetInfo", PFN_cuMemGetInfo_v3020.allocate((free, total) -> {
            free.set(ValueLayout.JAVA_LONG, 0, 3L << 20);
            total.set(ValueLayout.JAVA_LONG, 0, 24L << 30);
            return 0;
        }, Arena.global()));
        CudaException e = assertThrows(CudaException.class, () -> open().allocate(8L << 30));
        contains(e.advice(), "8.0 GiB", "3.0 MiB of 24.0 GiB are free");
    }

    @Test
    void anErrorThatStaysSaysSo() {
        fake.put("cuMemsetD8Async", PFN_cuMemsetD8Async_v3020
                .allocate((to, value, count, stream) -> CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS(), Arena.global()));
        fake.diagnostic = "kernel k, block 3: read of 4 bytes at 0x10";
        Context context = open();
        try (Stream stream = context.newStream(); DeviceBuffer buffer = stream.allocate(16)) {
            CudaException e = assertThrows(CudaException.class, () -> stream.fill(buffer, (byte) 1));
            assertTrue(e.isSticky());
            contains(e.advice(), "context is lost", "start a new process");
            assertEquals(fake.diagnostic, e.diagnostic());
            contains(e.getMessage(), "kernel k, block 3");
        }
    }

    @ParameterizedTest
    @CsvSource({"12000,8.0", "12030,8.3", "12050,8.5", "12060,8.5", "12080,8.7", "12090,8.8", "13000,9.0"})
    void ptxThatIsTooNewTellsBothVersions(int driver, String latest) {
        fake.version(driver).put("cuModuleLoadDataEx", PFN_cuModuleLoadDataEx_v2010.allocate(
                (out, image, count, options, values) -> CudaApi.CUDA_ERROR_UNSUPPORTED_PTX_VERSION(), Arena.global()));
        CudaException e = assertThrows(CudaException.class, () -> open().load(PTX));
        contains(e.advice(), ".version 9.0", "up to " + latest + ".");
    }

    @Test
    void ptxForALaterDeviceTellsBothCapabilities() {
        fake.put("cuModuleLoadDataEx", PFN_cuModuleLoadDataEx_v2010
                .allocate((out, image, count, options, values) -> CudaApi.CUDA_ERROR_NO_BINARY_FOR_GPU(),
                        Arena.global()));
        CudaException e = assertThrows(CudaException.class, () -> open().load(PTX));
        contains(e.advice(), ".target sm_100", "compute capability is 100000.100000");
    }

    /** An H200's driver answers so, with a compiler's log that names no numbers. */
    @Test
    void ptxForALaterDeviceIsToldApartFromPtxThatIsWrong() {
        fake.put("cuDeviceGetAttribute", PFN_cuDeviceGetAttribute_v2000.allocate((out, attribute,
                device) -> fake.write(out, attribute == CudaApi.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR() ? 9 : 0),
                Arena.global()));
        fake.put("cuModuleLoadDataEx", PFN_cuModuleLoadDataEx_v2010
                .allocate((out, image, count, options, values) -> CudaApi.CUDA_ERROR_INVALID_PTX(), Arena.global()));
        Context context = open();
        contains(assertThrows(CudaException.class, () -> context.load(PTX)).advice(), ".target sm_100",
                "compute capability is 9.0");
        contains(assertThrows(CudaException.class, () -> context.load(PTX.replace("sm_100", "sm_90a"))).advice(),
                "compiler's log");
    }

    @Test
    void textThatIsNoPtx() {
        fake.put("cuModuleLoadDataEx", PFN_cuModuleLoadDataEx_v2010
                .allocate((out, image, count, options, values) -> CudaApi.CUDA_ERROR_INVALID_IMAGE(), Arena.global()));
        contains(assertThrows(CudaException.class, () -> open().load("hello")).advice(), "begins with .version",
                "loadBinary");
    }

    /** NVIDIA's driver takes a library whose PTX is wrong, writes the log, and fails when a kernel is asked for. */
    @Test
    void aLibraryThatIsCompiledLateBringsItsLogLate() {
        fake.put("cuLibraryLoadData", PFN_cuLibraryLoadData_v12000
                .allocate((out, code, options, values, count, libraryOptions, libraryValues, libraryCount) -> {
                    for (int i = 0; i < count; i++) {
                        if (options.getAtIndex(ValueLayout.JAVA_INT, i) == CudaApi.CU_JIT_ERROR_LOG_BUFFER()) {
                            FakeDriver.writeLog(values.getAtIndex(CudaApi.C_POINTER, i), "line 4: no such thing\n");
                        }
                    }
                    out.set(ValueLayout.JAVA_LONG, 0, 0xABC0);
                    return 0;
                }, Arena.global()));
        fake.put("cuLibraryGetKernel", PFN_cuLibraryGetKernel_v12000
                .allocate((out, library, name) -> CudaApi.CUDA_ERROR_INVALID_PTX(), Arena.global()));
        Context context = open();
        try (CudaLibrary library = context.loadLibrary(PTX, JitOptions.DEFAULT)) {
            CudaException e = assertThrows(CudaException.class, () -> library.kernel(context, "first"));
            assertEquals("line 4: no such thing", e.diagnostic());
            assertEquals("cuLibraryGetKernel", e.call());
        }
    }

    @Test
    void whenClosingFailsTwiceTheFirstFailureIsTheOneToHearOf() {
        Context context = open();
        Stream stream = context.newStream();
        DeviceBuffer buffer = context.allocate(16);
        stream.fill(buffer, (byte) 0);
        fake.put("cuStreamSynchronize",
                PFN_cuStreamSynchronize_v2000.allocate(s -> CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS(), Arena.global()));
        fake.put("cuMemFree",
                PFN_cuMemFree_v3020.allocate(a -> CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS(), Arena.global()));
        fake.put("cuStreamDestroy",
                PFN_cuStreamDestroy_v4000.allocate(s -> CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS(), Arena.global()));
        CudaException e = assertThrows(CudaException.class, buffer::close);
        assertEquals("cuStreamSynchronize", e.call());
        assertEquals("cuMemFree", ((CudaException) e.getSuppressed()[0]).call());
        e = assertThrows(CudaException.class, stream::close);
        assertEquals("cuStreamSynchronize", e.call());
        assertEquals("cuStreamDestroy", ((CudaException) e.getSuppressed()[0]).call());
        context.close();
    }

    @Test
    void aFailedCompilationBringsTheCompilersLog() {
        fake.put("cuModuleLoadDataEx", PFN_cuModuleLoadDataEx_v2010.allocate((out, image, count, options, values) -> {
            for (int i = 0; i < count; i++) {
                if (options.getAtIndex(ValueLayout.JAVA_INT, i) == CudaApi.CU_JIT_ERROR_LOG_BUFFER()) {
                    FakeDriver.writeLog(values.getAtIndex(CudaApi.C_POINTER, i), "ptxas line 4: no such thing\n");
                }
            }
            return CudaApi.CUDA_ERROR_INVALID_PTX();
        }, Arena.global()));
        CudaException e = assertThrows(CudaException.class, () -> open().load(PTX));
        assertEquals("ptxas line 4: no such thing", e.diagnostic());
        contains(e.getMessage(), "ptxas line 4");
    }

    @Test
    void aLogWithoutAnEndIsCut() {
        fake.put("cuModuleLoadDataEx", PFN_cuModuleLoadDataEx_v2010.allocate((out, image, count, options, values) -> {
            for (int i = 0; i < count; i++) {
                if (options.getAtIndex(ValueLayout.JAVA_INT, i) == CudaApi.CU_JIT_ERROR_LOG_BUFFER()) {
                    long bytes = values.getAtIndex(CudaApi.C_POINTER, i + 1).address();
                    values.getAtIndex(CudaApi.C_POINTER, i).asSlice(0, bytes).fill((byte) 'x');
                }
            }
            return CudaApi.CUDA_ERROR_INVALID_PTX();
        }, Arena.global()));
        CudaException e = assertThrows(CudaException.class, () -> open().load(PTX));
        assertEquals("x".repeat(64 * 1024), e.diagnostic());
    }

    @Test
    void aKernelThatIsNotThereTellsWhichAre() {
        fake.put("cuModuleGetFunction", PFN_cuModuleGetFunction_v2000
                .allocate((out, module, name) -> CudaApi.CUDA_ERROR_NOT_FOUND(), Arena.global()));
        try (CudaModule module = open().load(PTX)) {
            CudaException e = assertThrows(CudaException.class, () -> module.kernel("third"));
            contains(e.advice(), "'third'", "first, second");
        }
    }

    @Test
    void aFunctionThatTheDriverHasNotTellsTheVersionThatHas() {
        fake.version(12000).without("cuFuncGetParamInfo", "cuMemAllocAsync");
        Context context = open();
        try (Stream stream = context.newStream()) {
            CudaException e = assertThrows(CudaException.class, () -> stream.allocate(16));
            assertEquals("cuMemAllocAsync", e.call());
            assertEquals(CudaApi.CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER(), e.code());
            contains(e.getMessage(), "for CUDA 12.0", "CUDA 11.2 or later");
        }
        assertEquals(List.of("cuFuncGetParamInfo", "cuMemAllocAsync"), Cuda.open(fake).missingFunctions());
    }

    @Test
    void aBufferWhoseFreeFailsIsClosedAllTheSame() {
        fake.put("cuMemFree", PFN_cuMemFree_v3020.allocate(address -> 1, Arena.global()));
        DeviceBuffer buffer = open().allocate(16);
        assertThrows(CudaException.class, buffer::close);
        buffer.close(); // the second time does nothing, and the context can be closed
    }

    @Test
    void heapSegmentsAreRefusedWithAWayOut() {
        Context context = open();
        try (Stream stream = context.newStream(); DeviceBuffer buffer = stream.allocate(16)) {
            MemorySegment heap = MemorySegment.ofArray(new byte[16]);
            contains(assertThrows(IllegalArgumentException.class, () -> stream.copy(heap, buffer)).getMessage(),
                    "PinnedBuffer", "upload");
            contains(assertThrows(IllegalArgumentException.class, () -> stream.copy(buffer, heap)).getMessage(),
                    "download");
        }
    }
}
