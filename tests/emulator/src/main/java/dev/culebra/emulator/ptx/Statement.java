package dev.culebra.emulator.ptx;

import java.util.List;

/** A part of a function's body. */
public sealed interface Statement
        permits Instruction, Statement.Mark, Statement.Targets, Statement.CallTargets, Statement.Prototype {

    /**
     * A label.
     *
     * @param name its name
     * @param line its line
     */
    record Mark(String name, int line) implements Statement {}

    /**
     * A list of labels that an indexed branch chooses from.
     *
     * @param name the list's name
     * @param labels the labels
     */
    record Targets(String name, List<String> labels) implements Statement {}

    /**
     * A list of functions that a call through a register may reach.
     *
     * @param name the list's name
     * @param functions their names
     */
    record CallTargets(String name, List<String> functions) implements Statement {}

    /**
     * What a function called through a register takes and returns.
     *
     * @param name the prototype's name
     * @param results what it returns, at most one
     * @param parameters what it takes, in order
     */
    record Prototype(String name, List<Variable> results, List<Variable> parameters) implements Statement {}
}
