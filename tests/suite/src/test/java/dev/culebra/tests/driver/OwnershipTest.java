package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Event;
import dev.culebra.driver.Kernel;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.Stream;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who owns what, in which order things can be closed, and what their release waits for. */
class OwnershipTest {

    private static final String PTX = ".version 8.0\n.target sm_90\n.entry k(.param .u64 x) { ret; }\n";

    private final FakeDriver fake = new FakeDriver();
    private final Context context = Cuda.open(fake).device(0).context();

    private static String hex(long handle) { return "0x" + Long.toHexString(handle); }

    /** The calls after a point, so that setting up is not in the way. */
    private List<String> callsAfter(Runnable work) {
        int before = fake.calls.size();
        work.run();
        return List.copyOf(fake.calls.subList(before, fake.calls.size()));
    }

    @Test
    void anOwnerWithOpenChildrenNamesThemAndStaysOpen() {
        Stream stream = context.newStream();
        DeviceBuffer buffer = context.allocate(1 << 20);
        IllegalStateException e = assertThrows(IllegalStateException.class, context::close);
        assertTrue(e.getMessage().contains("buffer " + hex(buffer.address()) + " of 1.0 MiB"), e.getMessage());
        assertTrue(e.getMessage().contains("stream " + hex(stream.handle())), e.getMessage());
        assertTrue(e.getMessage().contains("OwnershipTest.java"), e.getMessage());
        assertTrue(fake.calls.isEmpty(), "nothing was released");
        buffer.close();
        stream.close();
        assertEquals(List.of("cuDevicePrimaryCtxRelease 0"), callsAfter(context::close));
    }

    @Test
    void manyOpenChildrenAreCounted() {
        DeviceBuffer[] buffers = new DeviceBuffer[20];
        for (int i = 0; i < buffers.length; i++) buffers[i] = context.allocate(16);
        String message = assertThrows(IllegalStateException.class, context::close).getMessage();
        assertTrue(message.contains("and 12 more"), message);
        for (DeviceBuffer buffer : buffers) buffer.close();
        context.close();
    }

    @Test
    void closingTwiceDoesNothing() {
        DeviceBuffer buffer = context.allocate(16);
        buffer.close();
        assertEquals(List.of(), callsAfter(buffer::close));
        context.close();
        assertEquals(List.of(), callsAfter(context::close));
    }

    @Test
    void whatIsClosedCanNotBeUsed() {
        Stream stream = context.newStream();
        DeviceBuffer buffer = context.allocate(16);
        DeviceBuffer part = buffer.slice(4, 4);
        buffer.close();
        assertTrue(assertThrows(IllegalStateException.class, () -> stream.fill(part, (byte) 0)).getMessage()
                .contains("buffer " + hex(buffer.address())));
        stream.close();
        assertTrue(assertThrows(IllegalStateException.class, stream::synchronize).getMessage()
                .contains("stream " + hex(stream.handle())));
        context.close();
        assertThrows(IllegalStateException.class, context::newStream);
        assertThrows(IllegalStateException.class, () -> context.allocate(1));
    }

    @Test
    void memoryOfAContextIsFreedAfterWaitingForItsLastUses() {
        Stream one = context.newStream();
        Stream two = context.newStream();
        Stream idle = context.newStream();
        DeviceBuffer buffer = context.allocate(16);
        one.fill(buffer, (byte) 1);
        two.fill(buffer.slice(0, 8), (byte) 1);
        one.fill(buffer, (byte) 2);
        List<String> calls = callsAfter(buffer::close);
        assertEquals("cuMemFree " + hex(buffer.address()), calls.getLast());
        assertEquals(List.of("cuStreamSynchronize " + hex(two.handle()), "cuStreamSynchronize " + hex(one.handle())),
                calls.subList(0, 2).stream().sorted(Comparator.comparing(c -> c.endsWith(hex(one.handle()))))
                        .toList());
        assertEquals(3, calls.size(), () -> "the idle stream is not waited for: " + calls);
        one.close();
        two.close();
        idle.close();
        context.close();
    }

