package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.Variable;
import java.util.ArrayList;
import java.util.List;

/** Calls of device functions: arguments and results are bytes of local memory, the caller's and the callee's frame. */
final class Calls {

    private Calls() {}

    /** Enters the function with its arguments copied. */
    private static final class Call extends Op.Control {
        private final Program callee;
        private final int[] arguments;

        Call(Program callee, int[] arguments) {
            this.callee = callee;
            this.arguments = arguments;
        }

        @Override
        void execute(Warp w, int mask) {
            Frame caller = w.frame;
            Frame f = w.call(callee, w.current.pc + 1);
            w.freshLocals(mask, f);
            for (int i = 0; i < arguments.length; i++) {
                copy(w, mask, caller.localBase + arguments[i], f.localBase + callee.parameterOffsets[i],
                        callee.parameterSizes[i]);
            }
        }
    }

    /** Behind a call: copies the result from where the callee's frame was, which nothing has overwritten yet. */
    private static final class TakeResult extends Op {
        private final Program callee;
        private final Program caller;
        private final int result;

        TakeResult(Program callee, Program caller, int result) {
            this.callee = callee;
            this.caller = caller;
            this.result = result;
        }

        @Override
        void execute(Warp w, int mask) {
            int from = w.frame.localBase + caller.localBytes + callee.resultOffsets[0];
            copy(w, mask, from, w.frame.localBase + result, callee.resultSizes[0]);
        }
    }

    private static void copy(Warp w, int mask, int from, int to, int bytes) {
        for (int l = 0; l < 32; l++) {
            if ((mask >>> l & 1) != 0) {
                int lane = l * w.stackBytes;
                System.arraycopy(w.local, lane + from, w.local, lane + to, bytes);
                if (w.localWritten != null) {
                    System.arraycopy(w.localWritten, lane + from, w.localWritten, lane + to, bytes);
                }
            }
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

    private static void call(Decoding x) {
        x.take("uni");
        x.done();
        x.operands(1, 4);
        int at = 0;
        int[] results = x.operand(0) instanceof Operand.Group g ? variables(x, g) : new int[0];
        at += x.operand(0) instanceof Operand.Group ? 1 : 0;
        if (!(x.operand(at) instanceof Operand.Symbol name)) {
            throw x.refuse("calls through a register are not supported");
        }
        if (name.name().equals("__assertfail")) {
            x.emit(Branching.assertionFailed());
            return;
        }
        int[] arguments = at + 1 < x.operandCount() && x.operand(at + 1) instanceof Operand.Group g
                ? variables(x, g)
                : new int[0];
        Program callee = x.assembler.callee(name.name());
        if (callee.parameterOffsets == null || arguments.length != callee.parameterOffsets.length
                || results.length != callee.resultOffsets.length) {
            throw x.refuse("the call does not fit the function's parameters and results");
        }
        x.emitSplit(new Call(callee, arguments));
        if (results.length > 0) {
            x.emit(new TakeResult(callee, x.assembler.program, results[0]));
        }
    }
}
