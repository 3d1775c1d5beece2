package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The streams on which work was enqueued that touches a piece of memory: what its release has to be ordered after.
 * Marking allocates only where a stream is new to the memory.
 */
final class Uses {

    private static final Stream[] NONE = {};

    /**
     * Never changed, but replaced as a whole, under the lock. Read without it: threads that launch the same kernel on
     * streams of their own would queue up here. Volatile, so that what a launch looks at after marking is not looked at
     * before: see {@link Launches}.
     */
    private volatile Stream[] streams = NONE;

    void mark(Stream stream) { if (!knows(stream)) add(stream); }

    private synchronized void add(Stream stream) {
        if (knows(stream)) return;
        List<Stream> open = open(); // closing a stream waits for its work: the others are of no interest
        open.add(stream);
        streams = open.toArray(NONE);
    }

    /** A loop that allocates nothing, over few: a stream that was closed is dropped when the next one is added. */
    private boolean knows(Stream stream) {
        for (Stream known : streams) {
            if (known == stream) return true;
        }
        return false;
    }

    /** The streams that are open, or not through with being closed. */
    synchronized List<Stream> open() {
        Stream[] known = streams;
        List<Stream> open = new ArrayList<>(known.length + 1);
        for (Stream stream : known) {
            if (!stream.isReleased()) open.add(stream);
        }
        return open;
    }

    synchronized void clear() { streams = NONE; }

    /** Waits until no work that was enqueued so far, or is just being launched, can touch the memory. */
    void await() {
        for (Stream stream : open()) {
            stream.launches().await();
            stream.synchronizeOrAwaitClose();
        }
    }

    /** Waits for the launches that are under way, not for their work. */
    void awaitLaunches() {
        for (Stream stream : open()) stream.launches().await();
    }

    /** Makes the stream wait, on the device, for the work on the other ones. */
    void joinInto(Stream stream) {
        for (Stream other : open()) {
            if (other != stream) order(other, stream);
        }
    }

    /** Orders all work to come on one stream behind all work enqueued so far on another, or, where that is closed, behind that. */
    private static void order(Stream first, Stream then) {
        Lifetime lifetime = first.lifetime();
        if (!lifetime.tryEnter()) {
            lifetime.awaitRelease();
            return;
        }
        try {
            Driver driver = then.driver();
            MemorySegment event = driver.events.create(first.rawContext(), CudaApi.CU_EVENT_DISABLE_TIMING());
            try {
                driver.events.record(first.rawContext(), event, first.raw());
                driver.streams.await(then.rawContext(), then.raw(), event);
            } finally {
                // Allowed at once: the driver keeps it until nobody waits for it any more.
                driver.events.destroy(first.rawContext(), event);
            }
        } finally {
            lifetime.exit();
        }
    }
}
