package dev.culebra.emulator.driver;

import java.util.Set;

/**
 * A piece of work in a graph and what must be done before it.
 *
 * @param handle its number, for whoever asks which node an update failed at
 * @param index its place in the graph; what it depends on has lower ones
 * @param work what it does
 * @param after the nodes it depends on
 */
record GraphNode(long handle, int index, Work work, Set<GraphNode> after) {

    @Override
    public boolean equals(Object other) { return this == other; }

    @Override
    public int hashCode() { return Long.hashCode(handle); }
}
