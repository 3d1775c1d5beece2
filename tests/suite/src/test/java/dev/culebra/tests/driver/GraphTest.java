package dev.culebra.tests.driver;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Event;
import dev.culebra.driver.Graph;
import dev.culebra.driver.GraphExec;
import dev.culebra.driver.Kernel;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.PinnedBuffer;
import dev.culebra.driver.Stream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Graphs: captured, instantiated, launched, updated. */
@SuppressWarnings("try") // closing early is allowed, and what some of this is about
class GraphTest extends DriverTest {

    private static final LaunchConfig ONE = LaunchConfig.of(1, 1);

    private static int word(DeviceBuffer buffer) {
        int[] word = new int[1];
        buffer.download(MemorySegment.ofArray(word));
        return word[0];
    }

    @Test
    void runsWhatWasCapturedAndOnlyWhenItIsLaunched() {
        try (CudaModule module = context.load(Ptx.ADD); DeviceBuffer x = context.allocate(4)) {
            Kernel add = module.kernel("add");
            stream.fill32(x, 1);
            try (Graph graph = stream.capture(() -> {
                assertTrue(stream.isCapturing());
                add.launch(stream, ONE, x, 10);
                add.launch(stream, ONE, x, 100);
            })) {
                assertFalse(stream.isCapturing());
                assertTrue(graph.handle() != 0);
                assertEquals(1, word(x));
                try (GraphExec exec = graph.instantiate()) {
                    graph.close();
                    exec.upload(stream);
                    exec.launch(stream);
                    exec.launch(stream);
                    assertEquals(221, word(x));
                    assertTrue(exec.handle() != 0);
                }
            }
        }
    }

    @Test
    void takesOverTheArgumentsOfAnother() {
        try (CudaModule module = context.load(Ptx.ADD); DeviceBuffer x = context.allocate(4)) {
            Kernel add = module.kernel("add");
            stream.fill32(x, 0);
            DeviceBuffer y = context.allocate(4);
            stream.fill32(y, 1000);
            try (Graph one = stream.capture(() -> add.launch(stream, ONE, x, 1));
                    Graph other = stream.capture(() -> add.launch(stream, ONE, y, 2));
                    Graph twice = stream.capture(() -> {
                        add.launch(stream, ONE, x, 1);
                        add.launch(stream, ONE, x, 1);
                    });
                    GraphExec exec = one.instantiate()) {
                exec.launch(stream);
                assertEquals(GraphExec.Update.DONE, exec.update(other));
                exec.launch(stream);
                assertEquals(1, word(x));
                assertEquals(1002, word(y));
                GraphExec.Update update = exec.update(twice);
                assertEquals(GraphExec.Update.TOPOLOGY_CHANGED, update);
                exec.launch(stream);
                assertEquals(1004, word(y));
                // Now the instantiated graph uses y, and the first one x.
                other.close();
                contains(assertThrows(IllegalStateException.class, y::close).getMessage(), "instantiated graph");
            }
            y.close();
        }
    }

    @Test
    void keepsWhatItUsesFromBeingClosed() {
        CudaModule module = context.load(Ptx.ADD);
        DeviceBuffer x = context.allocate(4);
        PinnedBuffer pinned = context.allocatePinned(4);
        pinned.segment().fill((byte) 0);
        Graph graph = stream.capture(() -> {
            stream.copy(pinned.segment(), x);
            module.kernel("add").launch(stream, ONE, x, 7);
            stream.copy(x, pinned.segment());
        });
        GraphExec exec = graph.instantiate();
        graph.close();
        for (AutoCloseable used : new AutoCloseable[]{module, x, pinned}) {
            contains(assertThrows(IllegalStateException.class, used::close).getMessage(), "instantiated graph");
        }
        exec.launch(stream);
        exec.launch(stream);
        exec.close(); // waits for the launches
        assertEquals(14, pinned.segment().get(JAVA_INT, 0));
        pinned.close();
        x.close();
        module.close();
    }