    @Test
    void memoryOfAStreamIsFreedOnItBehindTheOthersAndNothingWaits() {
        Stream own = context.newStream();
        Stream other = context.newStream();
        DeviceBuffer buffer = own.allocate(16);
        other.fill(buffer, (byte) 1);
        List<String> calls = callsAfter(buffer::close);
        assertEquals(List.of("cuEventRecord " + hex(other.handle()), "cuStreamWaitEvent " + hex(own.handle()),
                "cuMemFreeAsync " + hex(buffer.address()) + " " + hex(own.handle())), calls);
        own.close();
        other.close();
        context.close();
    }

    @Test
    void aStreamThatIsClosedIsNotWaitedForAgain() {
        Stream stream = context.newStream();
        DeviceBuffer buffer = context.allocate(16);
        stream.fill(buffer, (byte) 1);
        assertEquals(List.of("cuStreamSynchronize " + hex(stream.handle()), "cuStreamDestroy " + hex(stream.handle())),
                callsAfter(stream::close));
        assertEquals(List.of("cuMemFree " + hex(buffer.address())), callsAfter(buffer::close));
        context.close();
    }

    @Test
    void aStreamOutlivesTheMemoryThatIsItsOwn() {
        Stream stream = context.newStream();
        DeviceBuffer buffer = stream.allocate(16);
        assertTrue(assertThrows(IllegalStateException.class, stream::close).getMessage()
                .contains("buffer " + hex(buffer.address())));
        stream.synchronize();
        buffer.close();
        stream.close();
        context.close();
    }

    @Test
    void aModuleIsUnloadedAfterItsKernels() {
        Stream stream = context.newStream();
        CudaModule module = context.load(PTX);
        Kernel kernel = module.kernel("k");
        kernel.launch(stream, LaunchConfig.of(1, 1), 0L);
        assertEquals(List.of("cuStreamSynchronize " + hex(stream.handle()), "cuModuleUnload " + hex(module.handle())),
                callsAfter(module::close));
        assertThrows(IllegalStateException.class, () -> kernel.launch(stream, LaunchConfig.of(1, 1), 0L));
        assertThrows(IllegalStateException.class, () -> kernel.prepare(LaunchConfig.of(1, 1)));
        stream.close();
        context.close();
    }

    @Test
    void guestsAreNeverDestroyed() {
        Context guest = Context.guest(Cuda.open(fake), context.device(), 0xBEEF);
        assertEquals(0xBEEF, guest.handle());
        Stream stream = Stream.guest(guest, 0xCAFE);
        Event event = Event.guest(guest, 0xE0);
        DeviceBuffer buffer = DeviceBuffer.guest(guest, 0xD000, 64);
        stream.fill(buffer, (byte) 1);
        event.close();
        buffer.close();
        assertEquals(List.of("cuStreamSynchronize 0xcafe"), callsAfter(stream::close));
        assertEquals(List.of(), callsAfter(guest::close));
        context.close();
    }

    @Test
    void emptyBuffersNeedNoDriver() {
        Stream stream = context.newStream();
        DeviceBuffer buffer = context.allocate(0);
        DeviceBuffer other = stream.allocate(0);
        assertEquals(0, buffer.address());
        stream.copy(buffer, other);
        stream.fill(buffer, (byte) 1);
        assertEquals(List.of(), callsAfter(() -> {
            other.close();
        }));
        buffer.close();
        assertThrows(IllegalArgumentException.class, () -> context.allocate(-1));
        stream.close();
        context.close();
    }

    @Test
    void partsAreWithinTheirWhole() {
        DeviceBuffer buffer = context.allocate(16);
        assertEquals(buffer.address() + 4, buffer.slice(4, 12).address());
        assertEquals(12, buffer.slice(4, 12).bytes());
        assertThrows(IndexOutOfBoundsException.class, () -> buffer.slice(4, 13));
        assertThrows(IndexOutOfBoundsException.class, () -> buffer.slice(-1, 4));
        assertThrows(IndexOutOfBoundsException.class, () -> buffer.slice(Long.MAX_VALUE, 4));
        buffer.slice(0, 4).close(); // leaves the whole open
        buffer.slice(0, 4);
        buffer.close();
        context.close();
    }
}
