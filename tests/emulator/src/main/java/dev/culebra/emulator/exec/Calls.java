package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import dev.culebra.emulator.ptx.Variable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Calls of device functions, by name and through a register: arguments and results are bytes of local memory, the caller's and
 * the callee's frame. Lanes that call different functions through one instruction go one function after the other.
 */
final class Calls {

    private Calls() {}

    /** Enters the function with its arguments copied. */
    private static class Call extends Op.Control {
        private final Program callee;
        private final int[] arguments;
        final Signature signature;

        Call(Program callee, Signature signature, int[] arguments) {
            this.callee = callee;
            this.signature = signature;
            this.arguments = arguments;
        }

        @Override
        void execute(Warp w, int mask) { enter(w, mask, callee); }

        final void enter(Warp w, int mask, Program entered) {
            Frame caller = w.frame;
            Frame f = w.call(entered, w.current.pc + 1);
            w.freshLocals(mask, f);
            for (int i = 0; i < arguments.length; i++) {
                copy(w, mask, caller.localBase + arguments[i], f.localBase + entered.parameterOffsets[i],
                        signature.parameters[i]);
            }
        }
    }

    /**
     * Before a call through a register: picks the lanes that call one and the same function, and sends the others round to
     * come again; all meet behind the call.
     */
    private static final class Pick extends Branching.Ends {
        private final int address;
        private final String behind;

        Pick(int address, String behind) {
            this.address = address;
            this.behind = behind;
        }

        @Override
        List<String> labels() { return List.of(behind); }

        @Override
        boolean mayFallThrough() { return true; }

        @Override
        void execute(Warp w, int mask) {
            Split s = w.current;
            long[] to = w.q[address];
            long first = to[Integer.numberOfTrailingZeros(mask)];
            int same = 0;
            for (int l = 0; l < 32; l++) {
                same |= (mask >>> l & 1) != 0 && to[l] == first ? 1 << l : 0;
            }
            if (same == mask) {
                s.pc++;
            } else {
                w.splits.diverge(rejoin, same, s.pc + 1, s.pc);
            }
        }
    }

    /** Enters the function whose address all lanes of the split hold. */
    private static final class CallThrough extends Call {
        private final int address;

        CallThrough(int address, Signature signature, int[] arguments) {
            super(null, signature, arguments);
            this.address = address;
        }

        @Override
        void execute(Warp w, int mask) {
            int lane = Integer.numberOfTrailingZeros(mask);
            long at = w.q[address][lane];
            Program callee = w.block.launch.code.function(at);
            if (callee == null) {
                throw new Fault(DeviceFault.INVALID_PC, lane,
                        "a call of address 0x" + Long.toHexString(at) + ", which is no device function of the module");
            }
            if (!signature.fits(callee)) {
                throw new Fault(DeviceFault.INVALID_PC, lane, "a call of function " + callee.name
                        + ", whose parameters and results are not those of the call's prototype");
            }
            enter(w, mask, callee);
        }
    }

    /**
     * Sizes of what goes to and comes from a function.
     *
     * @param results bytes of each result, at most one
     * @param parameters bytes of each parameter
     */
    record Signature(int[] results, int[] parameters) {

        static Signature of(List<Variable> results, List<Variable> parameters) {
            return new Signature(results.stream().mapToInt(v -> (int) v.size()).toArray(),
                    parameters.stream().mapToInt(v -> (int) v.size()).toArray());
        }

        /** Whether a call of this kind can reach a function; a last parameter without a size takes what is given, or nothing. */
        boolean fits(Program p) {
            return Arrays.equals(results, p.resultSizes) && takes(p.parameterSizes);
        }

        boolean takes(int[] declared) {
            int n = declared.length;
            boolean variadic = n > 0 && declared[n - 1] == 0;
            if (!variadic || parameters.length == n - 1) {
                return Arrays.equals(parameters, variadic ? Arrays.copyOf(declared, n - 1) : declared);
            }
            return parameters.length == n && parameters[n - 1] <= Program.VARIADIC_BYTES
                    && Arrays.equals(parameters, 0, n - 1, declared, 0, n - 1);
        }
    }

    /** Behind a call: copies the result from where the callee's frame was, which nothing has overwritten yet. */
    private static final class TakeResult extends Op {
        private final int size;
        private final int result;

