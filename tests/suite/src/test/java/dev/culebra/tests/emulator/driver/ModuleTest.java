package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.*;
import dev.culebra.emulator.EmulatorOptions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Loading PTX, and what a module has. */
class ModuleTest {

    private final RawDriver d = RawDriver.started();

    @AfterEach
    void close() { d.close(); }

    @Test
    void imagesThatAreNoPtxForThisDevice() {
        d.fails(CudaApi.CUDA_ERROR_INVALID_IMAGE(), d.load(d.out(), ""));
        d.fails(CudaApi.CUDA_ERROR_INVALID_IMAGE(), d.load(d.out(), "no PTX at all"));
        d.fails(CudaApi.CUDA_ERROR_NO_BINARY_FOR_GPU(), d.load(d.out(), "\u007fELF and more"));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuModuleLoadDataEx_v2010
                .invoke(d.f("cuModuleLoadDataEx", 2010), d.out(), RawDriver.NULL, 0, RawDriver.NULL, RawDriver.NULL));
        d.fails(CudaApi.CUDA_ERROR_INVALID_PTX(), d.load(d.out(), Ptx.STORE.replace("st.global.u32", "sh.global.u32")));
        d.fails(CudaApi.CUDA_ERROR_UNSUPPORTED_PTX_VERSION(),
                d.load(d.out(), Ptx.STORE.replace(".version 7.0", ".version 99.0")));
        d.fails(CudaApi.CUDA_ERROR_INVALID_PTX(),
                d.load(d.out(), Ptx.STORE.replace("sm_80", "sm_120").replace("7.0", "8.7")));
        try (RawDriver old = RawDriver.started(EmulatorOptions.DEFAULT.withComputeCapability(8, 0))) {
            old.fails(CudaApi.CUDA_ERROR_INVALID_PTX(),
                    old.load(old.out(), Ptx.STORE.replace("sm_80", "sm_90").replace("7.0", "8.0")));
            old.load(Ptx.STORE);
        }
    }

    /** The JIT's options: an array of numbers, and one of values that stand in place of pointers. */
    private int load(String ptx, MemorySegment to, MemorySegment values, int... options) {
        return PFN_cuModuleLoadDataEx_v2010.invoke(d.f("cuModuleLoadDataEx", 2010), to, d.text(ptx), options.length,
                d.arena.allocateFrom(ValueLayout.JAVA_INT, options), values);
    }

    @Test
    void theJitsLogs() {
        int[] options = {CudaApi.CU_JIT_WALL_TIME(), CudaApi.CU_JIT_ERROR_LOG_BUFFER(),
            CudaApi.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES(), CudaApi.CU_JIT_INFO_LOG_BUFFER(),
            CudaApi.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES(), CudaApi.CU_JIT_OPTIMIZATION_LEVEL()};
        MemorySegment error = d.arena.allocate(4096);
        MemorySegment info = d.arena.allocate(4096);
        MemorySegment values = d.arena.allocateFrom(ValueLayout.JAVA_LONG, 0, error.address(), 4096, info.address(),
                4096, 4);
        d.fails(CudaApi.CUDA_ERROR_INVALID_PTX(),
                load(Ptx.STORE.replace("st.global.u32", "sh.global.u32"), d.out(), values, options));
        String log = error.getString(0);
        // That the line and the instruction are named is what users need.
        assertTrue(log.contains("line 10") && log.contains("sh.global"), log);
        assertEquals(log.length() + 1, values.getAtIndex(ValueLayout.JAVA_LONG, 2));
        assertEquals(0, values.getAtIndex(ValueLayout.JAVA_LONG, 4));

        error.fill((byte) 7);
        values.setAtIndex(ValueLayout.JAVA_LONG, 2, 10);
        values.setAtIndex(ValueLayout.JAVA_LONG, 4, 4096);
        d.fails(CudaApi.CUDA_ERROR_INVALID_PTX(),
                load(Ptx.STORE.replace("st.global.u32", "sh.global.u32"), d.out(), values, options));
        assertEquals(log.substring(0, 9), error.getString(0), "cut to its buffer");
        assertEquals(7, error.get(ValueLayout.JAVA_BYTE, 10));

        values.setAtIndex(ValueLayout.JAVA_LONG, 2, 4096);
        values.setAtIndex(ValueLayout.JAVA_LONG, 4, 4096);
        d.ok(load(Ptx.STORE, d.out(), values, options));
        assertEquals("", error.getString(0));
        assertTrue(info.getString(0).contains("store"), info.getString(0));
        assertTrue(values.get(ValueLayout.JAVA_FLOAT, 0) > 0);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), load(Ptx.STORE, d.out(), values, 9999));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuModuleLoadDataEx_v2010.invoke(d.f("cuModuleLoadDataEx", 2010),
                d.out(), d.text(Ptx.STORE), 1, RawDriver.NULL, RawDriver.NULL));
    }

    private int global(MemorySegment address, MemorySegment bytes, MemorySegment module, String name) {
        return PFN_cuModuleGetGlobal_v3020.invoke(d.f("cuModuleGetGlobal", 3020), address, bytes, module, d.text(name));
    }

    @Test
    void variablesHaveAddressesAndFirstContents() {
        MemorySegment module = d.load(Ptx.VARIABLES);
        MemorySegment address = d.out();
        MemorySegment bytes = d.out();
        d.ok(global(address, bytes, module, "table"));
        assertEquals(12, bytes.get(ValueLayout.JAVA_LONG, 0));
        assertArrayEquals(new int[]{1, 2, 3}, d.readInts(address.get(ValueLayout.JAVA_LONG, 0), 3));
        d.ok(global(address, RawDriver.NULL, module, "counter"));
        long counter = address.get(ValueLayout.JAVA_LONG, 0);
        MemorySegment count = d.function(module, "count");
        d.ok(d.launch(count, 1, 1, 0, RawDriver.NULL));
        assertEquals(42, d.readInts(counter, 1)[0]);
        d.ok(d.toDevice(counter, d.arena.allocateFrom(ValueLayout.JAVA_INT, 100), 4));
        d.ok(d.launch(count, 1, 1, 0, RawDriver.NULL));
        assertEquals(102, d.readInts(counter, 1)[0]);
        // Another load of the same text has variables of its own.
        MemorySegment second = d.load(Ptx.VARIABLES);
        d.ok(global(address, RawDriver.NULL, second, "counter"));
        assertEquals(40, d.readInts(address.get(ValueLayout.JAVA_LONG, 0), 1)[0]);

        d.fails(CudaApi.CUDA_ERROR_NOT_FOUND(), global(address, bytes, module, "cuonter"));
        assertTrue(d.provider.lastDiagnostic().contains("counter"), d.provider::lastDiagnostic);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.free(counter));
        MemorySegment unload = d.f("cuModuleUnload", 2000);
        d.ok(PFN_cuModuleUnload_v2000.invoke(unload, module));
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(), PFN_cuModuleUnload_v2000.invoke(unload, module));
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(), d.launch(count, 1, 1, 0, RawDriver.NULL));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.toHost(d.arena.allocate(4), counter, 4));
    }

    @Test
    void functionsAndTheirAttributes() {
        MemorySegment module = d.load(Ptx.BOUNDED);
        d.fails(CudaApi.CUDA_ERROR_NOT_FOUND(), PFN_cuModuleGetFunction_v2000
                .invoke(d.f("cuModuleGetFunction", 2000), d.out(), module, d.text("boundless")));
        MemorySegment f = d.function(module, "bounded");
        assertEquals(64, attribute(f, CudaApi.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK()));
        assertEquals(0, attribute(f, CudaApi.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES()));
        assertEquals(80, attribute(f, CudaApi.CU_FUNC_ATTRIBUTE_PTX_VERSION()));
        assertEquals(90, attribute(f, CudaApi.CU_FUNC_ATTRIBUTE_BINARY_VERSION()));
        assertEquals(48 * 1024, attribute(f, CudaApi.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES()));
        assertTrue(attribute(f, CudaApi.CU_FUNC_ATTRIBUTE_NUM_REGS()) > 0);
        int dynamic = CudaApi.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES();
        d.ok(set(f, dynamic, 227 * 1024));
        assertEquals(227 * 1024, attribute(f, dynamic));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), set(f, dynamic, 227 * 1024 + 1));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), set(f, dynamic, -1));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), set(f, CudaApi.CU_FUNC_ATTRIBUTE_NUM_REGS(), 4));
        d.ok(set(f, CudaApi.CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT(), 50));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuFuncGetAttribute_v2020
                .invoke(d.f("cuFuncGetAttribute", 2020), d.out(), CudaApi.CU_FUNC_ATTRIBUTE_MAX(), f));
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(),
                PFN_cuFuncGetAttribute_v2020.invoke(d.f("cuFuncGetAttribute", 2020), d.out(), 0, module));
    }

    private int attribute(MemorySegment f, int attribute) {
        MemorySegment to = d.out();
        d.ok(PFN_cuFuncGetAttribute_v2020.invoke(d.f("cuFuncGetAttribute", 2020), to, attribute, f));
        return to.get(ValueLayout.JAVA_INT, 0);
    }

    private int set(MemorySegment f, int attribute, int value) {
        return PFN_cuFuncSetAttribute_v9000.invoke(d.f("cuFuncSetAttribute", 9000), f, attribute, value);
    }

    @Test
    void parametersOfAKernel() {
        MemorySegment f = d.function(d.load(Ptx.SCALE), "scale");
        MemorySegment info = d.f("cuFuncGetParamInfo", 12040);
        long[][] expected = {{0, 8}, {8, 8}, {16, 4}, {20, 4}, {24, 4}};
        for (int i = 0; i < expected.length; i++) {
            MemorySegment offset = d.out();
            MemorySegment size = d.out();
            d.ok(PFN_cuFuncGetParamInfo_v12040.invoke(info, f, i, offset, size));
            assertArrayEquals(expected[i],
                    new long[]{offset.get(ValueLayout.JAVA_LONG, 0), size.get(ValueLayout.JAVA_LONG, 0)});
        }
        d.ok(PFN_cuFuncGetParamInfo_v12040.invoke(info, f, 0, d.out(), RawDriver.NULL));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuFuncGetParamInfo_v12040.invoke(info, f, 5, d.out(), d.out()));
    }

    @Test
    void aLibraryServesEveryContext() {
        MemorySegment to = d.out();
        d.ok(PFN_cuLibraryLoadData_v12000.invoke(d.f("cuLibraryLoadData", 12000), to, d.text(Ptx.STORE),
                RawDriver.NULL, RawDriver.NULL, 0, RawDriver.NULL, RawDriver.NULL, 0));
        MemorySegment library = to.get(ValueLayout.ADDRESS, 0);
        MemorySegment get = d.f("cuLibraryGetKernel", 12000);
        d.ok(PFN_cuLibraryGetKernel_v12000.invoke(get, to, library, d.text("store")));
        MemorySegment kernel = to.get(ValueLayout.ADDRESS, 0);
        d.fails(CudaApi.CUDA_ERROR_NOT_FOUND(),
                PFN_cuLibraryGetKernel_v12000.invoke(get, to, library, d.text("restore")));
        d.ok(PFN_cuKernelGetFunction_v12000.invoke(d.f("cuKernelGetFunction", 12000), to, kernel));
        MemorySegment function = to.get(ValueLayout.ADDRESS, 0);
        long a = d.alloc(8);
        d.ok(d.launch(function, 1, 1, 0, RawDriver.NULL, a));
        // A kernel may stand where a function is wanted.
        d.ok(d.launch(kernel, 1, 1, 0, RawDriver.NULL, a + 4));
        assertArrayEquals(new int[]{77, 77}, d.readInts(a, 2));
        d.ok(PFN_cuLibraryUnload_v12000.invoke(d.f("cuLibraryUnload", 12000), library));
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(), d.launch(kernel, 1, 1, 0, RawDriver.NULL, a));
        d.fails(CudaApi.CUDA_ERROR_INVALID_HANDLE(), d.launch(function, 1, 1, 0, RawDriver.NULL, a));
    }
}
