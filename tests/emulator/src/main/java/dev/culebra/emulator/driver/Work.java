package dev.culebra.emulator.driver;

import dev.culebra.emulator.memory.Range;
import java.util.List;
import java.util.Set;

/**
 * Something to do on a stream, or a node's worth of it in a graph.
 *
 * @param kind what sort of node it would be
 * @param label for diagnostics, such as {@code "kernel saxpy"}
 * @param shape what a graph's update may not change: a copy's direction; null where anything may
 * @param action what is done; for a graph null, or what is done before its parts
 * @param uses the memory that it is known to reach
 * @param reached for a kernel, where those of its module were seen to reach in host memory so far; it grows meanwhile
 * @param parts a graph's work, in the order in which it is done; else empty
 */
record Work(Kind kind, String label, Object shape, Action action, List<Use> uses, Set<Range> reached,
        List<Work> parts) {

    enum Kind {
        KERNEL, COPY, FILL, HOST, ALLOCATE, FREE, EMPTY, GRAPH
    }

    /** Runs on a stream's own thread. */
    interface Action {
        void run() throws Exception;
    }

    Work(Kind kind, String label, Object shape, Action action) { this(kind, label, shape, action, List.of()); }

    Work(Kind kind, String label, Object shape, Action action, List<Use> uses) {
        this(kind, label, shape, action, uses, Set.of(), List.of());
    }

    static Work graph(List<Work> parts) {
        return new Work(Kind.GRAPH, "graph", null, null,
                parts.stream().flatMap(p -> p.uses.stream()).toList(), Set.of(), parts);
    }

    static Work kernel(String label, Action action, List<Use> uses, Set<Range> reached) {
        return new Work(Kind.KERNEL, label, null, action, uses, reached, List.of());
    }

    static Work empty(String label) { return new Work(Kind.EMPTY, label, null, () -> {}); }

    /** The same with something to do first; it fails where that fails. */
    Work preceded(Action first) {
        Action both = action == null ? first : () -> {
            first.run();
            action.run();
        };
        return new Work(kind, label, shape, both, uses, reached, parts);
    }

    /** Whether it or a part of it is of a kind. */
    boolean contains(Kind wanted) {
        return kind == wanted || parts.stream().anyMatch(p -> p.contains(wanted));
    }
}
