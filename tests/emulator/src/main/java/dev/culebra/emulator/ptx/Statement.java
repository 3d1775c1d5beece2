package dev.culebra.emulator.ptx;

import java.util.List;

/** A part of a function's body. */
public sealed interface Statement permits Instruction, Statement.Mark, Statement.Targets {

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
}
