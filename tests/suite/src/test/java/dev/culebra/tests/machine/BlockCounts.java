package dev.culebra.tests.machine;

import dev.culebra.driver.spi.InstructionClass;
import dev.culebra.driver.spi.LaunchCounters.LineCount;
import dev.culebra.tests.machine.MachineCode.Block;
import dev.culebra.tests.machine.MachineCode.Instruction;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How often a warp ran each basic block of machine code, from how often the emulator ran each PTX line.
 *
 * <p>
 * ptxas moves arithmetic from block to block, so a machine instruction's own line proves nothing. What it does not move are
 * <i>anchors</i>: branches, barriers, stores, atomics, matrix products, asynchronous copies. A line whose anchor stands in one
 * block alone tells how often that block ran. (Where ptxas turned a branch into predicates, an anchor of the guarded part tells
 * less than the block's own; so the largest counts.) A line whose anchor stands in several, because ptxas copied or peeled a
 * loop's body, tells their sum; a block that has its lines u times over is u rounds of an unrolled loop.
 *
 * <p>
 * What no anchor tells follows from the flow of control: what runs into a block runs out of it, and a branch is taken as often
 * as in PTX. That is exact as long as lanes of a warp do not part there. What is left is guessed
 * from the lines of the block's other instructions.
 */
final class BlockCounts {

    /** How a count was come by. */
    enum Source {
        ANCHOR, FLOW, GUESS
    }

    private static final List<String> ANCHORS = List.of("BRA", "EXIT", "BAR", "STS", "STG", "ST", "ATOM", "ATOMS",
            "ATOMG", "RED", "REDG", "LDGSTS", "LDGDEPBAR", "HMMA", "IMMA", "DMMA", "QMMA", "LDSM", "STSM", "SHFL",
            "VOTE", "CALL", "MEMBAR", "UBLKCP", "SYNCS");

    private static final java.util.regex.Pattern BRANCH = java.util.regex.Pattern
            .compile("@.*\\bbra(?:\\.uni)?\\s+([\\w$]+)\\s*;?");

    private record Edge(Block from, Block to) {}

    private final MachineCode code;
    /** How often each line ran, in the order of the text. */
    private final Map<Integer, Long> lines = new LinkedHashMap<>();
    private final Set<Integer> control = new HashSet<>();
    /** For a conditional branch's line, how often a warp took it; and whether it leads back. */
    private final Map<Integer, Long> taken = new HashMap<>();
    private final Set<Integer> backward = new HashSet<>();
    private final Map<Block, Long> counts = new HashMap<>();
    private final Map<Block, Source> sources = new HashMap<>();
    private final Map<Block, Long> rounds = new HashMap<>();
    private final Map<Edge, Long> edges = new HashMap<>();
    private final Map<String, Set<Block>> copies = new HashMap<>();

    /**
     * Works them out.
     *
     * @param code the kernel's machine code
     * @param ptx the module's text
     * @param profile the kernel's lines, as counted
     */
    BlockCounts(MachineCode code, String ptx, List<LineCount> profile) {
        this.code = code;
        List<LineCount> ordered = profile.stream().sorted(java.util.Comparator.comparingInt(LineCount::line)).toList();
        for (LineCount l : ordered) {
            lines.merge(l.line(), l.warps(), Math::max);
            if (l.kind() == InstructionClass.CONTROL) {
                control.add(l.line());
            }
        }
        findBranches(ptx.lines().toList(), ordered);
        for (Block b : code.blocks) {
            rounds.put(b, unrolled(b));
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

    private void findBranches(List<String> text, List<LineCount> ordered) {
        for (LineCount l : ordered) {
            java.util.regex.Matcher m = BRANCH.matcher(l.text());
            if (m.matches()) {
                taken.put(l.line(), l.active());
                if (text.subList(0, l.line() - 1).stream().anyMatch(s -> s.strip().startsWith(m.group(1) + ":"))) {
                    backward.add(l.line());
                }
            }
        }
    }

    /** How many rounds of a loop a block is: how often most of its lines are in it. */
    private static long unrolled(Block b) {
        // "LDS RZ, [RZ]" is nothing: ptxas puts three of them before each asynchronous copy in a loop.
        Map<String, Long> times = b.instructions.stream()
                .filter(i -> i.line() > 0 && !i.operands().startsWith("RZ, [RZ]"))
                .collect(Collectors.groupingBy(i -> i.opcode() + " " + i.line(), Collectors.counting()));
        List<Long> sorted = times.values().stream().sorted().toList();
        return sorted.isEmpty() ? 1 : sorted.get((sorted.size() - 1) / 2);
    }

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
                set(b, Math.max(counts.getOrDefault(b, 0L), lineOf(key) / rounds.get(b)), Source.ANCHOR);
            }
        });
    }

    private long lineOf(String key) { return lines.get(Integer.parseInt(key.substring(key.indexOf(' ') + 1))); }

    private boolean propagate() {
        boolean any = false;
        for (boolean changed = true; changed;) {
            changed = false;
            for (Block b : code.blocks) {
                changed |= branch(b) | edges(b) | fromEdges(b);
            }
            for (Map.Entry<String, Set<Block>> e : copies.entrySet()) {
                changed |= lastCopy(e.getValue(), lineOf(e.getKey()));
            }
            any |= changed;
        }
        return any;
    }

    /** The two ways behind a branch that is the only one of its line; ptxas may have turned it round. */
    private boolean branch(Block b) {
        Instruction last = b.last();
        Long away = taken.get(last.line());
        if (away == null || !known(b) || !last.name().equals("BRA") || !last.conditional() || b.next.size() != 2
                || rounds.get(b) > 1 || copies.getOrDefault("BRA " + last.line(), Set.of()).size() != 1
                || edges.containsKey(new Edge(b, b.next.get(0))) || edges.containsKey(new Edge(b, b.next.get(1)))) {
            return false;
        }
        Block to = b.next.get(0);
        Block behind = b.next.get(1);
        long stay = counts.get(b) - away;
        boolean back = code.blocks.indexOf(to) <= code.blocks.indexOf(b);
        boolean turned = back != backward.contains(last.line()) || known(to) && counts.get(to) < away
                || known(behind) && counts.get(behind) < stay;
        edges.put(new Edge(b, to), Math.max(0, turned ? stay : away));
        edges.put(new Edge(b, behind), Math.max(0, turned ? away : stay));
        return true;
    }

    /** Edges that a block's count tells: its only one, or the last unknown one. */
    private boolean edges(Block b) {
        if (!known(b)) {
            return false;
        }
        List<Edge> in = b.before.stream().map(p -> new Edge(p, b)).toList();
        List<Edge> out = b.next.stream().map(n -> new Edge(b, n)).toList();
        boolean called = b == code.blocks.getFirst() || code.blocks.stream().anyMatch(o -> o.callee == b);
        return (!called && last(in, counts.get(b))) | (!leaves(b) && last(out, counts.get(b)));
    }

    private static boolean leaves(Block b) { return b.last().name().matches("EXIT|RET|KILL"); }

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
        return fromEdges(b, b.before.stream().map(p -> new Edge(p, b)).toList())
                || !leaves(b) && fromEdges(b, b.next.stream().map(n -> new Edge(b, n)).toList());
    }

    private boolean fromEdges(Block b, List<Edge> all) {
        if (all.isEmpty() || !edges.keySet().containsAll(all)) {
            return false;
        }
        set(b, all.stream().mapToLong(edges::get).sum(), Source.FLOW);
        return true;
    }

    private boolean lastCopy(Set<Block> blocks, long sum) {
        List<Block> unknown = blocks.stream().filter(b -> !known(b)).toList();
        if (unknown.size() != 1) {
            return false;
        }
        Block b = unknown.getFirst();
        long others = blocks.stream().filter(this::known).mapToLong(o -> counts.get(o) * rounds.get(o)).sum();
        set(b, (sum - others) / rounds.get(b), Source.FLOW);
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
                    long sharers = code.blocks.stream()
                            .filter(o -> o.instructions.stream().anyMatch(x -> x.line() == i.line()))
                            .mapToLong(rounds::get).sum();
                    all.add(lines.get(i.line()) / sharers);
                }
            }
            all.sort(null);
            set(b, all.isEmpty() ? 0 : all.get(all.size() / 2), Source.GUESS);
            return true;
        }
        return false;
    }
}
