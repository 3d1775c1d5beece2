package dev.culebra.emulator.ptx;

import dev.culebra.emulator.ptx.Lexer.Kind;
import dev.culebra.emulator.ptx.Lexer.Token;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A function's body: names are resolved in their scopes, so that what comes out has none. */
final class BodyParser {

    /** A brace's names. Labels are entered before the body is read, for branches go forward. */
    private static final class Scope {
        final Scope outer;
        final Map<String, Object> names = new HashMap<>();
        final Map<String, Range> ranges = new HashMap<>();
        final Map<String, String> labels = new HashMap<>();

        Scope(Scope outer) { this.outer = outer; }
    }

    /** {@code %r<12>}: a register is made when it is first named. */
    private record Range(PtxType type, int count) {}

    private static final Set<String> SPECIALS = Set.of("%tid", "%ntid", "%ctaid", "%nctaid", "%laneid", "%warpid",
            "%nwarpid", "%smid",
            "%nsmid", "%gridid", "%lanemask_eq", "%lanemask_le", "%lanemask_lt", "%lanemask_ge", "%lanemask_gt",
            "%clock", "%clock_hi",
            "%clock64", "%globaltimer", "%globaltimer_lo", "%globaltimer_hi", "%dynamic_smem_size", "%total_smem_size",
            "%aggr_smem_size", "%reserved_smem_offset_begin", "%reserved_smem_offset_end", "%reserved_smem_offset_cap",
            "%clusterid",
            "%nclusterid", "%cluster_ctaid", "%cluster_nctaid", "%cluster_ctarank", "%cluster_nctarank",
            "%is_explicit_cluster",
            "%current_graph_exec");

    private final String text;
    private final TokenStream in;
    private final Map<String, Variable> globals;
    private final List<String> errors;
    private final List<Statement> body = new ArrayList<>();
    private final List<Operand.Register> registers = new ArrayList<>();
    private final List<Scope> scopesInOrder = new ArrayList<>();
    private int scopesEntered;
    private Scope scope;

    BodyParser(String text, TokenStream in, Map<String, Variable> globals, List<String> errors) {
        this.text = text;
        this.in = in;
        this.globals = globals;
        this.errors = errors;
    }

    List<Operand.Register> registers() { return registers; }

    /** Reads from the opening brace to behind the closing one. */
    List<Statement> read(List<Variable> parameters) {
        int start = in.at;
        findLabels();
        in.at = start;
        in.expect("{");
        enter();
        parameters.forEach(
                p -> scope.names.put(p.name(), p.inRegister() == null ? p : register(p.name(), p.inRegister())));
        while (scope != null) {
            if (in.peek().kind() == Kind.END) {
                throw in.error("'}' is missing at the end");
            }
            int before = in.at;
            try {
                statement();
            } catch (TokenStream.SyntaxError e) {
                errors.add("ptx line " + e.line + ": " + e.getMessage());
                in.at = Math.max(before, in.at - 1);
                in.skipStatement();
            }
        }
        return body;
    }

    private void enter() { scope = scopesInOrder.get(scopesEntered++); }

    private void findLabels() {
        Scope current = null;
        do {
            Token t = in.peek();
            if (t.kind() == Kind.END) {
                throw in.error("'}' is missing at the end");
            }
            if (in.accept("{")) {
                current = new Scope(current);
                scopesInOrder.add(current);
            } else if (in.accept("}")) {
                current = current.outer;
            } else if (t.kind() == Kind.NAME && in.peek(1).is(":")) {
                current.labels.put(t.text(),
                        current.outer == null ? t.text() : t.text() + "@" + scopesInOrder.indexOf(current));
                in.take();
                in.take();
            } else {
                in.skipStatement();
            }
        } while (current != null);
    }

    private void statement() {
        Token t = in.peek();
        if (in.accept("{")) {
            enter();
        } else if (in.accept("}")) {
            scope = scope.outer;
        } else if (in.accept(";")) {
            return;
        } else if (t.kind() == Kind.DOTTED) {
            directive();
        } else if (t.kind() == Kind.NAME && in.peek(1).is(":")) {
            in.take();
            in.take();
            String label = label(t.text());
            boolean calls = in.next(".calltargets");
            if (in.accept(".branchtargets") || in.accept(".calltargets")) {
                List<String> labels = new ArrayList<>();
                do {
                    String name = in.name();
                    labels.add(label(name) == null ? name : label(name));
                } while (in.accept(","));
                in.expect(";");
                body.add(calls ? new Statement.CallTargets(label, labels) : new Statement.Targets(label, labels));
            } else if (in.accept(".callprototype")) {
                body.add(prototype(label));
            } else {
                body.add(new Statement.Mark(label, t.line()));
            }
        } else {
            instruction();
        }
    }

