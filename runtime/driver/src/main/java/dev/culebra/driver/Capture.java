package dev.culebra.driver;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * A capture that is under way: the streams that take part, and what the captured work touches. The graph will touch it
 * again at each launch, so it becomes an owner of the graph: it can not be closed before.
 */
final class Capture {

    private final Map<Lifetime, Uses> touched = new IdentityHashMap<>();
    private final List<Stream> streams = new ArrayList<>();
    private boolean ended;

    synchronized void join(Stream stream) {
        if (ended) return;
        streams.add(stream);
        stream.capture = this;
    }

    synchronized void touch(Lifetime lifetime, Uses uses) { touched.put(lifetime, uses); }

    /** Lets the streams go and gives what was touched. */
    synchronized Map<Lifetime, Uses> end() {
        for (Stream stream : streams) stream.capture = null;
        streams.clear();
        ended = true;
        return touched;
    }
}