    @Test
    void streamsThatWaitForItsEventsTakePart() {
        try (CudaModule module = context.load(Ptx.ADD);
                Stream side = context.newStream();
                Event fork = context.newEvent();
                Event join = context.newEvent();
                DeviceBuffer x = context.allocate(4)) {
            DeviceBuffer y = context.allocate(4);
            stream.fill32(x, 0);
            stream.fill32(y, 0);
            stream.synchronize();
            Graph graph = stream.capture(() -> {
                stream.record(fork);
                side.await(fork);
                assertTrue(side.isCapturing());
                module.kernel("add").launch(stream, ONE, x, 1);
                module.kernel("add").launch(side, ONE, y, 2);
                side.record(join);
                stream.await(join);
            });
            assertFalse(side.isCapturing());
            assertThrows(IllegalStateException.class, y::close,
                    "the other stream's buffer belongs to the graph as well");
            try (GraphExec exec = graph.instantiate()) {
                exec.launch(stream);
                stream.synchronize();
            }
            graph.close();
            assertEquals(1, word(x));
            assertEquals(2, word(y));
            y.close();
        }
    }

    /** The future's watcher asks streams whether they are done, which would spoil a capture. */
    @Test
    void anOpenFutureDoesNotSpoilACapture() throws Exception {
        Gate gate = new Gate(stream);
        try (Stream side = context.newStream(); Event fork = context.newEvent(); Event join = context.newEvent()) {
            Gate sideGate = new Gate(side);
            CompletableFuture<Void> done = stream.whenDone();
            CompletableFuture<Void> sideDone = side.whenDone();
            try (Graph graph = stream.capture(() -> {
                stream.record(fork);
                side.await(fork);
                Thread.sleep(100); // it has asked several times by then
                side.record(join);
                stream.await(join);
            })) {
                assertFalse(done.isDone());
                gate.close();
                sideGate.close();
                done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
                sideDone.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
                graph.instantiate().close();
            }
        }
    }

    /** The driver would spoil the capture for a question, and draw whoever waits for the event into it. */
    @Test
    void anEventOfACaptureHasNoTimeOfItsOwn() {
        try (Event event = context.newEvent(); DeviceBuffer x = context.allocate(4)) {
            try (Graph graph = stream.capture(() -> {
                stream.fill32(x, 3);
                stream.record(event);
                assertThrows(IllegalStateException.class, event::isDone);
                assertThrows(IllegalStateException.class, event::synchronize);
                assertThrows(IllegalStateException.class, event::whenDone);
            }); GraphExec exec = graph.instantiate()) {
                exec.launch(stream);
            }
            assertThrows(IllegalStateException.class, event::whenDone);
            stream.record(event);
            event.synchronize();
            event.whenDone().join();
            assertTrue(event.isDone());
        }
    }

    /** Waiting for an event of a capture that is over is an error, and must not drag a stream into what is gone. */
    @Test
    void anEventOfAnEndedCaptureIsRefused() {
        try (Stream side = context.newStream();
                Event event = context.newEvent();
                DeviceBuffer x = context.allocate(4)) {
            stream.capture(() -> stream.record(event)).close();
            assertThrows(CudaException.class, () -> side.await(event));
            side.fill32(x, 3);
            side.synchronize();
            assertEquals(3, word(x));
        }
    }

    @Test
    void whatTheWorkThrowsEndsTheCapture() {
        IOException thrown = new IOException("on purpose");
        assertEquals(thrown, assertThrows(IOException.class, () -> stream.capture(() -> {
            throw thrown;
        })));
        assertFalse(stream.isCapturing());
        stream.synchronize();
    }

    @Test
    void whatCanNotBeCapturedIsRefused() {
        try (Arena arena = Arena.ofConfined(); DeviceBuffer x = context.allocate(4)) {
            stream.fill32(x, 0);
            try (Graph graph = stream.capture(() -> {
                contains(
                        assertThrows(IllegalStateException.class, () -> stream.copy(arena.allocate(4), x)).getMessage(),
                        "page-locked");
                assertThrows(IllegalStateException.class, () -> stream.allocate(4));
                assertThrows(IllegalStateException.class, stream::whenDone);
                assertThrows(IllegalStateException.class, () -> stream.call(() -> {}));
                assertThrows(IllegalStateException.class, stream::close);
                assertThrows(IllegalStateException.class, () -> stream.capture(() -> {}));
                assertThrows(IllegalStateException.class, x::close);
                assertThrows(IllegalStateException.class, () -> x.upload(MemorySegment.ofArray(new int[1])));
            })) {
                assertTrue(graph.handle() != 0, "none of that spoiled the capture");
            }
            CudaException e = assertThrows(CudaException.class, () -> stream.capture(stream::synchronize));
            contains(e.advice(), "capture");
            assertFalse(stream.isCapturing());
        }
    }

    @Test
    void aGraphMayBeEmpty() {
        try (Graph graph = context.newGraph(); GraphExec exec = graph.instantiate()) {
            exec.launch(stream);
            stream.synchronize();
        }
    }
}
