package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.culebra.bindings.*;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Capture, and what becomes of it. */
@Timeout(60)
class GraphTest {

    private final RawDriver d = RawDriver.started();
    private final MemorySegment stream = d.stream(CudaApi.CU_STREAM_NON_BLOCKING());

    @AfterEach
    void close() { d.close(); }

    private int begin(MemorySegment s, int mode) {
        return PFN_cuStreamBeginCapture_v10010.invoke(d.f("cuStreamBeginCapture", 10010), s, mode);
    }

    private void begin() { d.ok(begin(stream, CudaApi.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL())); }

    private int end(MemorySegment s, MemorySegment to) {
        return PFN_cuStreamEndCapture_v10000.invoke(d.f("cuStreamEndCapture", 10000), s, to);
    }

    private MemorySegment end() {
        MemorySegment to = d.out();
        d.ok(end(stream, to));
        return to.get(ValueLayout.ADDRESS, 0);
    }

    private int status(MemorySegment s) {
        MemorySegment to = d.out();
        d.ok(PFN_cuStreamIsCapturing_v10000.invoke(d.f("cuStreamIsCapturing", 10000), s, to));
        return to.get(ValueLayout.JAVA_INT, 0);
    }

    private MemorySegment instantiate(MemorySegment graph) {
        MemorySegment to = d.out();
        d.ok(PFN_cuGraphInstantiateWithFlags_v11040.invoke(d.f("cuGraphInstantiateWithFlags", 11040), to, graph, 0));
        return to.get(ValueLayout.ADDRESS, 0);
    }

    private int launch(MemorySegment exec) {
        return PFN_cuGraphLaunch_v10000.invoke(d.f("cuGraphLaunch", 10000), exec, stream);
    }