    /** {@code .callprototype (results) _ (parameters)}, either list may be missing. */
    private Statement prototype(String label) {
        List<Variable> results = in.next("(")
                ? Declarations.parameterList(in).stream()
                        .map(Declarations.Declared::variable).toList()
                : List.of();
        in.expect("_");
        List<Variable> parameters = Declarations.parameterList(in).stream().map(Declarations.Declared::variable)
                .toList();
        while (in.accept(".noreturn") || in.accept(".abi_preserve") || in.accept(".abi_preserve_control")) {
            if (in.peek().kind() == Kind.NUMBER) {
                in.integer();
            }
        }
        in.expect(";");
        return new Statement.Prototype(label, results, parameters);
    }

    private void directive() {
        Token t = in.take();
        switch (t.text()) {
            case ".reg" -> declareRegisters();
            case ".local" -> declare(Space.LOCAL, false);
            case ".shared", ".shared::cta" -> declare(Space.SHARED, false);
            case ".global" -> throw new TokenStream.SyntaxError(t.line(), ".global variables belong at module scope");
            case ".param" -> declare(Space.PARAM, false);
            case ".extern" -> {
                in.expect(".shared");
                declare(Space.SHARED, true);
            }
            case ".pragma" -> in.skipStatement();
            default -> throw new TokenStream.SyntaxError(t.line(), "unknown directive '" + t.text() + "'");
        }
    }

    private void declare(Space space, boolean external) {
        for (Declarations.Declared d : new Declarations(in).read(space, external, false)) {
            if (d.initial() != null) {
                throw in.error("variable '" + d.variable().name() + "' can not be initialised in its space");
            }
            scope.names.put(d.variable().name(), d.variable());
        }
    }

    private void declareRegisters() {
        Token t = in.take();
        int elements = t.is(".v2") ? 2 : t.is(".v4") ? 4 : 1;
        t = elements > 1 ? in.take() : t;
        PtxType type = t.kind() == Kind.DOTTED ? PtxType.of(t.text().substring(1)) : null;
        if (type == null) {
            throw new TokenStream.SyntaxError(t.line(), "'" + t.text() + "' is no type of a register");
        }
        do {
            String name = in.name();
            if (elements > 1) {
                List<Operand> parts = new ArrayList<>();
                for (int i = 0; i < elements; i++) {
                    parts.add(register(name + "." + "xyzw".charAt(i), type));
                }
                scope.names.put(name, new Operand.Vector(List.copyOf(parts)));
            } else if (in.accept("<")) {
                scope.ranges.put(name, new Range(type, (int) in.integer()));
                in.expect(">");
            } else {
                scope.names.put(name, register(name, type));
            }
        } while (in.accept(","));
        in.expect(";");
    }

    private Operand.Register register(String name, PtxType type) {
        Operand.Register r = new Operand.Register(name, type, registers.size());
        registers.add(r);
        return r;
    }

    private Object find(String name) {
        int digits = name.length();
        while (digits > 0 && Character.isDigit(name.charAt(digits - 1))) {
            digits--;
        }
        for (Scope s = scope; s != null; s = s.outer) {
            Object found = s.names.get(name);
            if (found != null) {
                return found;
            }
            for (int d = digits; d < name.length() && name.length() - d < 10; d++) {
                Range range = s.ranges.get(name.substring(0, d));
                if (range != null && Integer.parseInt(name.substring(d)) < range.count
                        && (name.length() - d == 1 || name.charAt(d) != '0')) {
                    Operand.Register r = register(name, range.type);
                    s.names.put(name, r);
                    return r;
                }
            }
        }
        return globals.get(name);
    }

    private String label(String name) {
        for (Scope s = scope; s != null; s = s.outer) {
            if (s.labels.containsKey(name)) {
                return s.labels.get(name);
            }
        }
        return null;
    }

