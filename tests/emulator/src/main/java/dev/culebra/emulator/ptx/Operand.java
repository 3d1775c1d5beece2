package dev.culebra.emulator.ptx;

import java.util.List;

/** What an instruction names. */
public sealed interface Operand {

    /**
     * A register. Two mentions of one register are the same object.
     *
     * @param name as written
     * @param type as declared
     * @param index number among the function's registers
     */
    record Register(String name, PtxType type, int index) implements Operand {}

    /**
     * A number.
     *
     * @param bits an integer's two's complement, or the bits of a double when {@code floating}
     * @param floating written as a floating-point number
     */
    record Immediate(long bits, boolean floating) implements Operand {}

    /**
     * A special register.
     *
     * @param name such as {@code "%tid.x"}
     */
    record Special(String name) implements Operand {}

    /**
     * A variable, function or parameter by name.
     *
     * @param variable what it is: a {@link Variable}, or null for a function or what is not declared
     * @param name as written
     * @param addend bytes added to its address
     */
    record Symbol(Variable variable, String name, long addend) implements Operand {}

    /**
     * A label of the function.
     *
     * @param name as written
     */
    record Label(String name) implements Operand {}

    /**
     * A memory operand in brackets.
     *
     * @param base a {@link Register}, {@link Symbol} or {@link Immediate}
     * @param offset bytes added
     */
    record Address(Operand base, long offset) implements Operand {}

    /**
     * Several in braces.
     *
     * @param elements them
     */
    record Vector(List<Operand> elements) implements Operand {}

    /**
     * Several in parentheses: a call's results or arguments.
     *
     * @param elements them
     */
    record Group(List<Operand> elements) implements Operand {}

    /**
     * A negated predicate.
     *
     * @param of the predicate
     */
    record Not(Operand of) implements Operand {}

    /**
     * A pair of predicates, of which either may be the sink {@code _}.
     *
     * @param first before the bar
     * @param second behind the bar
     */
    record Pair(Operand first, Operand second) implements Operand {}

    /**
     * A part of a register, as video instructions choose it.
     *
     * @param of the register
     * @param part such as {@code "b0"} or {@code "h10"}
     */
    record Part(Operand of, String part) implements Operand {}

    /** The operand {@code _}: nothing is wanted here. */
    record Sink() implements Operand {}
}
