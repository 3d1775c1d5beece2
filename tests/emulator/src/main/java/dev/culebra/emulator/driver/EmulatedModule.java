package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.memory.Range;
import dev.culebra.emulator.exec.PtxKernel;
import dev.culebra.emulator.exec.PtxModule;
import dev.culebra.emulator.ptx.PtxVariable;
import dev.culebra.emulator.ptx.Space;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** PTX loaded into a context: its kernels, and its variables in the device's memory. */
final class EmulatedModule {

    final EmulatedContext context;
    final PtxModule ptx;
    final long handle;

    private final Map<String, EmulatedFunction> functions = new HashMap<>();
    private final Map<String, Range> variables = new HashMap<>();
    /** What a running kernel sees of {@link #variables}. */
    final Map<String, Allocation> linked = new HashMap<>();

    /** Host memory that its kernels were seen to reach: they may do so again in any launch. */
    final Set<Range> reached;

    EmulatedModule(EmulatedContext context, PtxModule ptx, Set<Range> reached) {
        this.context = context;
        this.ptx = ptx;
        this.reached = reached;
        try {
            for (PtxVariable variable : ptx.variables()) {
                if (!variable.external()) {
                    place(variable);
                }
            }
            for (PtxVariable variable : ptx.variables()) {
                if (!variable.external()) {
                    relocate(variable);
                }
            }
        } catch (Throwable t) {
            variables.values().forEach(context::giveBack);
            throw t;
        }
        for (PtxKernel kernel : ptx.kernels()) {
            functions.put(kernel.name(), new EmulatedFunction(this, kernel));
        }
        this.handle = context.driver.handles.add(this);
        context.modules.add(this);
    }

    private void place(PtxVariable variable) {
        long bytes = Math.max(1, variable.size());
        context.device.account.take(MemoryAccount.rounded(bytes));
        Range range;
        try {
            range = context.driver.memory.allocate(bytes, Range.Kind.MODULE, context, "variable " + variable.name());
        } catch (Throwable t) {
            context.device.account.give(MemoryAccount.rounded(bytes));
            throw t;
        }
        variables.put(variable.name(), range);
        linked.put(variable.name(), range.allocation());
        MemorySegment.copy(variable.initial(), 0, range.allocation().bytes, ValueLayout.JAVA_BYTE, 0,
                variable.initial().length);
    }

    private void relocate(PtxVariable variable) {
        for (PtxVariable.Relocation relocation : variable.relocations()) {
            Range target = variables.get(relocation.symbol());
            if (target == null) {
                throw new CudaError(CudaApi.CUDA_ERROR_INVALID_PTX(), "variable " + variable.name()
                        + " holds the address of " + relocation.symbol() + ", which the module does not define");
            }
            relocation.write(variables.get(variable.name()).allocation().bytes, target.base());
        }
    }

    EmulatedFunction function(String name) {
        EmulatedFunction function = functions.get(name);
        if (function == null) {
            throw new CudaError(CudaApi.CUDA_ERROR_NOT_FOUND(),
                    "the module has no kernel " + name + "; it has " + functions.keySet().stream().sorted().toList());
        }
        return function;
    }

    Range variable(String name) {
        Range range = variables.get(name);
        if (range == null) {
            throw new CudaError(CudaApi.CUDA_ERROR_NOT_FOUND(),
                    "the module has no variable " + name + "; it has " + variables.keySet().stream().sorted().toList());
        }
        return range;
    }

    /** Constant memory that the module's variables take. */
    int constantBytes() {
        return (int) ptx.variables().stream().filter(v -> v.space() == Space.CONST).mapToLong(PtxVariable::size).sum();
    }

    /** The compute capability the text was written for: 80 for {@code sm_80}. */
    int targetVersion() {
        String digits = ptx.target().replaceAll("\\D", "");
        return digits.isEmpty() ? 0 : Integer.parseInt(digits);
    }

    void unload() {
        context.modules.remove(this);
        context.driver.handles.remove(handle);
        functions.values().forEach(f -> context.driver.handles.remove(f.handle));
        variables.values().forEach(context::giveBack);
    }
}
