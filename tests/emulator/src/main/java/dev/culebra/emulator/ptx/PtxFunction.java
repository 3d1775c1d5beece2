package dev.culebra.emulator.ptx;

import java.util.List;

/**
 * A kernel or a device function as written.
 *
 * @param name its name
 * @param line where it starts
 * @param entry whether it is a kernel
 * @param results what a device function returns: {@code .param} variables or registers' stand-ins, at most one
 * @param parameters its parameters, in order
 * @param registers all registers that its body names
 * @param body instructions and labels; null for a declaration
 */
public record PtxFunction(String name, int line, boolean entry, List<Variable> results, List<Variable> parameters,
        List<Operand.Register> registers, List<Statement> body) {}
