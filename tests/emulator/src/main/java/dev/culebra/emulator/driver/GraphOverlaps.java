package dev.culebra.emulator.driver;

import dev.culebra.emulator.exec.Overlap;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the kernels of a graph have to do with each other in one run of it: some may begin before the end of another. */
final class GraphOverlaps {

    /** Kernels before whose end another may begin. */
    private final Set<Work> followed = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Map<Work, Overlap> overlaps = new IdentityHashMap<>();

    GraphOverlaps(List<Work> nodes) {
        for (Work node : nodes) {
            if (node.grid() != null && node.grid().before() != null) {
                followed.add(node.grid().before());
            }
        }
    }

    /** What the next node is run with; null where it has to do with no other. */
    Overlap of(Work node) {
        if (node.grid() == null) {
            return null;
        }
        String kernel = node.grid().kernel();
        Work before = node.grid().before();
        boolean next = followed.contains(node);
        Overlap mine = before != null
                ? Overlap.behind(kernel, before.grid().kernel(), overlaps.get(before), next)
                : next ? Overlap.first(kernel) : null;
        if (next) {
            overlaps.put(node, mine);
        }
        return mine;
    }
}
