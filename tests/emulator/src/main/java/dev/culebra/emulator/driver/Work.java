package dev.culebra.emulator.driver;

import dev.culebra.emulator.exec.Overlap;
import dev.culebra.emulator.memory.Range;
import java.util.List;
import java.util.Set;

/**
 * Something to do on a stream, or a node's worth of it in a graph.
 *
 * @param kind what sort of node it would be
 * @param label for diagnostics, such as {@code "kernel saxpy"}
 * @param shape what a graph's update may not change: a copy's direction; null where anything may
 * @param action what is done; for a kernel or a graph null, or what is done before that
 * @param grid for a kernel, how it is run; else null
 * @param uses the memory that it is known to reach
 * @param reached for a kernel, where those of its module were seen to reach in host memory so far; it grows meanwhile
 * @param parts a graph's work, in the order in which it is done; else empty
 */
record Work(Kind kind, String label, Object shape, Action action, Grid grid, List<Use> uses, Set<Range> reached,
        List<Work> parts) {

    enum Kind {
        KERNEL, COPY, FILL, HOST, ALLOCATE, FREE, EMPTY, GRAPH
    }

    /** Runs on a stream's own thread. */
    interface Action {
        void run() throws Exception;
    }

    /** Runs a kernel, given what it has to do with those before and after it; null for nothing. */
    interface Run {
        void run(Overlap overlap) throws Exception;
    }

    /**
     * A kernel to be run.
     *
     * @param kernel its name
     * @param programmatic whether it may begin before the kernel in front of it has ended
     * @param run runs it
     * @param before in a graph, the kernel that it may begin before the end of; or null
     */
    record Grid(String kernel, boolean programmatic, Run run, Work before) {}

    Work(Kind kind, String label, Object shape, Action action) { this(kind, label, shape, action, List.of()); }

    Work(Kind kind, String label, Object shape, Action action, List<Use> uses) {
        this(kind, label, shape, action, null, uses, Set.of(), List.of());
    }

    static Work graph(List<Work> parts) {
        return new Work(Kind.GRAPH, "graph", null, null, null,
                parts.stream().flatMap(p -> p.uses.stream()).toList(), Set.of(), parts);
    }

    static Work kernel(String label, Grid grid, List<Use> uses, Set<Range> reached) {
        return new Work(Kind.KERNEL, label, null, null, grid, uses, reached, List.of());
    }

    /**
     * The same as a node of a graph behind others. A kernel that may begin early does so where it depends on one kernel alone.
     */
    Work behind(Set<GraphNode> nodes) {
        Work only = grid == null || !grid.programmatic || nodes.size() != 1 ? null : nodes.iterator().next().work();
        if (only == null || only.grid == null) {
            return this;
        }
        return new Work(kind, label, shape, action, new Grid(grid.kernel, true, grid.run, only), uses, reached, parts);
    }

    static Work empty(String label) { return new Work(Kind.EMPTY, label, null, () -> {}); }

    /** The same with something to do first; it fails where that fails. */
    Work preceded(Action first) {
        Action both = action == null ? first : () -> {
            first.run();
            action.run();
        };
        return new Work(kind, label, shape, both, grid, uses, reached, parts);
    }

    /** Whether it or a part of it is of a kind. */
    boolean contains(Kind wanted) {
        return kind == wanted || parts.stream().anyMatch(p -> p.contains(wanted));
    }
}
