package dev.culebra.emulator.driver;

import dev.culebra.emulator.fault.Occasion;
import java.util.List;

/** A graph ready to be launched, any number of times; two launches never overlap. */
final class EmulatedGraphExec {

    /** Why an update was refused, by the numbers of CUgraphExecUpdateResult in cuda.h. */
    static final int UPDATED = 0;
    static final int TOPOLOGY_CHANGED = 2;
    static final int NODE_TYPE_CHANGED = 3;
    static final int PARAMETERS_CHANGED = 5;

    /** What came of an update: a number, and the node of the new graph it was refused for, or 0. */
    record Update(int result, long node, String why) {}

    final EmulatedDriver driver;
    final long handle;
    private final boolean freeAtLaunch;
    private GraphMemory memory;
    private List<GraphNode> nodes;
    private Operation last;

    EmulatedGraphExec(EmulatedGraph graph, boolean freeAtLaunch) {
        this.freeAtLaunch = freeAtLaunch;
        this.memory = graph.memory;
        memory.retain();
        this.driver = graph.driver;
        this.nodes = graph.nodes();
        this.handle = driver.handles.add(this);
    }

    void launch(EmulatedStream stream) {
        synchronized (driver.order) {
            List<GraphNode> now = nodes;
            // The nodes stand in an order that respects what they depend on: one after another is a way to run them.
            Work work = Work.graph(now.stream().map(GraphNode::work).toList());
            if (stream.capture != null) {
                stream.submit(work);
            } else {
                Work afflicted = driver.faults.afflict(Occasion.LAUNCH, stream.context, 0, work);
                memory.launch(freeAtLaunch);
                last = stream.enqueue(afflicted, last == null || last.done() ? List.of() : List.of(last));
            }
        }
    }

    synchronized Update update(EmulatedGraph graph) {
        List<GraphNode> old;
        synchronized (driver.order) {
            old = nodes;
        }
        List<GraphNode> changed = graph.nodes();
        if (old.size() != changed.size()) {
            return new Update(TOPOLOGY_CHANGED, 0,
                    "the graph had " + old.size() + " nodes and the new one has " + changed.size());
        }
        for (int i = 0; i < old.size(); i++) {
            GraphNode before = old.get(i);
            GraphNode after = changed.get(i);
            String which = "node " + i + " (" + before.work().label() + " before, " + after.work().label() + " now)";
            if (before.work().kind() != after.work().kind()) {
                return new Update(NODE_TYPE_CHANGED, after.handle(), which + " is of another type");
            }
            if (!indices(before).equals(indices(after))) {
                return new Update(TOPOLOGY_CHANGED, after.handle(), which + " depends on other nodes");
            }
            if (!java.util.Objects.equals(before.work().shape(), after.work().shape())) {
                return new Update(PARAMETERS_CHANGED, after.handle(), which + " copies between other kinds of memory");
            }
        }
        GraphMemory before;
        synchronized (driver.order) {
            before = memory;
            memory = graph.memory;
            memory.retain();
            nodes = changed;
        }
        before.release();
        return new Update(UPDATED, 0, "");
    }

    void destroy() {
        driver.handles.remove(handle);
        GraphMemory last;
        synchronized (driver.order) {
            last = memory;
        }
        last.release();
    }

    private static List<Integer> indices(GraphNode node) {
        return node.after().stream().map(GraphNode::index).sorted().toList();
    }
}
