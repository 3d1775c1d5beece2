package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.*;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.PinnedBuffer;
import dev.culebra.driver.Stream;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import dev.culebra.emulator.check.Check;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Host memory that is changed or freed while a copy from or to it is in flight, and all that looks like it and is not. */
@Timeout(30)
class HostBufferTest {

    private static final EmulatorOptions HELD = EmulatorOptions.DEFAULT.withWorkers(2).withHoldMillis(60_000);
    private static final int BYTES = 4096;

    /** out[i] = value, for 1024 words: what it is given may be mapped memory. */
    private static final String SET = Ptx.HEAD + """
            .visible .entry set(.param .u64 out, .param .u32 value)
            {
                .reg .b32 %r<3>;
                .reg .b64 %rd<4>;
                ld.param.u64 %rd1, [out];
                ld.param.u32 %r1, [value];
                mov.u32 %r2, %tid.x;
                mul.wide.u32 %rd2, %r2, 4;
                add.s64 %rd3, %rd1, %rd2;
                st.global.u32 [%rd3], %r1;
                ret;
            }
            """;

    private final RawDriver d = RawDriver.started(HELD);
    private final MemorySegment stream = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
    private final MemorySegment host = d.pinned(BYTES).fill((byte) 1);
    private final long at = d.alloc(BYTES);

    @AfterEach
    void close() {
        d.synchronize();
        d.close();
    }

    private void change(long offset) { host.set(ValueLayout.JAVA_BYTE, offset, (byte) 2); }

    private void caught(int byteNumber) {
        d.fails(CudaApi.CUDA_ERROR_LAUNCH_FAILED(), d.synchronize(stream));
        says("changed while the copy was in flight", "byte " + byteNumber + " ", "was 1", "is 2",
                "stream 0x" + Long.toHexString(stream.address()), "page-locked memory #", "after waiting for the copy");
        d.fails(CudaApi.CUDA_ERROR_LAUNCH_FAILED(), d.alloc(d.out(), 16));
    }

    private void says(String... parts) {
        for (String part : parts) {
            assertTrue(d.provider.lastDiagnostic().contains(part), () -> part + " in: " + d.provider.lastDiagnostic());
        }
    }

    @Test
    void aSourceThatIsChangedInFlight() {
        d.ok(d.toDevice(at, host, BYTES, stream));
        change(1234);
        caught(1234);
    }

    @Test
    void aSourceThatIsChangedAfterTheWait() {
        d.ok(d.toDevice(at, host, BYTES, stream));
        d.ok(d.synchronize(stream));
        change(1234);
        d.ok(d.synchronize(stream));
        assertEquals(1, d.read(at, BYTES)[1234]);
    }

    /** Bytes beside those that are copied are nobody's business. */
    @Test
    void whatIsNotCopiedMayChange() {
        d.ok(d.toDevice(at, host, 100, stream));
        change(100);
        d.ok(d.synchronize(stream));
        MemorySegment copy = rows();
        d.ok(copy2D(copy));
        change(10);
        d.ok(d.synchronize(stream));
        d.ok(copy2D(copy));
        change(33);
        caught(11);
    }

    /** Three rows of 10 bytes, 32 bytes apart: byte 11 of the copy is byte 33 of the memory. */
    private MemorySegment rows() {
        MemorySegment s = d.arena.allocate(CUDA_MEMCPY2D.layout());
        CUDA_MEMCPY2D.srcMemoryType(s, CudaApi.CU_MEMORYTYPE_HOST());
        CUDA_MEMCPY2D.srcHost(s, host);
        CUDA_MEMCPY2D.srcPitch(s, 32);
        CUDA_MEMCPY2D.dstMemoryType(s, CudaApi.CU_MEMORYTYPE_DEVICE());
        CUDA_MEMCPY2D.dstDevice(s, at);
        CUDA_MEMCPY2D.dstPitch(s, 10);
        CUDA_MEMCPY2D.WidthInBytes(s, 10);
        CUDA_MEMCPY2D.Height(s, 3);
        return s;
    }

