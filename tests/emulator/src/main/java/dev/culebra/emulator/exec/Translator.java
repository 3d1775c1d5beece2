package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.Instruction;
import dev.culebra.emulator.ptx.PtxFunction;
import dev.culebra.emulator.ptx.Statement;
import dev.culebra.emulator.ptx.Variable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/** Translates the functions of a module. What can not be run is told by line and instruction, as much of it as there is. */
final class Translator {

    /** Local memory for functions that call themselves, as deep as it lasts. */
    private static final int RECURSION_BYTES = 64 * 1024;

    private final Map<String, PtxFunction> functions;
    private final int version;
    private final int sm;
    private final List<String> errors;
    /** Whether the target is for one architecture alone (sm_90a). */
    boolean architectureSpecific;

    /**
     * For one module.
     *
     * @param functions all of its functions, by name
     * @param version its PTX version, 70 for 7.0
     * @param sm its target, 80 for sm_80
     * @param errors where refusals are added
     */
    Translator(Map<String, PtxFunction> functions, int version, int sm, List<String> errors) {
        this.functions = functions;
        this.version = version;
        this.sm = sm;
        this.errors = errors;
    }

    /**
     * Translates a function and what it calls.
     *
     * @param function a kernel, or a device function that is only to be checked
     * @return its code; not fit to run when errors were added
     */
    KernelCode translate(PtxFunction function) {
        KernelLayout layout = new KernelLayout();
        Program main = layout.program(function);
        int localBytes = stackBytes(main, new HashSet<>());
        int dynamicOffset = layout.finishShared();
        return new KernelCode(main, layout.sharedBytes, dynamicOffset, !layout.dynamics.isEmpty(), localBytes,
                layout.registers, layout.asyncReads);
    }

    private static int stackBytes(Program p, Set<Program> open) {
        if (!open.add(p)) {
            return RECURSION_BYTES;
        }
        int deepest = 0;
        for (Program callee : p.callees) {
            deepest = Math.max(deepest, stackBytes(callee, open));
        }
        open.remove(p);
        return p.localBytes + deepest;
    }

    /** What the functions of one kernel share: its shared memory, and each function translated once. */
    final class KernelLayout {

        private final Map<Variable, Integer> shared = new HashMap<>();
        private final Map<Variable, List<IntConsumer>> dynamics = new HashMap<>();
        private final Map<String, Program> programs = new HashMap<>();
        private int sharedBytes;
        private int registers;
        /** Whether a bulk copy reads shared memory. */
        boolean asyncReads;

        boolean architectureSpecific() { return architectureSpecific; }

        int shared(Variable v) {
            return shared.computeIfAbsent(v, k -> {
                int at = sharedBytes + k.alignment() - 1 & -k.alignment();
                sharedBytes = (int) (at + k.size());
                return at;
            });
        }

        /** Dynamic shared memory is named: its place is told when all static variables have theirs. */
        void dynamic(Variable v, IntConsumer tell) {
            dynamics.computeIfAbsent(v, k -> new ArrayList<>()).add(tell);
        }

        private int finishShared() {
            int alignment = 1;
            for (Variable v : dynamics.keySet()) {
                alignment = Math.max(alignment, v.alignment());
            }
            int offset = sharedBytes + alignment - 1 & -alignment;
            dynamics.values().forEach(all -> all.forEach(tell -> tell.accept(offset)));
            return offset;
        }

        Program callee(String name) {
            PtxFunction f = functions.get(name);
            if (f == null) {
                throw new Decoding.Refusal("function '" + name + "' is not declared");
            }
            if (f.body() == null) {
                throw new Decoding.Refusal(
                        "function '" + name + "' is declared but not defined in this module; nothing is linked to it");
            }
            return program(f);
        }

        private Program program(PtxFunction f) {
            Program known = programs.get(f.name());
            if (known != null) {
                return known;
            }
            Program program = new Program(f.name());
            programs.put(f.name(), program);
            Assembler assembler = new Assembler(f, this, program);
            int before = errors.size();
            for (Statement s : f.body()) {
                if (s instanceof Statement.Targets t) {
                    assembler.targets.put(t.name(), t.labels());
                }
            }
            for (Statement s : f.body()) {
                switch (s) {
                    case Statement.Mark m -> assembler.label(m.name());
                    case Statement.Targets t -> {
                    }
                    case Instruction i -> instruction(i, assembler);
                }
            }
            for (List<String> labels : assembler.targets.values()) {
                for (String l : labels) {
                    if (!assembler.labels.containsKey(l)) {
                        errors.add("ptx line " + f.line() + ": branch target '" + l + "' is no label of function '"
                                + f.name() + "'");
                    }
                }
            }
            if (errors.size() == before) {
                assembler.finish();
                registers = Math.max(registers, RegisterPressure.of(f));
            }
            return program;
        }

        private void instruction(Instruction i, Assembler assembler) {
            Consumer<Decoding> decoder = Families.ALL.find(i.opcode(), i.modifiers());
            try {
                if (decoder == null) {
                    throw new Decoding.Refusal("unknown instruction");
                }
                decoder.accept(new Decoding(i, assembler, version, sm));
            } catch (Decoding.Refusal e) {
                errors.add("ptx line " + i.line() + ": " + e.getMessage() + " in '" + i.text() + "'");
            }
        }
    }
}
