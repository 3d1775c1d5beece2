package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Event;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.MemoryKind;
import dev.culebra.driver.MemoryPool;
import dev.culebra.driver.Stream;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** What another library made is used and left alone; here the other library is this one, by its handles. */
class GuestTest extends DriverTest {

    @Test
    void worksThroughGuestsAndLeavesTheOwnersTheirs() {
        try (DeviceBuffer ours = context.allocate(8); Event event = context.newEvent()) {
            int[] words = new int[2];
            Context guest = Context.guest(CUDA, CUDA.device(0), context.handle());
            try (CudaModule module = guest.load(Ptx.ADD)) {
                Stream guestStream = Stream.guest(guest, stream.handle());
                Event guestEvent = Event.guest(guest, event.handle());
                DeviceBuffer guestBuffer = DeviceBuffer.guest(guest, ours.address(), 8);
                assertEquals(MemoryKind.DEVICE, guest.memoryKind(guestBuffer.address()));
                guestStream.fill32(guestBuffer, 40);
                module.kernel("add").launch(guestStream, LaunchConfig.of(1, 1), guestBuffer.slice(4, 4), 2);
                guestStream.record(guestEvent);
                guestEvent.synchronize();
                guestBuffer.download(MemorySegment.ofArray(words));
                assertEquals(40, words[0]);
                assertEquals(42, words[1]);
                guestBuffer.close();
                guestEvent.close();
                guestStream.close();
            }
            guest.close();
            // All of it is there still.
            stream.fill32(ours, 1);
            stream.record(event);
            event.synchronize();
            ours.download(MemorySegment.ofArray(words));
            assertEquals(1, words[1]);
        }
    }

    @Test
    void aGuestStreamMayBeLentAMemoryPool() {
        try (MemoryPool pool = context.newPool(0)) {
            Stream guest = Stream.guest(context, stream.handle());
            MemoryPool guestPool = MemoryPool.guest(context, pool.handle());
            DeviceBuffer buffer = guest.allocate(4096, guestPool);
            assertEquals(4096, pool.usedBytes());
            buffer.close();
            guestPool.close();
            guest.close();
            assertEquals(0, pool.usedBytes());
        }
    }

    @Test
    void ourContextIsTheCurrentOneOfItsThread() {
        context.synchronize();
        Context current = Context.current(CUDA).orElseThrow();
        assertEquals(context.handle(), current.handle());
        assertTrue(current.memoryInfo().free() > 0);
    }
}