    private int copy2D(MemorySegment s) {
        return PFN_cuMemcpy2DAsync_v3020.invoke(d.f("cuMemcpy2DAsync", 3020), s, stream);
    }

    @Test
    void registeredMemoryIsWatchedAndPageableMemoryIsTakenAtOnce() {
        MemorySegment own = d.arena.allocate(BYTES, 64).fill((byte) 1);
        d.ok(d.toDevice(at, own, BYTES, stream));
        own.fill((byte) 7);
        d.ok(d.synchronize(stream));
        assertEquals(1, d.read(at, BYTES)[0]);
        own.fill((byte) 1);
        d.ok(PFN_cuMemHostRegister_v6050.invoke(d.f("cuMemHostRegister", 6050), own, BYTES, 0));
        d.ok(d.toDevice(at, own, BYTES, stream));
        own.set(ValueLayout.JAVA_BYTE, 5, (byte) 2);
        d.fails(CudaApi.CUDA_ERROR_LAUNCH_FAILED(), d.synchronize(stream));
        says("registered host memory", "byte 5 ");
    }

    @Test
    void earlierCopiesToTheHostMayWriteIt() {
        d.ok(d.fill8(at, 9, BYTES, stream));
        d.ok(d.toHost(host, at, BYTES / 2, stream));
        d.ok(d.toDevice(at, host, BYTES, stream));
        d.ok(d.synchronize(stream));
        byte[] got = d.read(at, BYTES);
        assertEquals(9, got[0]);
        assertEquals(1, got[BYTES - 1]);
        // Only what the copy writes: a change of the host's beside it is still seen.
        d.ok(d.toHost(host, at, BYTES / 2, stream));
        d.ok(d.toDevice(at, host, BYTES, stream));
        change(BYTES - 1);
        caught(BYTES - 1);
    }

    @Test
    void earlierHostFunctionsMayWriteIt() {
        d.ok(d.host(stream, () -> host.fill((byte) 5)));
        d.ok(d.toDevice(at, host, BYTES, stream));
        d.ok(d.synchronize(stream));
        assertEquals(5, d.read(at, BYTES)[77]);
    }

