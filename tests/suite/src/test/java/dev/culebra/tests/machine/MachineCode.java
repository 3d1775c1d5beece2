package dev.culebra.tests.machine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The machine code of one kernel: its basic blocks, each instruction with the PTX line it came from. */
final class MachineCode {

    /**
     * A machine instruction.
     *
     * @param line the PTX line, or 0 where the listing names none
     * @param conditional whether it runs under a predicate
     * @param opcode its name with modifiers
     * @param operands the rest
     */
    record Instruction(int line, boolean conditional, String opcode, String operands) {
        String name() { return opcode.split("\\.")[0]; }
    }

    /** Instructions that run one after another; {@code next} are the blocks that may follow, {@code calls} what it calls. */
    static final class Block {
        final List<Instruction> instructions = new ArrayList<>();
        final List<Block> next = new ArrayList<>();
        final List<Block> before = new ArrayList<>();
        Block callee;
        boolean reached;

        Instruction last() { return instructions.getLast(); }
    }

    private static final Pattern LINE = Pattern.compile("//## File \"[^\"]*\", line (\\d+).*");
    private static final Pattern LABEL = Pattern.compile("([.$]\\S+|[A-Za-z_]\\S*):\\s*");
    private static final Pattern CODE = Pattern
            .compile("/\\*[0-9a-f]{4,}\\*/\\s+(@!?U?P\\w+\\s+)?([A-Z][A-Z0-9_.]*)\\s*(.*?)\\s*;.*");
    private static final Pattern TARGET = Pattern.compile("`\\(([^)]+)\\)");

    final List<Block> blocks = new ArrayList<>();

    private MachineCode() {}

    /**
     * Reads a listing of {@code nvdisasm -c -gp}.
     *
     * @param listing of a whole cubin
     * @param kernel the kernel's name
     */
    static MachineCode of(String listing, String kernel) {
        MachineCode code = new MachineCode();
        Map<String, Block> labels = new HashMap<>();
        Block current = null;
        boolean inside = false;
        int line = 0;
        for (String raw : listing.lines().toList()) {
            String s = raw.strip();
            if (s.startsWith(".section") || s.startsWith("//-----")) {
                inside = false;
            }
            Matcher label = LABEL.matcher(s);
            Matcher where = LINE.matcher(s);
            Matcher m = CODE.matcher(s);
            if (label.matches()) {
                inside |= label.group(1).equals(".text." + kernel);
                if (inside) {
                    if (current == null || !current.instructions.isEmpty()) {
                        code.blocks.add(current = new Block());
                    }
                    labels.put(label.group(1), current);
                    line = label.group(1).startsWith(".L") ? line : 0; // another function's code has lines of its own, or none
                }
            } else if (inside && where.matches()) {
                line = Integer.parseInt(where.group(1));
            } else if (inside && m.matches()) {
                if (current == null) {
                    code.blocks.add(current = new Block());
                }
                current.instructions.add(new Instruction(line, m.group(1) != null, m.group(2), m.group(3)));
                if (ends(m.group(2))) {
                    current = null;
                }
            }
        }
        if (code.blocks.isEmpty()) {
            throw new IllegalArgumentException("no code of " + kernel + " in the listing");
        }
        code.blocks.removeIf(b -> b.instructions.isEmpty());
        code.connect(labels);
        return code;
    }

    private static boolean ends(String opcode) {
        return List.of("BRA", "EXIT", "RET", "CALL", "BRX", "BRXU", "JMP", "JMX", "KILL").contains(
                opcode.split("\\.")[0]);
    }

    private void connect(Map<String, Block> labels) {
        for (int i = 0; i < blocks.size(); i++) {
            Block b = blocks.get(i);
            Instruction last = b.last();
            Block behind = i + 1 < blocks.size() ? blocks.get(i + 1) : null;
            Matcher t = TARGET.matcher(last.operands());
            Block target = t.find() ? labels.get(t.group(1)) : null;
            switch (last.name()) {
                case "CALL" -> {
                    b.callee = target;
                    link(b, behind);
                }
                case "BRA" -> {
                    // The way out of a divergent warp, which ptxas puts beside what lanes do together: taken as never gone.
                    boolean divergent = last.opcode().startsWith("BRA.DIV");
                    link(b, divergent ? null : target);
                    boolean condition = last.conditional() || last.operands().matches("!?U?P\\d+\\s*,.*");
                    link(b, condition || divergent ? behind : null);
                }
                case "EXIT", "RET", "KILL" -> link(b, last.conditional() ? behind : null);
                case "BRX", "BRXU", "JMP", "JMX" -> throw new IllegalArgumentException(
                        "a branch through a register, '" + last.opcode() + "', can not be followed");
                default -> link(b, behind);
            }
        }
        reach(blocks.getFirst());
    }

    private static void link(Block from, Block to) {
        if (to != null && !from.next.contains(to)) {
            from.next.add(to);
            to.before.add(from);
        }
    }

    private static void reach(Block b) {
        List<Block> open = new ArrayList<>(List.of(b));
        while (!open.isEmpty()) {
            Block at = open.removeLast();
            if (!at.reached) {
                at.reached = true;
                open.addAll(at.next);
                if (at.callee != null) {
                    open.add(at.callee);
                }
            }
        }
    }
}
