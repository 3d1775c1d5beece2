package dev.culebra.emulator.driver;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A graph of work. Its nodes stand in an order in which they may be run. */
final class EmulatedGraph {

    final EmulatedDriver driver;
    final long handle;
    final GraphMemory memory;
    private final List<GraphNode> nodes = new ArrayList<>();

    EmulatedGraph(EmulatedDriver driver) {
        this.driver = driver;
        this.memory = new GraphMemory(driver);
        this.handle = driver.handles.add(this);
    }

    synchronized GraphNode add(Work work, Set<GraphNode> after) {
        GraphNode node = new GraphNode(driver.handles.add("graph node"), nodes.size(), work, Set.copyOf(after));
        nodes.add(node);
        return node;
    }

    synchronized List<GraphNode> nodes() { return List.copyOf(nodes); }

    void destroy() {
        driver.handles.remove(handle);
        nodes().forEach(n -> driver.handles.remove(n.handle()));
        memory.release();
    }
}