        TakeResult(int size, int result) {
            this.size = size;
            this.result = result;
        }

        @Override
        void execute(Warp w, int mask) {
            // A function's result is the first thing in its frame.
            for (int l = 0; l < 32; l++) {
                if ((mask >>> l & 1) != 0) {
                    copyLane(w, l, w.frame.calleeBase(l), w.frame.localBase + result, size);
                }
            }
        }
    }

    private static void copy(Warp w, int mask, int from, int to, int bytes) {
        for (int l = 0; l < 32; l++) {
            if ((mask >>> l & 1) != 0) {
                copyLane(w, l, from, to, bytes);
            }
        }
    }

    private static void copyLane(Warp w, int l, int from, int to, int bytes) {
        int lane = l * w.stackBytes;
        System.arraycopy(w.local, lane + from, w.local, lane + to, bytes);
        if (w.localWritten != null) {
            System.arraycopy(w.localWritten, lane + from, w.localWritten, lane + to, bytes);
        }
    }

    static void register(Families f) { f.add("call", Calls::call); }

    private static int[] variables(Decoding x, Operand group) {
        List<Integer> offsets = new ArrayList<>();
        for (Operand o : ((Operand.Group) group).elements()) {
            if (!(o instanceof Operand.Symbol s) || s.variable() == null) {
                throw x.refuse("arguments and results of a call must be .param variables");
            }
            Variable v = s.variable();
            offsets.add(x.assembler.local(v));
        }
        return offsets.stream().mapToInt(i -> i).toArray();
    }

    private static int[] sizes(Operand group) {
        return ((Operand.Group) group).elements().stream()
                .mapToInt(o -> (int) ((Operand.Symbol) o).variable().size()).toArray();
    }

    private static void call(Decoding x) {
        x.take("uni");
        x.done();
        x.operands(1, 4);
        int at = 0;
        Operand.Group none = new Operand.Group(List.of());
        Operand.Group returned = x.operand(0) instanceof Operand.Group g ? g : none;
        at += x.operand(0) instanceof Operand.Group ? 1 : 0;
        Operand target = x.operand(at++);
        Operand.Group given = at < x.operandCount() && x.operand(at) instanceof Operand.Group g ? g : none;
        at += at < x.operandCount() && x.operand(at) instanceof Operand.Group ? 1 : 0;
        int[] results = variables(x, returned);
        int[] arguments = variables(x, given);
        if (results.length > 1) {
            throw x.refuse("a function returns one result at most");
        }
        Signature signature = new Signature(sizes(returned), sizes(given));
        if (target instanceof Operand.Register r) {
            boolean named = at < x.operandCount() && x.operand(at) instanceof Operand.Label;
            Signature wanted = named ? x.assembler.signature(((Operand.Label) x.operand(at)).name()) : null;
            if (wanted == null) {
                throw x.refuse("a call through a register names a .callprototype or .calltargets of its function");
            }
            if (!Arrays.equals(wanted.results, signature.results) || !signature.takes(wanted.parameters)) {
                throw x.refuse("the call does not fit its prototype");
            }
            through(x, x.src(r, PtxType.B64), signature, results, arguments);
            return;
        }
        x.operands(at, at);
        if (!(target instanceof Operand.Symbol name) || name.variable() != null) {
            throw x.refuse("a function's name or a register with its address is wanted");
        }
        if (SystemCalls.call(x, name.name(), results, arguments, signature)) {
            return;
        }
        Program callee = x.assembler.callee(name.name());
        if (callee.parameterOffsets == null || !signature.fits(callee)) {
            throw x.refuse("the call does not fit the function's parameters and results");
        }
        x.emitSplit(new Call(callee, signature, arguments));
        if (results.length > 0) {
            x.emit(new TakeResult(callee.resultSizes[0], results[0]));
        }
    }

    private static void through(Decoding x, int address, Signature signature, int[] results, int[] arguments) {
        String behind = x.assembler.inventLabel();
        x.assembler.callsThrough(signature);
        x.skipUnlessGuard(behind);
        x.add(new Pick(address, behind));
        x.add(new CallThrough(address, signature, arguments));
        if (results.length > 0) {
            x.add(new TakeResult(signature.results[0], results[0]));
        }
        x.assembler.label(behind);
    }
}
