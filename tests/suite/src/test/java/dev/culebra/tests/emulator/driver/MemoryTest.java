package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.bindings.*;
import dev.culebra.emulator.EmulatorOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Device memory, page-locked memory, and pools. */
class MemoryTest {

    private static final long TOTAL = 64L << 20;

    private final RawDriver d = RawDriver.started(EmulatorOptions.DEFAULT.withMemory(TOTAL).withDevices(2));

    @AfterEach
    void close() { d.close(); }

    private long free() {
        MemorySegment free = d.out();
        MemorySegment total = d.out();
        d.ok(PFN_cuMemGetInfo_v3020.invoke(d.f("cuMemGetInfo", 3020), free, total));
        assertEquals(TOTAL, total.get(ValueLayout.JAVA_LONG, 0));
        return free.get(ValueLayout.JAVA_LONG, 0);
    }

    @Test
    void addressesAreAlignedAndNeverUsedTwice() {
        long a = d.alloc(1);
        long b = d.alloc(300);
        assertEquals(0, a & 255);
        assertEquals(0, b & 255);
        assertTrue(b - a > 256, "there is a gap between allocations");
        d.ok(d.free(a));
        assertNotEquals(a, d.alloc(1));
        // Fresh memory is no number of any type: 0x7fff, again and again.
        assertArrayEquals(new byte[]{-1, 0x7f}, Arrays.copyOfRange(d.read(b, 300), 298, 300));
    }

