package dev.culebra.jmh.peer;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/** What is to be given back, the last first; once. */
final class Owned implements AutoCloseable {

    private final Deque<Runnable> closings = new ArrayDeque<>();

    /** To be run when this is closed. */
    void then(Runnable closing) { closings.push(closing); }

    /** A handle that a function makes, to be destroyed by another when this is closed. */
    MemorySegment made(StatusFunction destroy, StatusFunction create, Object... arguments) {
        MemorySegment handle = create.make(arguments);
        then(() -> destroy.call(handle));
        return handle;
    }

    /** Closes all of them, also where one fails; throws the first failure. */
    @Override
    public void close() {
        RuntimeException failure = null;
        while (!closings.isEmpty()) {
            try {
                closings.pop().run();
            } catch (RuntimeException e) {
                if (failure == null) failure = e;
                else failure.addSuppressed(e);
            }
        }
        if (failure != null) throw failure;
    }
}
