package dev.culebra.driver;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A capture that is under way: the streams that take part, and what the captured work touches. The graph will touch it
 * again at each launch, so it becomes an owner of the graph: it can not be closed before.
 */
final class Capture {

    private final Map<Lifetime, Uses> touched = new IdentityHashMap<>();
    private final List<Stream> streams = new ArrayList<>();
    private final Set<Object> held = Collections.newSetFromMap(new IdentityHashMap<>());
    private boolean ended;

    synchronized void join(Stream stream) {
        if (ended) return;
        streams.add(stream);
        stream.capture = this;
    }

    /** The object itself is held, so that it is not collected and reported while a graph uses it. */
    synchronized void touch(Object object, Lifetime lifetime, Uses uses) {
        touched.put(lifetime, uses);
        held.add(object);
    }

    synchronized Set<Object> held() { return held; }

    /** Lets the streams go and gives what was touched. */
    synchronized Map<Lifetime, Uses> end() {
        for (Stream stream : streams) stream.capture = null;
        streams.clear();
        ended = true;
        return touched;
    }
}