    /** On another stream too, where an event orders it. */
    @Test
    void earlierHostFunctionsOfOtherStreamsMayWriteIt() {
        MemorySegment other = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());
        MemorySegment event = d.event(0);
        d.ok(d.host(other, () -> host.fill((byte) 6)));
        d.ok(d.record(event, other));
        d.ok(d.await(stream, event));
        d.ok(d.toDevice(at, host, BYTES, stream));
        d.ok(d.synchronize(stream));
        assertEquals(6, d.read(at, BYTES)[77]);
    }

    @Test
    void earlierKernelsMayWriteMappedMemory() {
        MemorySegment kernel = d.function(d.load(SET), "set");
        for (int value = 3; value < 6; value++) { // the second time the address is remembered, and not looked up
            d.ok(d.launch(kernel, 1, BYTES / 4, 0, stream, host.address(), value));
            d.ok(d.toDevice(at, host, BYTES, stream));
            d.ok(d.synchronize(stream));
            assertEquals(value, d.readInts(at, 1)[0]);
        }
    }

    /** A kernel that finds the address in memory and not among its arguments, where nobody can see it before it runs. */
    @Test
    void earlierKernelsMayWriteMappedMemoryThroughAPointerInMemory() {
        MemorySegment kernel = d.function(d.load(Ptx.HEAD + """
                .visible .entry through(.param .u64 pointer, .param .u32 value)
                {
                    .reg .b32 %r<2>;
                    .reg .b64 %rd<3>;
                    ld.param.u64 %rd1, [pointer];
                    ld.global.u64 %rd2, [%rd1];
                    ld.param.u32 %r1, [value];
                    st.global.u32 [%rd2], %r1;
                    ret;
                }
                """), "through");
        long pointer = d.alloc(8);
        MemorySegment holder = d.pinned(8);
        holder.set(ValueLayout.JAVA_LONG, 0, host.address());
        d.ok(d.toDevice(pointer, holder, 8));
        for (int value = 3; value < 6; value++) {
            d.ok(d.launch(kernel, 1, 1, 0, stream, pointer, value));
            d.ok(d.toDevice(at, host, BYTES, stream));
            d.ok(d.synchronize(stream));
            assertEquals(value, d.readInts(at, 1)[0]);
        }
    }

    @Test
    void aGraphsCopiesAreWatchedFromEachLaunch() {
        MemorySegment out = d.out();
        d.ok(PFN_cuStreamBeginCapture_v10010.invoke(d.f("cuStreamBeginCapture", 10010), stream,
                CudaApi.CU_STREAM_CAPTURE_MODE_RELAXED()));
        d.ok(d.toDevice(at, host, BYTES, stream));
        d.ok(d.toHost(host, at, 8, stream));
        d.ok(d.toDevice(at, host, BYTES, stream));
        d.ok(PFN_cuStreamEndCapture_v10000.invoke(d.f("cuStreamEndCapture", 10000), stream, out));
        MemorySegment graph = out.get(ValueLayout.ADDRESS, 0);
        d.ok(PFN_cuGraphInstantiateWithFlags_v11040.invoke(d.f("cuGraphInstantiateWithFlags", 11040), out, graph, 0));
        MemorySegment exec = out.get(ValueLayout.ADDRESS, 0);
        host.fill((byte) 4); // nothing is in flight
        d.ok(PFN_cuGraphLaunch_v10000.invoke(d.f("cuGraphLaunch", 10000), exec, stream));
        d.ok(d.synchronize(stream));
        assertEquals(4, d.read(at, BYTES)[99]);
        host.fill((byte) 1);
        d.ok(PFN_cuGraphLaunch_v10000.invoke(d.f("cuGraphLaunch", 10000), exec, stream));
        change(50);
        caught(50);
    }

    @Test
    void whatIsInFlightCanNotBeFreed() {
        MemorySegment out = d.pinned(BYTES);
        d.ok(d.toDevice(at, host, BYTES, stream));
        d.ok(d.toHost(out, at, 16, stream));
        int from = PFN_cuMemFreeHost_v2000.invoke(d.f("cuMemFreeHost", 2000), host);
        d.fails(CudaApi.CUDA_ERROR_ILLEGAL_STATE(), from);
        says("cuMemFreeHost of page-locked memory", "copy to the device of 4096 bytes from it is in flight",
                "stream 0x" + Long.toHexString(stream.address()), "wait for");
        d.fails(CudaApi.CUDA_ERROR_ILLEGAL_STATE(), PFN_cuMemFreeHost_v2000.invoke(d.f("cuMemFreeHost", 2000), out));
        says("copy to the host of 16 bytes to it");
        d.ok(d.synchronize(stream));
        d.ok(PFN_cuMemFreeHost_v2000.invoke(d.f("cuMemFreeHost", 2000), host));
        d.ok(PFN_cuMemFreeHost_v2000.invoke(d.f("cuMemFreeHost", 2000), out));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuMemFreeHost_v2000.invoke(d.f("cuMemFreeHost", 2000), out));
        says("which was freed");
    }

    @Test
    void whatIsInFlightCanNotBeUnregistered() {
        MemorySegment own = d.arena.allocate(BYTES, 64);
        d.ok(PFN_cuMemHostRegister_v6050.invoke(d.f("cuMemHostRegister", 6050), own, BYTES, 0));
        d.ok(d.toDevice(at, own, BYTES, stream));
        MemorySegment unregister = d.f("cuMemHostUnregister", 4000);
        d.fails(CudaApi.CUDA_ERROR_ILLEGAL_STATE(), PFN_cuMemHostUnregister_v4000.invoke(unregister, own));
        says("cuMemHostUnregister of registered host memory", "in flight");
        d.ok(d.synchronize(stream));
        d.ok(PFN_cuMemHostUnregister_v4000.invoke(unregister, own));
    }

    /** Reading too early can not be seen; what is read then is made to look like nothing. */
    @Test
    void aDestinationHoldsNothingOfMeaningUntilTheCopyLands() {
        d.ok(d.fill8(at, 8, BYTES, stream));
        d.ok(d.toHost(host, at, 16, stream));
        assertEquals(0x7fff7fff, host.get(ValueLayout.JAVA_INT, 0));
        assertEquals(0x7fff7fff, host.get(ValueLayout.JAVA_INT, 12));
        assertEquals(1, host.get(ValueLayout.JAVA_BYTE, 16));
        d.ok(d.synchronize(stream));
        assertEquals(8, host.get(ValueLayout.JAVA_BYTE, 15));
    }

    /** What work before it may still read keeps its bytes. */
    @Test
    void aDestinationThatIsReadBeforeIsLeftAlone() {
        long second = d.alloc(BYTES);
        d.ok(d.fill8(at, 8, BYTES, stream));
        d.ok(d.toDevice(second, host, BYTES, stream));
        d.ok(d.toHost(host, at, BYTES, stream));
        d.ok(d.synchronize(stream));
        assertEquals(1, d.read(second, BYTES)[3]);
        MemorySegment kernel = d.function(d.load(Ptx.SCALE), "scale");
        host.fill((byte) 0);
        d.ok(d.launch(kernel, 1, 1, 0, stream, second, host.address(), 1, 1, 5));
        d.ok(d.toHost(host, at, BYTES, stream));
        d.ok(d.synchronize(stream));
        assertEquals(5, d.readInts(second, 1)[0]);
        host.fill((byte) 3);
        byte[] seen = new byte[1];
        d.ok(d.host(stream, () -> seen[0] = host.get(ValueLayout.JAVA_BYTE, 9)));
        d.ok(d.toHost(host, at, BYTES, stream));
        d.ok(d.synchronize(stream));
        assertArrayEquals(new byte[]{3}, seen);
    }

    @Test
    void whoTurnsTheCheckOffIsNotTold() {
        try (RawDriver own = RawDriver.started(HELD.withChecks(Set.of(Check.RACES)))) {
            MemorySegment s = own.stream(1);
            MemorySegment source = own.pinned(16).fill((byte) 1);
            long to = own.alloc(16);
            own.ok(own.toDevice(to, source, 16, s));
            source.fill((byte) 2);
            own.ok(PFN_cuMemFreeHost_v2000.invoke(own.f("cuMemFreeHost", 2000), source));
            assertEquals(2, own.read(to, 16)[0], "it landed when the memory was freed");
        }
    }

    /** The same through the layers that users see: an exception that says which bytes, and what to do. */
    @Test
    void theJavaCallerIsTold() {
        Context context = Cuda.open(new EmulatorProvider(HELD)).device(0).context();
        Stream s = context.newStream();
        PinnedBuffer source = context.allocatePinned(64);
        source.segment().fill((byte) 1);
        DeviceBuffer to = context.allocate(64);
        s.copy(source.segment(), to);
        source.segment().set(ValueLayout.JAVA_BYTE, 40, (byte) 2);
        CudaException e = assertThrows(CudaException.class, s::synchronize);
        assertTrue(e.isSticky(), e.getMessage());
        assertTrue(e.diagnostic().contains("byte 40 ") && e.getMessage().contains(e.diagnostic()), e.getMessage());
        assertThrows(CudaException.class, source::close);
        assertThrows(CudaException.class, to::close);
        assertThrows(CudaException.class, s::close);
        context.close();
        try (Context again = context.device().context(); DeviceBuffer works = again.allocate(8)) {
            works.upload(MemorySegment.ofArray(new byte[8]));
        }
    }

    /** Closing what is in flight is in order there: it waits. */
    @Test
    void theJavaLayerWaitsBeforeItFrees() {
        try (Context context = Cuda.open(new EmulatorProvider(HELD)).device(0).context();
                Stream s = context.newStream()) {
            DeviceBuffer to = context.allocate(64);
            PinnedBuffer source = context.allocatePinned(64);
            s.copy(source.segment(), to);
            source.close();
            s.fill(to, (byte) 1);
            to.close();
        }
    }
}