    private void instruction() {
        Token first = in.peek();
        Operand.Register guard = null;
        boolean negated = false;
        if (in.accept("@")) {
            negated = in.accept("!");
            String name = in.name();
            if (!(find(name) instanceof Operand.Register r) || r.type() != PtxType.PRED) {
                throw in.error("'" + name + "' is no predicate");
            }
            guard = r;
        }
        if (in.peek().kind() != Kind.NAME) {
            throw in.error("an instruction is missing before '" + in.peek().text() + "'");
        }
        String opcode = in.take().text();
        List<String> modifiers = new ArrayList<>();
        while (in.peek().kind() == Kind.DOTTED) {
            modifiers.add(in.take().text().substring(1));
        }
        List<Operand> operands = new ArrayList<>();
        boolean names = opcode.equals("bra") || opcode.equals("brx") || opcode.equals("call");
        while (!in.next(";")) {
            operands.add(operand(names));
            if (!in.accept(",")) {
                break;
            }
        }
        Token end = in.expect(";");
        String written = text.substring(first.start(), end.end()).replaceAll("\\s+", " ");
        body.add(new Instruction(first.line(), written, guard, negated, opcode, List.copyOf(modifiers),
                List.copyOf(operands)));
    }

    private Operand operand(boolean names) {
        Operand o = single(names);
        return in.accept("|") ? new Operand.Pair(o, single(names)) : o;
    }

    private List<Operand> until(String close, boolean names) {
        List<Operand> all = new ArrayList<>();
        while (!in.next(close)) {
            all.add(operand(names));
            if (!in.accept(",")) {
                break;
            }
        }
        in.expect(close);
        return List.copyOf(all);
    }

    private Operand single(boolean names) {
        Token t = in.peek();
        if (in.accept("{")) {
            return new Operand.Vector(until("}", names));
        }
        if (names && in.accept("(")) {
            return new Operand.Group(until(")", names));
        }
        if (in.accept("[")) {
            return address();
        }
        if (ConstantExpression.starts(in)) {
            ConstantExpression.Value v = ConstantExpression.read(in);
            return new Operand.Immediate(v.bits(), v.floating());
        }
        if (in.accept("!")) {
            return new Operand.Not(single(names));
        }
        if (in.accept("_")) {
            return new Operand.Sink();
        }
        if (t.kind() == Kind.NAME && !t.is("WARP_SZ")) {
            return named(names);
        }
        throw in.error("an operand is missing before '" + t.text() + "'");
    }

    private Operand named(boolean names) {
        Token t = in.take();
        String name = t.text();
        boolean part = in.peek().kind() == Kind.DOTTED && in.peek().start() == t.end();
        Object found = part && SPECIALS.contains(name) ? null : find(name); // a register may have the name of a special one
        if (part && found instanceof Operand.Register r) {
            return new Operand.Part(r, in.take().text().substring(1));
        }
        if (found instanceof Operand.Vector v) {
            return part ? element(v, in.take()) : v;
        }
        if (found instanceof Operand.Register r) {
            return r;
        }
        if (found instanceof Variable v) {
            long addend = in.next("+") || in.next("-") ? ConstantExpression.integer(in) : 0;
            return new Operand.Symbol(v, name, addend);
        }
        if (SPECIALS.contains(name) || name.startsWith("%envreg") || name.startsWith("%reserved_smem_offset_")
                || name.startsWith("%pm")) {
            return new Operand.Special(part ? name + in.take().text() : name);
        }
        String label = label(name);
        if (label != null) {
            return new Operand.Label(label);
        }
        if (names || !name.startsWith("%")) {
            return new Operand.Symbol(null, name, 0);
        }
        throw new TokenStream.SyntaxError(t.line(), "'" + name + "' is not declared");
    }

    /** An element of a vector of registers: {@code .x} or {@code .r} is the first. */
    private static Operand element(Operand.Vector v, Token part) {
        int i = "xyzwrgba".indexOf(part.text().substring(1));
        if (part.text().length() != 2 || i < 0 || i % 4 >= v.elements().size()) {
            throw new TokenStream.SyntaxError(part.line(), "'" + part.text() + "' is no element of a vector");
        }
        return v.elements().get(i % 4);
    }

    private Operand address() {
        Token t = in.peek();
        Operand base;
        if (t.kind() == Kind.NAME && !t.is("WARP_SZ")) {
            String name = in.take().text();
            base = switch (find(name)) {
                case Operand.Register r -> r;
                case Variable v -> new Operand.Symbol(v, name, 0);
                case null, default -> throw new TokenStream.SyntaxError(t.line(), "'" + name + "' is not declared");
            };
        } else {
            base = new Operand.Immediate(ConstantExpression.integer(in), false);
        }
        long offset = 0;
        while (in.next("+") || in.next("-")) {
            offset += ConstantExpression.integer(in);
        }
        if (in.accept(",")) { // a texture's or tensor's coordinates: no instruction known here takes them
            List<Operand> all = new ArrayList<>(List.of(new Operand.Address(base, offset)));
            all.addAll(until("]", false));
            return new Operand.Group(all);
        }
        in.expect("]");
        return new Operand.Address(base, offset);
    }
}
