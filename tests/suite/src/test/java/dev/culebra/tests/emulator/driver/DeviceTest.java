package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.*;
import dev.culebra.emulator.EmulatorOptions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import org.junit.jupiter.api.Test;

/** Start, version, error texts, and what is said of devices. */
@SuppressWarnings("restricted")
class DeviceTest {

    @Test
    void nothingWorksBeforeInit() {
        try (RawDriver d = new RawDriver(EmulatorOptions.DEFAULT)) {
            d.fails(CudaApi.CUDA_ERROR_NOT_INITIALIZED(),
                    PFN_cuDeviceGetCount_v2000.invoke(d.f("cuDeviceGetCount", 2000), d.out()));
            d.fails(CudaApi.CUDA_ERROR_NOT_INITIALIZED(), d.alloc(d.out(), 16));
            MemorySegment version = d.out();
            d.ok(PFN_cuDriverGetVersion_v2020.invoke(d.f("cuDriverGetVersion", 2020), version));
            assertEquals(13000, version.get(ValueLayout.JAVA_INT, 0));
            d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuInit_v2000.invoke(d.f("cuInit", 2000), 1));
            d.ok(PFN_cuInit_v2000.invoke(d.f("cuInit", 2000), 0));
            d.ok(PFN_cuDeviceGetCount_v2000.invoke(d.f("cuDeviceGetCount", 2000), d.out()));
        }
    }

    @Test
    void everyErrorCodeHasItsNameAndASentence() throws ReflectiveOperationException {
        try (RawDriver d = new RawDriver(EmulatorOptions.DEFAULT)) {
            int count = 0;
            for (Method constant : CudaApi.class.getMethods()) {
                if (constant.getName().startsWith("CUDA_ERROR_") || constant.getName().equals("CUDA_SUCCESS")) {
                    int code = (int) constant.invoke(null);
                    assertEquals(constant.getName(), d.name(code));
                    MemorySegment to = d.out();
                    d.ok(PFN_cuGetErrorString_v6000.invoke(d.f("cuGetErrorString", 6000), code, to));
                    assertFalse(to.get(ValueLayout.ADDRESS, 0).reinterpret(1000).getString(0).isBlank());
                    count++;
                }
            }
            assertTrue(count > 90, count + " codes");
            MemorySegment to = d.out();
            d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    PFN_cuGetErrorName_v6000.invoke(d.f("cuGetErrorName", 6000), 4711, to));
            assertEquals(0, to.get(ValueLayout.JAVA_LONG, 0));
        }
    }

    private static int attribute(RawDriver d, int attribute, int device) {
        MemorySegment to = d.out();
        d.ok(PFN_cuDeviceGetAttribute_v2000.invoke(d.f("cuDeviceGetAttribute", 2000), to, attribute, device));
        return to.get(ValueLayout.JAVA_INT, 0);
    }

    @Test
    void attributesFollowTheComputeCapability() {
        int[][] expected = {{8, 0, 163, 2048}, {8, 6, 99, 1536}, {8, 9, 99, 1536}, {9, 0, 227, 2048}};
        for (int[] e : expected) {
            try (RawDriver d = RawDriver
                    .started(EmulatorOptions.DEFAULT.withComputeCapability(e[0], e[1]).withMultiprocessors(7))) {
                assertEquals(e[0], attribute(d, CudaApi.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR(), 0));
                assertEquals(e[1], attribute(d, CudaApi.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR(), 0));
                assertEquals(7, attribute(d, CudaApi.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT(), 0));
                assertEquals(48 * 1024, attribute(d, CudaApi.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK(), 0));
                assertEquals(e[2] * 1024,
                        attribute(d, CudaApi.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN(), 0));
                assertEquals(e[3], attribute(d, CudaApi.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR(), 0));
                assertEquals(32, attribute(d, CudaApi.CU_DEVICE_ATTRIBUTE_WARP_SIZE(), 0));
                assertEquals(e[0] >= 9 ? 1 : 0, attribute(d, CudaApi.CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH(), 0));
            }
        }
    }

    @Test
    void attributesOutOfRangeAreRefused() {
        try (RawDriver d = RawDriver.started()) {
            MemorySegment get = d.f("cuDeviceGetAttribute", 2000);
            d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuDeviceGetAttribute_v2000.invoke(get, d.out(), 0, 0));
            d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    PFN_cuDeviceGetAttribute_v2000.invoke(get, d.out(), CudaApi.CU_DEVICE_ATTRIBUTE_MAX(), 0));
            d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    PFN_cuDeviceGetAttribute_v2000.invoke(get, MemorySegment.NULL, 1, 0));
            d.fails(CudaApi.CUDA_ERROR_INVALID_DEVICE(), PFN_cuDeviceGetAttribute_v2000.invoke(get, d.out(), 1, 1));
        }
    }

    @Test
    void devicesDifferInWhatIdentifiesThem() {
        try (RawDriver d = RawDriver.started(EmulatorOptions.DEFAULT.withDevices(2).withMemory(3L << 20))) {
            MemorySegment to = d.out();
            d.ok(PFN_cuDeviceGetCount_v2000.invoke(d.f("cuDeviceGetCount", 2000), to));
            assertEquals(2, to.get(ValueLayout.JAVA_INT, 0));
            d.ok(PFN_cuDeviceGet_v2000.invoke(d.f("cuDeviceGet", 2000), to, 1));
            assertEquals(1, to.get(ValueLayout.JAVA_INT, 0));
            d.fails(CudaApi.CUDA_ERROR_INVALID_DEVICE(), PFN_cuDeviceGet_v2000.invoke(d.f("cuDeviceGet", 2000), to, 2));
            d.ok(PFN_cuDeviceTotalMem_v3020.invoke(d.f("cuDeviceTotalMem", 3020), to, 1));
            assertEquals(3L << 20, to.get(ValueLayout.JAVA_LONG, 0));
            MemorySegment a = d.arena.allocate(16);
            MemorySegment b = d.arena.allocate(16);
            d.ok(PFN_cuDeviceGetUuid_v11040.invoke(d.f("cuDeviceGetUuid", 11040), a, 0));
            d.ok(PFN_cuDeviceGetUuid_v11040.invoke(d.f("cuDeviceGetUuid", 11040), b, 1));
            assertNotEquals(-1, a.mismatch(b));
            MemorySegment id = d.arena.allocate(13);
            d.ok(PFN_cuDeviceGetPCIBusId_v4010.invoke(d.f("cuDeviceGetPCIBusId", 4010), id, 13, 1));
            assertEquals("0000:02:00.0", id.getString(0));
            d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    PFN_cuDeviceGetPCIBusId_v4010.invoke(d.f("cuDeviceGetPCIBusId", 4010), id, 12, 1));
            MemorySegment peer = d.out();
            d.ok(PFN_cuDeviceCanAccessPeer_v4000.invoke(d.f("cuDeviceCanAccessPeer", 4000), peer, 0, 1));
            assertEquals(1, peer.get(ValueLayout.JAVA_INT, 0));
            d.ok(PFN_cuDeviceCanAccessPeer_v4000.invoke(d.f("cuDeviceCanAccessPeer", 4000), peer, 0, 0));
            assertEquals(0, peer.get(ValueLayout.JAVA_INT, 0));
        }
    }

    @Test
    void aNameIsCutToItsBuffer() {
        try (RawDriver d = RawDriver.started()) {
            MemorySegment name = d.arena.allocate(100);
            name.fill((byte) 7);
            d.ok(PFN_cuDeviceGetName_v2000.invoke(d.f("cuDeviceGetName", 2000), name, 8, 0));
            assertEquals("Culebra", name.getString(0));
            assertEquals(7, name.get(ValueLayout.JAVA_BYTE, 8));
            d.ok(PFN_cuDeviceGetName_v2000.invoke(d.f("cuDeviceGetName", 2000), name, 100, 0));
            assertEquals("Culebra Emulator (sm_90)", name.getString(0));
        }
    }
}
