package dev.culebra.emulator.ptx;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Parameters and results of device functions that are registers ({@code .func (.reg .u32 r) f (.reg .u32 a)}), and registers given
 * to a call. Both are written out with {@code .param} variables: what comes after the parser knows no other way.
 */
final class RegisterParameters {

    private final List<Statement> out = new ArrayList<>();

    private RegisterParameters() {}

    /**
     * Writes a function's body out.
     *
     * @param body as parsed
     * @param results the function's results
     * @param parameters the function's parameters
     * @param registers its registers, of which the first are those of results and parameters, in this order
     * @return the body with loads and stores put in
     */
    static List<Statement> expand(List<Statement> body, List<Variable> results, List<Variable> parameters,
            List<Operand.Register> registers) {
        RegisterParameters r = new RegisterParameters();
        List<Variable> resultsThere = results.stream().filter(v -> v.inRegister() != null).toList();
        List<Variable> parametersThere = parameters.stream().filter(v -> v.inRegister() != null).toList();
        int n = resultsThere.size();
        for (int i = 0; i < parametersThere.size(); i++) {
            r.move("ld", parametersThere.get(i), registers.get(n + i), null);
        }
        for (Statement s : body) {
            if (s instanceof Instruction call && call.opcode().equals("call")) {
                r.call(call);
                continue;
            }
            if (s instanceof Instruction ret && ret.opcode().equals("ret")) {
                for (int i = 0; i < n; i++) {
                    r.move("st", resultsThere.get(i), registers.get(i), ret);
                }
            }
            r.out.add(s);
        }
        for (int i = 0; i < n; i++) { // where the body does not end in ret
            r.move("st", resultsThere.get(i), registers.get(i), null);
        }
        return r.out;
    }

    /** A load or store of a parameter, under the guard of the instruction that it belongs to. */
    private void move(String opcode, Variable v, Operand.Register register, Instruction of) {
        List<String> modifiers = List.of("param", register.type().name().toLowerCase(Locale.ROOT));
        Operand place = new Operand.Address(new Operand.Symbol(v, v.name(), 0), 0);
        String text = of == null ? "." + modifiers.get(1) + " " + register.name() : of.text();
        out.add(new Instruction(of == null ? 0 : of.line(), text, of == null ? null : of.guard(),
                of != null && of.guardNegated(), opcode, modifiers,
                opcode.equals("ld") ? List.of(register, place) : List.of(place, register)));
    }

    private void call(Instruction call) {
        List<Operand> operands = new ArrayList<>(call.operands());
        List<Runnable> behind = new ArrayList<>();
        for (int i = 0; i < operands.size(); i++) {
            boolean results = i == 0;
            if (!(operands.get(i) instanceof Operand.Group g)) {
                continue;
            }
            List<Operand> variables = new ArrayList<>();
            for (Operand o : g.elements()) {
                if (!(o instanceof Operand.Register r) || r.type() == PtxType.PRED) {
                    variables.add(o);
                    continue;
                }
                Variable v = Variable.inRegister(r.name(), r.type());
                if (results) {
                    behind.add(() -> move("ld", v, r, call));
                } else {
                    move("st", v, r, call);
                }
                variables.add(new Operand.Symbol(v, r.name(), 0));
            }
            operands.set(i, new Operand.Group(List.copyOf(variables)));
        }
        out.add(new Instruction(call.line(), call.text(), call.guard(), call.guardNegated(), call.opcode(),
                call.modifiers(),
                List.copyOf(operands)));
        behind.forEach(Runnable::run);
    }
}
