package dev.culebra.tests.machine;

import dev.culebra.driver.spi.InstructionClass;
import dev.culebra.driver.spi.LaunchCounters.LineCount;
import dev.culebra.tests.machine.MachineCode.Block;
import dev.culebra.tests.machine.MachineCode.Instruction;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How often a warp ran each basic block of machine code, from how often the emulator ran each PTX line.
 *
 * <p>
 * ptxas moves arithmetic from block to block, so a machine instruction's own line proves nothing. What it does not move are
 * <i>anchors</i>: branches, barriers, stores, atomics, matrix products, asynchronous copies. A line whose anchor stands in one
 * block alone tells how often that block ran (where ptxas turned a branch into predicates, an anchor of the guarded part tells
 * less than the block's own; so the largest counts). A line whose anchor stands in several, because ptxas unrolled or peeled a loop,
 * tells their sum. What no anchor tells follows from the flow of control, where what runs into a block runs out of it: exact
 * as long as lanes of a warp do not part there. What is left is guessed from the lines of the block's other instructions.
 */
final class BlockCounts {

    /** How a count was come by. */
    enum Source {
        ANCHOR, FLOW, GUESS
    }

    private static final List<String> ANCHORS = List.of("BRA", "EXIT", "BAR", "STS", "STG", "ST", "ATOM", "ATOMS",
            "ATOMG", "RED", "REDG", "LDGSTS", "LDGDEPBAR", "HMMA", "IMMA", "DMMA", "QMMA", "LDSM", "STSM", "SHFL",
            "VOTE", "CALL", "MEMBAR", "UBLKCP", "SYNCS");

    private record Edge(Block from, Block to) {}

    private final MachineCode code;
    private final Map<Integer, Long> lines = new HashMap<>();
    private final Set<Integer> control = new HashSet<>();
    private final Map<Block, Long> counts = new HashMap<>();
    private final Map<Block, Source> sources = new HashMap<>();
    private final Map<Edge, Long> edges = new HashMap<>();
    private final Map<String, Set<Block>> copies = new HashMap<>();

    BlockCounts(MachineCode code, List<LineCount> ptx) {
        this.code = code;
        for (LineCount l : ptx) {
            lines.merge(l.line(), l.warps(), Math::max);
            if (l.kind() == InstructionClass.CONTROL) {
                control.add(l.line());
            }
        }
        for (Block b : code.blocks) {
            if (!b.reached) {
                set(b, 0, Source.ANCHOR);
            }
        }
        anchor();
        while (propagate() || guess()) {
            // one tells the next
        }
    }

    long count(Block b) { return counts.get(b); }

    Source source(Block b) { return sources.get(b); }

    private void set(Block b, long count, Source source) {
        counts.put(b, Math.max(0, count));
        sources.put(b, source);
    }

    private boolean known(Block b) { return counts.containsKey(b); }

    private boolean isAnchor(Instruction i) {
        // A division is a loop, or a call, in machine code: only branches that the text has count.
        boolean jump = i.name().equals("BRA") || i.name().equals("EXIT");
        return lines.containsKey(i.line()) && ANCHORS.contains(i.name()) && (!jump || control.contains(i.line()));
    }

    private void anchor() {
        for (Block b : code.blocks) {
            for (Instruction i : b.instructions) {
                if (b.reached && isAnchor(i)) {
                    copies.computeIfAbsent(i.name() + " " + i.line(), k -> new HashSet<>()).add(b);
                }
            }
        }
        copies.forEach((key, blocks) -> {
            if (blocks.size() == 1) {
                Block b = blocks.iterator().next();
                set(b, Math.max(counts.getOrDefault(b, 0L), lineOf(key)), Source.ANCHOR);
            }
        });
    }

    private long lineOf(String key) { return lines.get(Integer.parseInt(key.substring(key.indexOf(' ') + 1))); }

    private boolean propagate() {
        boolean any = false;
        for (boolean changed = true; changed;) {
            changed = false;
            for (Block b : code.blocks) {
                changed |= edges(b) | fromEdges(b);
            }
            for (Map.Entry<String, Set<Block>> e : copies.entrySet()) {
                changed |= lastCopy(e.getValue(), lineOf(e.getKey()));
            }
            any |= changed;
        }
        return any;
    }

    /** Edges that a block's count tells: its only one, or the last unknown one. */
    private boolean edges(Block b) {
        if (!known(b)) {
            return false;
        }
        List<Edge> in = b.before.stream().map(p -> new Edge(p, b)).toList();
        List<Edge> out = b.next.stream().map(n -> new Edge(b, n)).toList();
        boolean called = b == code.blocks.getFirst() || code.blocks.stream().anyMatch(o -> o.callee == b);
        boolean leaves = b.last().name().matches("EXIT|RET|KILL");
        return (!called && last(in, counts.get(b))) | (!leaves && last(out, counts.get(b)));
    }

    private boolean last(List<Edge> all, long sum) {
        List<Edge> unknown = all.stream().filter(e -> !edges.containsKey(e)).toList();
        if (unknown.size() != 1) {
            return false;
        }
        long rest = sum - all.stream().filter(edges::containsKey).mapToLong(edges::get).sum();
        edges.put(unknown.getFirst(), Math.max(0, rest));
        return true;
    }

    private boolean fromEdges(Block b) {
        if (known(b)) {
            return false;
        }
        List<Block> callers = code.blocks.stream().filter(o -> o.callee == b).toList();
        if (!callers.isEmpty()) {
            if (callers.stream().allMatch(this::known)) {
                set(b, callers.stream().mapToLong(counts::get).sum(), Source.FLOW);
                return true;
            }
            return false;
        }
        if (!b.before.isEmpty() && b.before.stream().allMatch(p -> edges.containsKey(new Edge(p, b)))) {
            set(b, b.before.stream().mapToLong(p -> edges.get(new Edge(p, b))).sum(), Source.FLOW);
            return true;
        }
        boolean leaves = b.last().name().matches("EXIT|RET|KILL");
        if (!leaves && !b.next.isEmpty() && b.next.stream().allMatch(n -> edges.containsKey(new Edge(b, n)))) {
            set(b, b.next.stream().mapToLong(n -> edges.get(new Edge(b, n))).sum(), Source.FLOW);
            return true;
        }
        return false;
    }

    private boolean lastCopy(Set<Block> blocks, long sum) {
        List<Block> unknown = blocks.stream().filter(b -> !known(b)).toList();
        if (unknown.size() != 1) {
            return false;
        }
        set(unknown.getFirst(), sum - blocks.stream().filter(this::known).mapToLong(counts::get).sum(), Source.FLOW);
        return true;
    }

    /** The first block that is not known: what its lines say, shared with the blocks that have them too. */
    private boolean guess() {
        for (Block b : code.blocks) {
            if (known(b)) {
                continue;
            }
            List<Long> all = new ArrayList<>();
            for (Instruction i : b.instructions) {
                if (lines.containsKey(i.line())) {
                    long blocks = code.blocks.stream()
                            .filter(o -> o.instructions.stream().anyMatch(x -> x.line() == i.line())).count();
                    all.add(lines.get(i.line()) / blocks);
                }
            }
            all.sort(null);
            set(b, all.isEmpty() ? 0 : all.get(all.size() / 2), Source.GUESS);
            return true;
        }
        return false;
    }
}
