package dev.culebra.driver;

import java.util.ArrayList;
import java.util.List;

/**
 * The streams on which work was enqueued that touches a piece of memory: what its release has to be ordered after.
 * Marking allocates only where a stream is new to the memory.
 */
final class Uses {

    private static final Stream[] NONE = {};

    /**
     * The stream of the latest use. Read without the lock: a stream found here is among {@link #streams} already. Volatile,
     * so that what a launch looks at after marking is not looked at before: see {@link Launches}.
     */
    private volatile Stream last;

    private Stream[] streams = NONE; // guarded by this

    void mark(Stream stream) { if (last != stream) add(stream); }

    private synchronized void add(Stream stream) {
        if (!knows(stream)) {
            List<Stream> open = open(); // closing a stream waits for its work: the others are of no interest
            open.add(stream);
            streams = open.toArray(NONE);
        }
        last = stream;
    }

    /** A loop that allocates nothing, since launches that alternate between streams come here each time. */
    private boolean knows(Stream stream) {
        for (Stream known : streams) {
            if (known == stream) return true;
        }
        return false;
    }

    /** The streams that are open, or not through with being closed. */
    synchronized List<Stream> open() {
        List<Stream> open = new ArrayList<>(streams.length);
        for (Stream stream : streams) {
            if (!stream.isReleased()) open.add(stream);
        }
        return open;
    }

    synchronized void clear() {
        streams = NONE;
        last = null;
    }

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
            if (other != stream) stream.awaitAllOf(other);
        }
    }
}
