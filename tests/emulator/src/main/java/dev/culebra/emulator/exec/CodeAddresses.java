package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.Instruction;
import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxFunction;
import dev.culebra.emulator.ptx.PtxVariable;
import dev.culebra.emulator.ptx.Statement;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Numbers that stand for the addresses of a module's device functions: what {@code mov} of a function's name gives, what
 * initialisers hold, and what a call through a register takes. They are the same in all kernels of a module, and no address
 * of memory.
 */
final class CodeAddresses {

    /** The first function's address; nothing of a host or device lies there. */
    private static final long BASE = 5L << 56;
    /** Between two functions: such numbers look like code's. */
    private static final int STEP = 128;

    private final Map<String, PtxFunction> functions;
    private final List<String> names;
    /** Functions whose address is taken anywhere in the module: only they can be reached through a register. */
    private final Set<String> taken = new LinkedHashSet<>();

    CodeAddresses(Map<String, PtxFunction> functions, List<PtxVariable> variables) {
        this.functions = functions;
        this.names = List.copyOf(functions.keySet());
        for (PtxVariable v : variables) {
            v.relocations().forEach(r -> take(r.symbol()));
        }
        for (PtxFunction f : functions.values()) {
            for (Statement s : f.body() == null ? List.<Statement>of() : f.body()) {
                if (s instanceof Instruction i && !i.opcode().equals("call")) {
                    i.operands().forEach(o -> {
                        if (o instanceof Operand.Symbol symbol && symbol.variable() == null) {
                            take(symbol.name());
                        }
                    });
                }
            }
        }
    }

    private void take(String name) {
        PtxFunction f = functions.get(name);
        if (f != null && !f.entry()) {
            taken.add(name);
        }
    }

    /** Functions that a register may hold the address of. */
    Set<String> taken() { return taken; }

    /** How many addresses there are. */
    int count() { return names.size(); }

    /** A device function's address, or 0 when there is none of that name. */
    long of(String name) {
        PtxFunction f = functions.get(name);
        return f == null || f.entry() ? 0 : BASE + (long) STEP * names.indexOf(name);
    }

    /** The number among {@link #count} that an address stands for, or -1. */
    static int index(long address, int count) {
        long offset = address - BASE;
        return offset >= 0 && offset < (long) STEP * count && offset % STEP == 0 ? (int) (offset / STEP) : -1;
    }

    /** The number of a function. */
    int index(String name) { return names.indexOf(name); }

    /** Variables with the addresses of functions written into their first contents; other addresses stay to be told. */
    List<PtxVariable> link(List<PtxVariable> variables) {
        List<PtxVariable> linked = new ArrayList<>();
        for (PtxVariable v : variables) {
            List<PtxVariable.Relocation> rest = new ArrayList<>();
            for (PtxVariable.Relocation r : v.relocations()) {
                long address = of(r.symbol());
                if (address == 0) {
                    rest.add(r);
                } else {
                    r.write(MemorySegment.ofArray(v.initial()), address);
                }
            }
            linked.add(new PtxVariable(v.name(), v.space(), v.size(), v.alignment(), v.initial(), List.copyOf(rest),
                    v.external()));
        }
        return List.copyOf(linked);
    }
}