    @Test
    void capturedWorkRunsWhenTheGraphIsLaunchedAndNotBefore() {
        long a = d.zeros(8);
        MemorySegment pinned = d.pinned(4);
        begin();
        assertEquals(CudaApi.CU_STREAM_CAPTURE_STATUS_ACTIVE(), status(stream));
        d.ok(d.toDevice(a, pinned, 4, stream));
        d.ok(d.fill8(a + 4, 9, 4, stream));
        MemorySegment graph = end();
        assertEquals(CudaApi.CU_STREAM_CAPTURE_STATUS_NONE(), status(stream));
        d.ok(d.synchronize(stream));
        assertArrayEquals(new int[2], d.readInts(a, 2));
        MemorySegment exec = instantiate(graph);
        d.ok(PFN_cuGraphDestroy_v10000.invoke(d.f("cuGraphDestroy", 10000), graph));
        d.ok(PFN_cuGraphUpload_v11010.invoke(d.f("cuGraphUpload", 11010), exec, stream));
        for (int i = 5; i < 8; i++) {
            pinned.set(ValueLayout.JAVA_INT, 0, i);
            d.ok(launch(exec));
            d.ok(d.synchronize(stream));
            assertArrayEquals(new int[]{i, 0x09090909}, d.readInts(a, 2));
        }
        d.ok(PFN_cuGraphExecDestroy_v10000.invoke(d.f("cuGraphExecDestroy", 10000), exec));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), launch(exec));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                PFN_cuGraphDestroy_v10000.invoke(d.f("cuGraphDestroy", 10000), graph));
    }

    @Test
    void aStreamForkedByAnEventJoinsTheGraph() {
        List<String> log = new CopyOnWriteArrayList<>();
        MemorySegment side = d.stream(0);
        MemorySegment fork = d.event(CudaApi.CU_EVENT_DISABLE_TIMING());
        MemorySegment join = d.event(CudaApi.CU_EVENT_DISABLE_TIMING());
        begin();
        d.ok(d.host(stream, () -> log.add("first")));
        d.ok(d.record(fork, stream));
        d.ok(d.await(side, fork));
        assertEquals(CudaApi.CU_STREAM_CAPTURE_STATUS_ACTIVE(), status(side));
        d.ok(d.host(side, () -> log.add("side")));
        d.ok(d.record(join, side));
        d.ok(d.await(stream, join));
        d.ok(d.host(stream, () -> log.add("last")));
        d.fails(CudaApi.CUDA_ERROR_CAPTURED_EVENT(), d.queryEvent(join));
        // Asking about the event was a mistake, and costs the capture.
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED(), end(stream, d.out()));

        begin();
        d.ok(d.host(stream, () -> log.add("first")));
        d.ok(d.record(fork, stream));
        d.ok(d.await(side, fork));
        d.ok(d.host(side, () -> log.add("side")));
        d.ok(d.record(join, side));
        d.ok(d.await(stream, join));
        d.ok(d.host(stream, () -> log.add("last")));
        MemorySegment exec = instantiate(end());
        assertEquals(CudaApi.CU_STREAM_CAPTURE_STATUS_NONE(), status(side));
        assertEquals(List.of(), log);
        d.ok(launch(exec));
        d.ok(d.synchronize(stream));
        assertEquals(List.of("first", "side", "last"), log);
        // The capture has ended: its events stand for nothing any more.
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.await(side, join));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.queryEvent(join));
    }

    @Test
    void whatEndsACaptureWrongly() throws InterruptedException {
        MemorySegment side = d.stream(0);
        MemorySegment event = d.event(0);
        MemorySegment to = d.out();
        d.fails(CudaApi.CUDA_ERROR_ILLEGAL_STATE(), end(stream, to));
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED(), begin(RawDriver.NULL, 0));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), begin(stream, 3));
        long a = d.alloc(4);
        begin();
        d.fails(CudaApi.CUDA_ERROR_ILLEGAL_STATE(), begin(stream, 0));
        d.ok(d.record(event, stream));
        d.ok(d.await(side, event));
        d.ok(d.fill8(a, 0, 4, side));
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_UNJOINED(), end(stream, to));
        assertEquals(0, to.get(ValueLayout.JAVA_LONG, 0));
        assertEquals(CudaApi.CU_STREAM_CAPTURE_STATUS_NONE(), status(side));

        begin();
        d.ok(d.record(event, stream));
        d.ok(d.await(side, event));
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_UNMATCHED(), end(side, to));
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED(), end(stream, to));

        begin();
        MemorySegment context = d.retain(0);
        AtomicInteger result = new AtomicInteger(-1);
        Thread other = new Thread(() -> {
            d.setCurrent(context);
            result.set(end(stream, to));
        });
        other.start();
        other.join();
        assertEquals(CudaApi.CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD(), result.get());
        end();
    }

    @Test
    void whatInvalidatesACapture() {
        begin();
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED(), d.synchronize(stream));
        assertEquals(CudaApi.CU_STREAM_CAPTURE_STATUS_INVALIDATED(), status(stream));
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED(), d.host(stream, () -> {}));
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED(), end(stream, d.out()));

        begin();
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED(), d.query(stream));
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED(), end(stream, d.out()));

        begin();
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED(), d.alloc(d.out(), 16));
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED(), end(stream, d.out()));

        MemorySegment outside = d.event(0);
        d.ok(d.record(outside, d.stream(0)));
        begin();
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_ISOLATION(), d.await(stream, outside));
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED(), end(stream, d.out()));

        d.ok(begin(stream, CudaApi.CU_STREAM_CAPTURE_MODE_RELAXED()));
        d.ok(d.free(d.alloc(16)));
        end();
    }

    @Test
    void theDefaultStreamMayNotWaitForACapturedOne() {
        MemorySegment blocking = d.stream(0);
        d.ok(begin(blocking, CudaApi.CU_STREAM_CAPTURE_MODE_RELAXED()));
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_IMPLICIT(), d.host(RawDriver.NULL, () -> {}));
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED(), end(blocking, d.out()));
        // A stream that does not block may be captured meanwhile.
        d.ok(begin(stream, CudaApi.CU_STREAM_CAPTURE_MODE_RELAXED()));
        d.ok(d.host(RawDriver.NULL, () -> {}));
        end();
    }

    @Test
    void aContextIsNotWaitedForWhileAStreamOfItIsCaptured() {
        d.ok(begin(stream, CudaApi.CU_STREAM_CAPTURE_MODE_RELAXED()));
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED(), d.synchronize());
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED(), end(stream, d.out()));
        d.ok(d.synchronize());
    }

    @Test
    void twoCapturesDoNotMerge() {
        MemorySegment other = d.stream(0);
        MemorySegment event = d.event(0);
        begin();
        d.ok(begin(other, CudaApi.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL()));
        d.ok(d.record(event, other));
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_MERGE(), d.await(stream, event));
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED(), end(stream, d.out()));
        d.fails(CudaApi.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED(), end(other, d.out()));
    }

    private MemorySegment fills(long address, int... values) {
        begin();
        for (int value : values) {
            d.ok(d.fill8(address, value, 4, stream));
        }
        return end();
    }

    @Test
    void updates() {
        long a = d.alloc(4);
        MemorySegment exec = instantiate(fills(a, 1, 2));
        MemorySegment info = CUgraphExecUpdateResultInfo.allocate(d.arena);
        MemorySegment update = d.f("cuGraphExecUpdate", 12000);
        d.ok(PFN_cuGraphExecUpdate_v12000.invoke(update, exec, fills(a, 3, 4), info));
        assertEquals(0, CUgraphExecUpdateResultInfo.result(info));
        d.ok(launch(exec));
        d.ok(d.synchronize(stream));
        assertEquals(0x04040404, d.readInts(a, 1)[0]);

        d.fails(CudaApi.CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE(),
                PFN_cuGraphExecUpdate_v12000.invoke(update, exec, fills(a, 5), info));
        assertEquals(2, CUgraphExecUpdateResultInfo.result(info), "topology changed");

        begin();
        d.ok(d.fill8(a, 5, 4, stream));
        d.ok(d.host(stream, () -> {}));
        d.fails(CudaApi.CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE(),
                PFN_cuGraphExecUpdate_v12000.invoke(update, exec, end(), info));
        assertEquals(3, CUgraphExecUpdateResultInfo.result(info), "node type changed");
        assertNotEquals(0, CUgraphExecUpdateResultInfo.errorNode(info).address());
        d.ok(d.fill8(a, 0, 4, stream));
        d.ok(launch(exec));
        d.ok(d.synchronize(stream));
        assertEquals(0x04040404, d.readInts(a, 1)[0], "a refused update changes nothing");
    }

    private long allocAsync(long bytes) {
        MemorySegment to = d.out();
        d.ok(PFN_cuMemAllocAsync_v11020.invoke(d.f("cuMemAllocAsync", 11020), to, bytes, stream));
        return to.get(ValueLayout.JAVA_LONG, 0);
    }

    private int freeAsync(long address) {
        return PFN_cuMemFreeAsync_v11020.invoke(d.f("cuMemFreeAsync", 11020), address, stream);
    }

    private long free() {
        MemorySegment free = d.out();
        d.ok(PFN_cuMemGetInfo_v3020.invoke(d.f("cuMemGetInfo", 3020), free, d.out()));
        return free.get(ValueLayout.JAVA_LONG, 0);
    }

    @Test
    void memoryThatAGraphAllocatesAndFrees() {
        long before = free();
        MemorySegment pinned = d.pinned(4);
        begin();
        long scratch = allocAsync(4096);
        d.ok(d.fill8(scratch, 8, 4096, stream));
        d.ok(d.toHost(pinned, scratch + 4092, 4, stream));
        d.ok(freeAsync(scratch));
        // Within the capture too, what was freed is gone.
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.fill8(scratch, 8, 4096, stream));
        MemorySegment graph = end();
        MemorySegment exec = instantiate(graph);
        for (int i = 0; i < 2; i++) {
            pinned.set(ValueLayout.JAVA_INT, 0, 0);
            d.ok(launch(exec));
            d.ok(d.synchronize(stream));
            assertEquals(0x08080808, pinned.get(ValueLayout.JAVA_INT, 0));
        }
        d.ok(PFN_cuGraphDestroy_v10000.invoke(d.f("cuGraphDestroy", 10000), graph));
        d.ok(launch(exec));
        d.ok(PFN_cuGraphExecDestroy_v10000.invoke(d.f("cuGraphExecDestroy", 10000), exec));
        d.ok(d.synchronize());
        assertEquals(before, free());
    }

    @Test
    void memoryThatAGraphLeavesToTheProgram() {
        begin();
        long left = allocAsync(4);
        d.ok(d.fill8(left, 3, 4, stream));
        MemorySegment graph = end();
        MemorySegment exec = instantiate(graph);
        d.ok(launch(exec));
        d.ok(d.synchronize(stream));
        assertEquals(0x03030303, d.readInts(left, 1)[0]);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), launch(exec));
        d.ok(freeAsync(left));
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), d.fill8(left, 1, 4, stream));
        d.ok(launch(exec));
        d.ok(d.fill8(left, 1, 4, stream));
        d.ok(d.free(left));
        d.ok(PFN_cuGraphExecDestroy_v10000.invoke(d.f("cuGraphExecDestroy", 10000), exec));

        MemorySegment to = d.out();
        d.ok(PFN_cuGraphInstantiateWithFlags_v11040.invoke(d.f("cuGraphInstantiateWithFlags", 11040), to, graph, 1));
        exec = to.get(ValueLayout.ADDRESS, 0);
        d.ok(launch(exec));
        d.ok(launch(exec));
        d.ok(d.synchronize(stream));
        assertEquals(0x03030303, d.readInts(left, 1)[0]);

        long outside = allocAsync(4);
        begin();
        d.fails(CudaApi.CUDA_ERROR_NOT_SUPPORTED(), freeAsync(outside));
        end();
        d.ok(freeAsync(outside));
    }

    @Test
    void anEmptyGraphAndAGraphInAGraph() {
        MemorySegment to = d.out();
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                PFN_cuGraphCreate_v10000.invoke(d.f("cuGraphCreate", 10000), to, 1));
        d.ok(PFN_cuGraphCreate_v10000.invoke(d.f("cuGraphCreate", 10000), to, 0));
        d.ok(launch(instantiate(to.get(ValueLayout.ADDRESS, 0))));
        d.ok(d.synchronize(stream));

        long a = d.zeros(4);
        MemorySegment inner = instantiate(fills(a, 6));
        begin();
        d.ok(launch(inner));
        MemorySegment outer = instantiate(end());
        d.ok(d.synchronize(stream));
        assertEquals(0, d.readInts(a, 1)[0]);
        d.ok(launch(outer));
        d.ok(d.synchronize(stream));
        assertEquals(0x06060606, d.readInts(a, 1)[0]);
        d.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuGraphInstantiateWithFlags_v11040
                .invoke(d.f("cuGraphInstantiateWithFlags", 11040), to, stream, 0));
    }
}
