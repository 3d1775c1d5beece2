package dev.culebra.emulator.driver;

/**
 * Something to do on a stream, or a node's worth of it in a graph.
 *
 * @param kind what sort of node it would be
 * @param label for diagnostics, such as {@code "kernel saxpy"}
 * @param shape what a graph's update may not change: a copy's direction; null where anything may
 * @param action what is done
 */
record Work(Kind kind, String label, Object shape, Action action) {

    enum Kind {
        KERNEL, COPY, FILL, HOST, ALLOCATE, FREE, EMPTY, GRAPH
    }

    /** Runs on a stream's own thread. */
    interface Action {
        void run() throws Exception;
    }

    static Work empty(String label) { return new Work(Kind.EMPTY, label, null, () -> {}); }
}
