package dev.culebra.emulator.ptx;

import java.util.List;

/**
 * One instruction as written.
 *
 * @param line its line in the module's text
 * @param text its characters, blanks folded, for messages
 * @param guard the predicate it runs under, or null
 * @param guardNegated whether it runs where the predicate is false
 * @param opcode the name before the first dot
 * @param modifiers what follows, without dots
 * @param operands in order
 */
public record Instruction(int line, String text, Operand.Register guard, boolean guardNegated, String opcode,
        List<String> modifiers, List<Operand> operands) implements Statement {}