    @Test
    void theAccountIsKept() {
        assertEquals(TOTAL, free());
        long a = d.alloc(1 << 20);
        assertEquals(TOTAL - (1 << 20), free());
        d.fails(CudaApi.CUDA_ERROR_OUT_OF_MEMORY(), d.alloc(d.out(), TOTAL));
        assertTrue(d.provider.lastDiagnostic().contains(Long.toString(TOTAL - (1 << 20))), d.provider::lastDiagnostic);
        assertEquals(TOTAL - (1 << 20), free());
        d.ok(d.free(a));
        assertEquals(TOTAL, free());
        d.fails(CudaApi.CUDA_ERROR_OUT_OF_MEMORY(), d.alloc(d.out(), Long.MAX_VALUE));
        d.fails(CudaApi.CUDA_ERROR_OUT_OF_MEMORY(), d.alloc(d.out(), -1));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.alloc(d.out(), 0));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.alloc(MemorySegment.NULL, 16));
        assertEquals(TOTAL, free());
    }

    @Test
    void wrongFreesAreFoundOut() {
        long a = d.alloc(1000);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.free(a + 256));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.free(0x1234));
        d.ok(d.free(0));
        d.ok(d.free(a));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.free(a));
        assertTrue(d.provider.lastDiagnostic().contains("which was freed"), d.provider::lastDiagnostic);
    }

    @Test
    void copiesAreHeldToTheirAllocation() {
        long a = d.alloc(1000);
        MemorySegment host = d.arena.allocate(2000);
        d.ok(d.toDevice(a, host, 1000));
        d.ok(d.toDevice(a + 1000, host, 0));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.toDevice(a, host, 1001));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.toDevice(a + 1, host, 1000));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.toDevice(a - 1, host, 10));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.toHost(host, a + 1000, 1));
        assertTrue(d.provider.lastDiagnostic().contains("right behind the end of allocation"),
                d.provider::lastDiagnostic);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.toDevice(a, MemorySegment.NULL, 10));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.toDevice(a, host, -5));
        d.ok(d.free(a));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.toDevice(a, host, 10));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.fill8(a, 1, 10, RawDriver.NULL));
    }

    private int pointer(int attribute, long address) {
        MemorySegment to = d.out();
        d.ok(PFN_cuPointerGetAttribute_v4000.invoke(d.f("cuPointerGetAttribute", 4000), to, attribute, address));
        return to.get(ValueLayout.JAVA_INT, 0);
    }

    private long pointerLong(int attribute, long address) {
        MemorySegment to = d.out();
        d.ok(PFN_cuPointerGetAttribute_v4000.invoke(d.f("cuPointerGetAttribute", 4000), to, attribute, address));
        return to.get(ValueLayout.JAVA_LONG, 0);
    }

    @Test
    void pointersTellWhatTheyAre() {
        long a = d.alloc(1000);
        MemorySegment host = d.pinned(500);
        // 2 memory type, 9 device ordinal, 11 range start, 12 range size, 13 mapped, 1 context, 3 device pointer
        assertEquals(CudaApi.CU_MEMORYTYPE_DEVICE(), pointer(2, a + 10));
        assertEquals(CudaApi.CU_MEMORYTYPE_HOST(), pointer(2, host.address() + 499));
        assertEquals(0, pointer(9, a));
        assertEquals(a, pointerLong(11, a + 999));
        assertEquals(1000, pointerLong(12, a + 999));
        assertEquals(host.address() + 3, pointerLong(3, host.address() + 3));
        assertEquals(1, pointer(13, a));
        assertEquals(0, pointer(13, a + 1000));
        assertNotEquals(pointerLong(7, a), pointerLong(7, host.address()));
        MemorySegment get = d.f("cuPointerGetAttribute", 4000);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuPointerGetAttribute_v4000.invoke(get, d.out(), 2, a + 1000));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuPointerGetAttribute_v4000.invoke(get, d.out(), 4, a));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuPointerGetAttribute_v4000.invoke(get, d.out(), 99, a));
    }

    @Test
    void pinnedMemoryIsTheHostsAndKnown() {
        MemorySegment host = d.pinned(100);
        assertArrayEquals(new byte[100], host.toArray(ValueLayout.JAVA_BYTE));
        MemorySegment to = d.out();
        MemorySegment get = d.f("cuMemHostGetDevicePointer", 3020);
        d.ok(PFN_cuMemHostGetDevicePointer_v3020.invoke(get, to, host, 0));
        assertEquals(host.address(), to.get(ValueLayout.JAVA_LONG, 0));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                PFN_cuMemHostGetDevicePointer_v3020.invoke(get, to, d.arena.allocate(8), 0));
        MemorySegment free = d.f("cuMemFreeHost", 2000);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuMemFreeHost_v2000.invoke(free, host.asSlice(1)));
        d.ok(PFN_cuMemFreeHost_v2000.invoke(free, host));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuMemFreeHost_v2000.invoke(free, host));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                PFN_cuMemHostAlloc_v2020.invoke(d.f("cuMemHostAlloc", 2020), to, 8, 64));
    }

    @Test
    void registeredMemory() {
        MemorySegment host = d.arena.allocate(4096);
        MemorySegment register = d.f("cuMemHostRegister", 6050);
        MemorySegment unregister = d.f("cuMemHostUnregister", 4000);
        d.fails(CudaApi.CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED(),
                PFN_cuMemHostUnregister_v4000.invoke(unregister, host));
        d.ok(PFN_cuMemHostRegister_v6050.invoke(register, host, 4096, 0));
        d.fails(CudaApi.CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED(),
                PFN_cuMemHostRegister_v6050.invoke(register, host.asSlice(4095), 10, 0));
        assertEquals(CudaApi.CU_MEMORYTYPE_HOST(), pointer(2, host.address()));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                PFN_cuMemFreeHost_v2000.invoke(d.f("cuMemFreeHost", 2000), host));
        d.ok(PFN_cuMemHostUnregister_v4000.invoke(unregister, host));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuMemHostRegister_v6050.invoke(register, host, 0, 0));
        d.ok(PFN_cuMemHostRegister_v6050.invoke(register, host, 4096, 0));
    }

    private MemorySegment pool(int device) {
        MemorySegment to = d.out();
        d.ok(PFN_cuDeviceGetDefaultMemPool_v11020.invoke(d.f("cuDeviceGetDefaultMemPool", 11020), to, device));
        return to.get(ValueLayout.ADDRESS, 0);
    }

    private long get(MemorySegment pool, int attribute) {
        MemorySegment to = d.out();
        d.ok(PFN_cuMemPoolGetAttribute_v11020.invoke(d.f("cuMemPoolGetAttribute", 11020), pool, attribute, to));
        return to.get(ValueLayout.JAVA_LONG, 0);
    }

    private int set(MemorySegment pool, int attribute, long value) {
        MemorySegment from = d.out();
        from.set(ValueLayout.JAVA_LONG, 0, value);
        return PFN_cuMemPoolSetAttribute_v11020.invoke(d.f("cuMemPoolSetAttribute", 11020), pool, attribute, from);
    }

    private long allocAsync(long bytes, MemorySegment stream) {
        MemorySegment to = d.out();
        d.ok(PFN_cuMemAllocAsync_v11020.invoke(d.f("cuMemAllocAsync", 11020), to, bytes, stream));
        return to.get(ValueLayout.JAVA_LONG, 0);
    }

    private int freeAsync(long address, MemorySegment stream) {
        return PFN_cuMemFreeAsync_v11020.invoke(d.f("cuMemFreeAsync", 11020), address, stream);
    }

    @Test
    void aPoolHoldsMemoryUntilASynchronisationOrItsThreshold() {
        MemorySegment stream = d.stream(0);
        MemorySegment pool = pool(0);
        long a = allocAsync(5 << 20, stream);
        d.ok(d.fill8(a, 3, 5 << 20, stream));
        assertEquals(5 << 20, get(pool, CudaApi.CU_MEMPOOL_ATTR_USED_MEM_CURRENT()));
        long reserved = get(pool, CudaApi.CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT());
        assertEquals(TOTAL - reserved, free());
        assertTrue(reserved >= 5 << 20);
        d.ok(freeAsync(a, stream));
        d.ok(d.synchronize(stream));
        assertEquals(0, get(pool, CudaApi.CU_MEMPOOL_ATTR_USED_MEM_CURRENT()));
        assertEquals(5 << 20, get(pool, CudaApi.CU_MEMPOOL_ATTR_USED_MEM_HIGH()));
        assertEquals(TOTAL, free());

        d.ok(set(pool, CudaApi.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD(), -1));
        long b = allocAsync(5 << 20, stream);
        d.ok(freeAsync(b, stream));
        d.ok(d.synchronize(stream));
        assertEquals(TOTAL - reserved, free());
        d.ok(PFN_cuMemPoolTrimTo_v11020.invoke(d.f("cuMemPoolTrimTo", 11020), pool, 0));
        assertEquals(TOTAL, free());
        d.ok(set(pool, CudaApi.CU_MEMPOOL_ATTR_USED_MEM_HIGH(), 0));
        assertEquals(0, get(pool, CudaApi.CU_MEMPOOL_ATTR_USED_MEM_HIGH()));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), set(pool, CudaApi.CU_MEMPOOL_ATTR_USED_MEM_CURRENT(), 0));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), set(pool, CudaApi.CU_MEMPOOL_ATTR_USED_MEM_HIGH(), 5));
        d.fails(CudaApi.CUDA_ERROR_OUT_OF_MEMORY(), PFN_cuMemAllocAsync_v11020
                .invoke(d.f("cuMemAllocAsync", 11020), d.out(), TOTAL + 1, stream));
    }

    @Test
    void nothingOfAPoolIsNothing() {
        assertEquals(0, allocAsync(0, d.stream(0)));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.alloc(d.out(), 0));
    }

    @Test
    void useAfterAFreeOnAStreamIsFoundOut() {
        MemorySegment stream = d.stream(0);
        long a = allocAsync(1000, stream);
        d.ok(freeAsync(a, stream));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.fill8(a, 0, 10, stream));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), freeAsync(a, stream));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.free(a));
        d.ok(freeAsync(0, stream));
        long b = allocAsync(1000, stream);
        d.ok(d.free(b));
    }

    @Test
    void poolsOfOnesOwn() {
        MemorySegment properties = CUmemPoolProps.allocate(d.arena);
        MemorySegment create = d.f("cuMemPoolCreate", 11020);
        MemorySegment to = d.out();
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuMemPoolCreate_v11020.invoke(create, to, properties));
        CUmemPoolProps.allocType(properties, CudaApi.CU_MEM_ALLOCATION_TYPE_PINNED());
        CUmemLocation.type(CUmemPoolProps.location(properties), CudaApi.CU_MEM_LOCATION_TYPE_DEVICE());
        CUmemPoolProps.maxSize(properties, 4 << 20);
        d.ok(PFN_cuMemPoolCreate_v11020.invoke(create, to, properties));
        MemorySegment pool = to.get(ValueLayout.ADDRESS, 0);
        MemorySegment from = d.f("cuMemAllocFromPoolAsync", 11020);
        d.ok(PFN_cuMemAllocFromPoolAsync_v11020.invoke(from, to, 3 << 20, pool, RawDriver.NULL));
        long a = to.get(ValueLayout.JAVA_LONG, 0);
        assertEquals(pool.address(), pointerLong(17, a));
        d.fails(CudaApi.CUDA_ERROR_OUT_OF_MEMORY(),
                PFN_cuMemAllocFromPoolAsync_v11020.invoke(from, to, 2 << 20, pool, RawDriver.NULL));

        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                PFN_cuDeviceSetMemPool_v11020.invoke(d.f("cuDeviceSetMemPool", 11020), 1, pool));
        d.ok(PFN_cuDeviceSetMemPool_v11020.invoke(d.f("cuDeviceSetMemPool", 11020), 0, pool));
        d.ok(PFN_cuDeviceGetMemPool_v11020.invoke(d.f("cuDeviceGetMemPool", 11020), to, 0));
        assertEquals(pool, to.get(ValueLayout.ADDRESS, 0));
        assertEquals(pool.address(), pointerLong(17, allocAsync(1000, RawDriver.NULL)));

        MemorySegment destroy = d.f("cuMemPoolDestroy", 11020);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuMemPoolDestroy_v11020.invoke(destroy, pool(0)));
        d.ok(PFN_cuMemPoolDestroy_v11020.invoke(destroy, pool));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuMemPoolDestroy_v11020.invoke(destroy, pool));
        d.ok(PFN_cuDeviceGetMemPool_v11020.invoke(d.f("cuDeviceGetMemPool", 11020), to, 0));
        assertEquals(pool(0), to.get(ValueLayout.ADDRESS, 0));
        // What came from it stays until it is freed.
        d.ok(d.fill8(a, 9, 3 << 20, RawDriver.NULL));
        d.ok(freeAsync(a, RawDriver.NULL));
        d.ok(d.synchronize());
    }

    @Test
    void largeMemoryCostsWhatIsTouched() throws IOException {
        assumeTrue(Files.exists(STATUS), "resident memory is read from " + STATUS);
        try (RawDriver big = RawDriver.started(EmulatorOptions.DEFAULT.withMemory(2L << 30))) {
            long before = residentKilobytes();
            long a = big.alloc(1L << 30);
            byte[] bytes = {1, 2, 3};
            big.ok(big.toDevice(a + (1L << 30) - 3, big.arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes), 3));
            assertArrayEquals(bytes, big.read(a + (1L << 30) - 3, 3));
            long grown = residentKilobytes() - before;
            assertTrue(grown < 256 << 10, "1 GiB of which 3 bytes were touched took " + grown + " KiB of the host");
            big.ok(big.free(a));
        }
    }

    private static final Path STATUS = Path.of("/proc/self/status");

    private static long residentKilobytes() throws IOException {
        String line = Files.readAllLines(STATUS).stream().filter(l -> l.startsWith("VmRSS:")).findFirst().orElseThrow();
        return Long.parseLong(line.replaceAll("\\D", ""));
    }

    @Test
    void fills() {
        long a = d.zeros(64);
        d.ok(d.fill8(a + 1, 0xfe, 62, RawDriver.NULL));
        byte[] expected = new byte[64];
        Arrays.fill(expected, 1, 63, (byte) 0xfe);
        assertArrayEquals(expected, d.read(a, 64));
        MemorySegment fill = d.f("cuMemsetD32Async", 3020);
        d.ok(PFN_cuMemsetD32Async_v3020.invoke(fill, a + 4, 0x12345678, 3, RawDriver.NULL));
        assertEquals(0x12345678, d.readInts(a + 12, 1)[0]);
        assertEquals(0xfefefefe, d.readInts(a + 16, 1)[0]);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                PFN_cuMemsetD32Async_v3020.invoke(fill, a + 2, 0, 1, RawDriver.NULL));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuMemsetD32Async_v3020.invoke(fill, a, 0, 17, RawDriver.NULL));
    }
}
