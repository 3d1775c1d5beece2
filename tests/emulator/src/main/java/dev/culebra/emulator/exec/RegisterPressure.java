package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.Instruction;
import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxFunction;
import dev.culebra.emulator.ptx.PtxType;
import dev.culebra.emulator.ptx.Statement;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How many 32-bit registers of a function are alive at once, at most: a register lives from the first to the last place in the
 * text that names it, and through every loop that it enters or leaves. What ptxas would assign is near it, not equal.
 */
final class RegisterPressure {

    private final int[] first;
    private final int[] last;
    private final int[] words;

    private RegisterPressure(PtxFunction f) {
        int n = f.registers().size();
        first = new int[n];
        last = new int[n];
        words = new int[n];
        Arrays.fill(first, Integer.MAX_VALUE);
        Arrays.fill(last, -1);
        for (Operand.Register r : f.registers()) {
            words[r.index()] = r.type() == PtxType.PRED ? 0 : (r.type().bits() + 31) / 32;
        }
    }

    static int of(PtxFunction f) {
        RegisterPressure p = new RegisterPressure(f);
        List<Statement> body = f.body();
        Map<String, Integer> labels = new HashMap<>();
        for (int i = 0; i < body.size(); i++) {
            if (body.get(i) instanceof Statement.Mark m) {
                labels.put(m.name(), i);
            } else if (body.get(i) instanceof Instruction instruction) {
                int at = i;
                instruction.operands().forEach(o -> p.named(o, at));
            }
        }
        for (int i = body.size() - 1; i >= 0; i--) { // outer loops end last
            if (body.get(i) instanceof Instruction b && b.opcode().equals("bra") && b.operands().size() == 1
                    && b.operands().get(0) instanceof Operand.Label l && labels.getOrDefault(l.name(), i) < i) {
                p.loop(labels.get(l.name()), i);
            }
        }
        return p.most(body.size());
    }

    private void named(Operand o, int at) {
        switch (o) {
            case Operand.Register r -> {
                first[r.index()] = Math.min(first[r.index()], at);
                last[r.index()] = Math.max(last[r.index()], at);
            }
            case Operand.Address a -> named(a.base(), at);
            case Operand.Part p -> named(p.of(), at);
            case Operand.Vector v -> v.elements().forEach(e -> named(e, at));
            case Operand.Group g -> g.elements().forEach(e -> named(e, at));
            default -> {
                // constants, labels and predicates take no register of this kind
            }
        }
    }

    private void loop(int from, int to) {
        for (int r = 0; r < first.length; r++) {
            if (first[r] < from && last[r] >= from && last[r] < to) {
                last[r] = to;
            }
        }
    }

    private int most(int length) {
        int[] change = new int[length + 2];
        for (int r = 0; r < first.length; r++) {
            if (last[r] > first[r]) {
                change[first[r] + 1] += words[r];
                change[last[r] + 1] -= words[r];
            }
        }
        int live = 0;
        int most = 0;
        for (int c : change) {
            live += c;
            most = Math.max(most, live);
        }
        return most;
    }
}
