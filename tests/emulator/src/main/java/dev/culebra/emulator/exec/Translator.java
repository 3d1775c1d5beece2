package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.Instruction;
import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxFunction;
import dev.culebra.emulator.ptx.PtxVariable;
import dev.culebra.emulator.ptx.Statement;
import dev.culebra.emulator.ptx.Variable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/** Translates the functions of a module. What can not be run is told by line and instruction, as much of it as there is. */
final class Translator {

    /** Local memory for functions that call themselves, as deep as it lasts. */
    private static final int RECURSION_BYTES = 64 * 1024;

    /** Stack for alloca, of which no text tells how much it will be. */
    private static final int ALLOCA_BYTES = 64 * 1024;

    private final Map<String, PtxFunction> functions;
    private final CodeAddresses addresses;
    private final int version;
    private final int sm;
    private final List<String> errors;
    /** Whether the target is for one architecture alone (sm_90a). */
    boolean architectureSpecific;
    /** The module's variables in constant memory. */
    List<PtxVariable> constants = List.of();

    /**
     * For one module.
     *
     * @param functions all of its functions, by name
     * @param addresses the functions' addresses
     * @param version its PTX version, 70 for 7.0
     * @param sm its target, 80 for sm_80
     * @param errors where refusals are added
     */
    Translator(Map<String, PtxFunction> functions, CodeAddresses addresses, int version, int sm, List<String> errors) {
        this.functions = functions;
        this.addresses = addresses;
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
        if (function.entry()) {
            layout.translateReachable();
        }
        int localBytes = layout.stackBytes(main, new HashMap<>());
        int dynamicOffset = layout.finishShared();
        return new KernelCode(main, layout.sharedBytes, dynamicOffset, !layout.dynamics.isEmpty(), localBytes,
                layout.registers, layout.asyncReads, layout.warpgroups, layout.reservesShared, layout.reachable);
    }

    /** What the functions of one kernel share: its shared memory, and each function translated once. */
    final class KernelLayout {

        private final Map<Variable, Integer> shared = new HashMap<>();
        private final Map<Variable, List<IntConsumer>> dynamics = new HashMap<>();
        private final Map<String, Program> programs = new HashMap<>();
        /** Functions that a register may hold the address of, by number; filled when something calls through one. */
        private final Program[] reachable = new Program[addresses.count()];
        private int sharedBytes;
        private int registers;
        private boolean reservesShared;

        /** Says that the system's part of shared memory is used. */
        void reserveShared() { reservesShared = true; }
        /** Whether a bulk copy or a product of a warpgroup reads shared memory. */
        boolean asyncReads;
        /** Whether there are products of warpgroups. */
        boolean warpgroups;

        boolean architectureSpecific() { return architectureSpecific; }

        List<PtxVariable> constants() { return constants; }

        boolean defines(String name) { return functions.get(name) != null && functions.get(name).body() != null; }

        long codeAddress(String name) { return addresses.of(name); }

        /** Translates what calls through registers may reach, until nothing new comes. */
        private void translateReachable() {
            boolean through = programs.values().stream().anyMatch(p -> !p.indirect.isEmpty());
            for (String name : through ? addresses.taken() : Set.<String>of()) {
                PtxFunction f = functions.get(name);
                if (f.body() != null) { // one that is only declared can be named, and faults when it is called
                    reachable[addresses.index(name)] = program(f);
                }
            }
        }

        /** Stack of a function and what it calls, at most; what calls itself gets a fixed amount. */
        private int stackBytes(Program p, Map<Program, Integer> known) {
            Integer before = known.get(p);
            if (before != null) {
                return before;
            }
            known.put(p, RECURSION_BYTES); // while it is open: who comes here again calls itself
            int deepest = 0;
            for (Program callee : p.callees) {
                deepest = Math.max(deepest, stackBytes(callee, known));
            }
            for (Program callee : reachable) {
                if (callee != null && p.indirect.stream().anyMatch(s -> s.fits(callee))) {
                    deepest = Math.max(deepest, stackBytes(callee, known));
                }
            }
            int bytes = p.localBytes + deepest + (p.growsStack ? ALLOCA_BYTES : 0);
            known.put(p, bytes);
            return bytes;
        }

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
                switch (s) {
                    case Statement.Targets t -> assembler.targets.put(t.name(), t.labels());
                    case Statement.Prototype p ->
                        assembler.prototypes.put(p.name(), Calls.Signature.of(p.results(), p.parameters()));
                    case Statement.CallTargets t -> {
                        PtxFunction first = functions.get(t.functions().get(0));
                        if (first != null) {
                            assembler.prototypes.put(t.name(),
                                    Calls.Signature.of(first.results(), first.parameters()));
                        }
                    }
                    case Statement.Mark m -> {
                    }
                    case Instruction i -> {
                    }
                }
            }
            Set<Operand.Register> ofProducts = WarpgroupRegisters.named(f.body());
            program.warpgroups = !ofProducts.isEmpty();
            for (Statement s : f.body()) {
                switch (s) {
                    case Statement.Mark m -> assembler.label(m.name());
                    case Statement.Targets t -> {
                    }
                    case Statement.CallTargets t -> {
                    }
                    case Statement.Prototype p -> {
                    }
                    case Instruction i -> instruction(i, ofProducts, assembler);
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
            for (Op op : assembler.ops) { // where the text had faults, a label may have been lost with them
                if (op instanceof Branching.Ends e && !assembler.labels.keySet().containsAll(e.labels())) {
                    errors.add("ptx line " + op.line + ": a label is missing for '" + op.text + "'");
                }
            }
            if (errors.size() == before) {
                assembler.finish();
                registers = Math.max(registers, RegisterPressure.of(f));
            }
            return program;
        }

        private void instruction(Instruction i, Set<Operand.Register> ofProducts, Assembler assembler) {
            Consumer<Decoding> decoder = Families.ALL.find(i.opcode(), i.modifiers());
            Op asks = ofProducts.isEmpty() || i.opcode().equals("wgmma")
                    ? null
                    : WarpgroupRegisters.before(i, ofProducts, assembler);
            if (asks != null) {
                assembler.ops.add(asks);
            }
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
