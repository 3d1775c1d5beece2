package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.Variable;
import java.util.List;

/** The argument block's layout: parameters in order, each at the next multiple of its alignment. */
final class KernelParameters {

    private KernelParameters() {}

    static int offset(List<Variable> parameters, Variable wanted) {
        int at = 0;
        for (Variable v : parameters) {
            at = at + v.alignment() - 1 & -v.alignment();
            if (v == wanted) {
                return at;
            }
            at += (int) v.size();
        }
        throw new IllegalArgumentException(wanted.name());
    }
}
