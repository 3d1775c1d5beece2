package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.Instruction;
import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxFunction;
import dev.culebra.emulator.ptx.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Loads of a function that may find local memory nobody has written, because nothing depends on what they find. nvcc's code for
 * debuggers is full of them: a bit field is initialised by reading its word, clearing the field's bits and storing the word where
 * it was; structures are copied with the members that nobody has set, and those without members as a byte.
 */
final class IdleReads {

    /** How many instructions there may be between a load and the store of what it brought. */
    private static final int CHAIN = 8;

    private final Map<Operand.Register, List<Instruction>> mentions = new HashMap<>();

    IdleReads(PtxFunction function) {
        for (Statement s : function.body()) {
            if (s instanceof Instruction i) {
                i.operands().forEach(o -> mention(o, i));
            }
        }
    }

    private void mention(Operand o, Instruction by) {
        switch (o) {
            case Operand.Register r -> mentions.computeIfAbsent(r, k -> new ArrayList<>(2)).add(by);
            case Operand.Address a -> mention(a.base(), by);
            case Operand.Vector v -> v.elements().forEach(e -> mention(e, by));
            case Operand.Group g -> g.elements().forEach(e -> mention(e, by));
            case Operand.Not n -> mention(n.of(), by);
            case Operand.Part p -> mention(p.of(), by);
            case Operand.Pair p -> {
                mention(p.first(), by);
                mention(p.second(), by);
            }
            case Operand.Immediate i -> {
            }
            case Operand.Special s -> {
            }
            case Operand.Symbol s -> {
            }
            case Operand.Label l -> {
            }
            case Operand.Sink s -> {
            }
        }
    }

    /** Whether a load's values are only copied, the rest of a word of which bits are replaced in place, or a forgotten byte. */
    boolean idle(Instruction load) {
        Operand place = load.operands().get(1);
        List<Operand> to = load.operands().get(0) instanceof Operand.Vector v
                ? v.elements()
                : load.operands().subList(0, 1);
        boolean aByte = load.modifiers().stream().anyMatch(m -> m.equals("u8") || m.equals("s8") || m.equals("b8"));
        return to.stream().allMatch(o -> o instanceof Operand.Register r && (aByte || mentions.get(r).size() > 1)
                && (copied(r, load, CHAIN) || to.size() == 1 && replaced(r, load, place)));
    }

    /** Whether a value goes nowhere but to other local memory, or a function's parameter, or memory that the text does not tell. */
    private boolean copied(Operand.Register value, Instruction writer, int steps) {
        List<Instruction> uses = value == null || steps == 0 ? null : uses(value, writer);
        return uses != null && uses.stream().allMatch(u -> stores(u, value)
                || u.opcode().equals("mov") && copied(result(u), u, steps - 1));
    }

    /** Whether some bits of a value are cleared, and what comes of it goes back to its place. */
    private boolean replaced(Operand.Register value, Instruction load, Operand place) {
        List<Instruction> uses = uses(value, load);
        return uses != null && uses.stream()
                .allMatch(u -> clearsBits(u, value) && backInPlace(result(u), u, place, CHAIN));
    }

    /** Who reads a register; null where somebody else writes it as well. */
    private List<Instruction> uses(Operand.Register r, Instruction writer) {
        List<Instruction> uses = new ArrayList<>(mentions.get(r));
        uses.remove(writer); // once: it may read what it writes, too
        boolean alone = uses.stream().allMatch(u -> u != writer && (u.opcode().equals("st") || result(u) != r));
        return alone ? uses : null;
    }

    private static Operand.Register result(Instruction i) {
        return !i.operands().isEmpty() && i.operands().get(0) instanceof Operand.Register r ? r : null;
    }

    private static boolean stores(Instruction i, Operand.Register r) {
        boolean elsewhere = i.modifiers().contains("global") || i.modifiers().contains("shared");
        return i.opcode().equals("st") && !elsewhere && (i.operands().get(1).equals(r)
                || i.operands().get(1) instanceof Operand.Vector v && v.elements().contains(r));
    }

    private static boolean clearsBits(Instruction i, Operand.Register r) {
        return switch (i.opcode()) {
            case "and" -> i.operands().get(2) instanceof Operand.Immediate && i.operands().get(1).equals(r);
            case "bfi" -> i.operands().get(2).equals(r) && !i.operands().get(1).equals(r);
            default -> false;
        };
    }

    /** Whether a value only goes, by way of logical instructions, to where it was loaded from. */
    private boolean backInPlace(Operand.Register value, Instruction writer, Operand place, int steps) {
        List<Instruction> uses = value == null || steps == 0 ? null : uses(value, writer);
        return uses != null && !uses.isEmpty()
                && uses.stream().allMatch(u -> stores(u, value) && u.operands().get(0).equals(place)
                        || List.of("and", "or", "bfi", "mov", "cvt").contains(u.opcode())
                                && backInPlace(result(u), u, place, steps - 1));
    }
}
