package dev.culebra.emulator.ptx;

import dev.culebra.emulator.ptx.Lexer.Kind;
import dev.culebra.emulator.ptx.Lexer.Token;
import java.util.List;

/**
 * Constant expressions of the text (PTX ISA 4.5.4 to 4.5.6): C's operators and precedence, on 64-bit integers that are signed or
 * unsigned, and on doubles.
 */
final class ConstantExpression {

    /** Operators from the weakest to the strongest; those of one line group from left to right. */
    private static final List<List<String>> LEVELS = List.of(List.of("||"), List.of("&&"), List.of("|"), List.of("^"),
            List.of("&"), List.of("==", "!="), List.of("<", ">", "<=", ">="), List.of("<<", ">>"), List.of("+", "-"),
            List.of("*", "/", "%"));
    private static final List<String> OF_TWO_CHARACTERS = List.of("||", "&&", "==", "!=", "<=", ">=", "<<", ">>");

    /**
     * What an expression comes to.
     *
     * @param bits an integer, or the bits of a double when {@code floating}
     * @param unsigned whether the integer is of type {@code .u64}
     * @param floating whether it is a floating-point number
     */
    record Value(long bits, boolean unsigned, boolean floating) {

        private static Value of(boolean v) { return new Value(v ? 1 : 0, false, false); }

        private static Value of(double v) { return new Value(Double.doubleToRawLongBits(v), false, true); }

        double number() { return Double.longBitsToDouble(bits); }
    }

    private final TokenStream in;

    private ConstantExpression(TokenStream in) { this.in = in; }

    /** Whether what comes next can only be a constant. */
    static boolean starts(TokenStream in) {
        Token t = in.next("!") ? in.peek(1) : in.peek();
        return t.kind() == Kind.NUMBER || t.is("WARP_SZ") || t.is("(") || t.is("-") || t.is("+") || t.is("~");
    }

    /** Reads an expression. */
    static Value read(TokenStream in) {
        ConstantExpression e = new ConstantExpression(in);
        String behind = in.peek(1).text();
        boolean alone = behind.length() == 1 && ",;}])".contains(behind); // most are, and tables of numbers are long
        return alone ? e.unary() : e.conditional();
    }

    /** Reads an expression that must be an integer. */
    static long integer(TokenStream in) {
        int line = in.peek().line();
        Value v = read(in);
        if (v.floating) {
            throw new TokenStream.SyntaxError(line, "a floating-point constant where an integer is wanted");
        }
        return v.bits;
    }

    private Value conditional() {
        Value v = binary(0);
        if (!in.next("?")) {
            return v;
        }
        integral(v);
        in.take();
        Value yes = conditional();
        in.expect(":");
        Value no = conditional();
        if (yes.floating != no.floating) {
            throw mixed();
        }
        Value chosen = v.bits != 0 ? yes : no;
        return new Value(chosen.bits, yes.unsigned || no.unsigned, chosen.floating);
    }

    private Value binary(int level) {
        if (level == LEVELS.size()) {
            return unary();
        }
        Value left = binary(level + 1);
        for (String op = operator(); LEVELS.get(level).contains(op); op = operator()) {
            for (int i = 0; i < op.length(); i++) {
                in.take();
            }
            left = apply(op, left, binary(level + 1));
        }
        return left;
    }

    /** The operator that comes next; what it is when it is none means nothing. */
    private String operator() {
        Token first = in.peek();
        Token second = in.peek(1);
        String both = first.text() + second.text();
        boolean two = first.kind() == Kind.MARK && second.kind() == Kind.MARK && first.end() == second.start()
                && OF_TWO_CHARACTERS.contains(both);
        return first.kind() != Kind.MARK ? "" : two ? both : first.text();
    }

    private Value unary() {
        if (in.accept("+")) {
            return unary();
        }
        if (in.accept("-")) {
            Value v = unary();
            return v.floating ? Value.of(-v.number()) : new Value(-v.bits, v.unsigned, false);
        }
        if (in.accept("!")) {
            return Value.of(integral(unary()).bits == 0);
        }
        if (in.accept("~")) {
            return new Value(~integral(unary()).bits, true, false);
        }
        if (in.accept("(")) {
            if (in.next(".s64") || in.next(".u64")) {
                boolean unsigned = in.take().is(".u64");
                in.expect(")");
                return new Value(integral(unary()).bits, unsigned, false);
            }
            Value v = conditional();
            in.expect(")");
            return v;
        }
        Token t = in.peek();
        if (t.kind() == Kind.NUMBER && TokenStream.isFloating(t.text())) {
            return Value.of(TokenStream.parseFloating(in.take()));
        }
        long bits = in.integer();
        return new Value(bits, bits < 0 || t.text().endsWith("U"), false);
    }

    private Value apply(String op, Value a, Value b) {
        if (a.floating != b.floating) {
            throw mixed();
        }
        return a.floating
                ? onDoubles(op, a.number(), b.number())
                : onIntegers(op, a.bits, b.bits, a.unsigned, a.unsigned || b.unsigned);
    }

    private Value onDoubles(String op, double a, double b) {
        return switch (op) {
            case "+" -> Value.of(a + b);
            case "-" -> Value.of(a - b);
            case "*" -> Value.of(a * b);
            case "/" -> Value.of(a / b);
            case "<" -> Value.of(a < b);
            case ">" -> Value.of(a > b);
            case "<=" -> Value.of(a <= b);
            case ">=" -> Value.of(a >= b);
            case "==" -> Value.of(a == b);
            case "!=" -> Value.of(a != b);
            default -> throw in.error("'" + op + "' is not for floating-point constants");
        };
    }

    private Value onIntegers(String op, long a, long b, boolean first, boolean any) {
        int order = any ? Long.compareUnsigned(a, b) : Long.compare(a, b);
        if (b == 0 && (op.equals("/") || op.equals("%"))) {
            throw in.error("a constant is divided by zero");
        }
        return switch (op) {
            case "+" -> new Value(a + b, any, false);
            case "-" -> new Value(a - b, any, false);
            case "*" -> new Value(a * b, any, false);
            case "/" -> new Value(any ? Long.divideUnsigned(a, b) : a / b, any, false);
            case "%" -> new Value(Long.remainderUnsigned(a, b), true, false);
            case "<<" -> // of a distance beyond 63 the ISA does not say what comes of it: ptxas takes it modulo 64, and so does Java
                new Value(a << b, first, false);
            case ">>" -> new Value(first ? a >>> b : a >> b, first, false);
            case "&" -> new Value(a & b, any, false);
            case "|" -> new Value(a | b, any, false);
            case "^" -> new Value(a ^ b, any, false);
            case "&&" -> Value.of(a != 0 && b != 0);
            case "||" -> Value.of(a != 0 || b != 0);
            case "==" -> Value.of(a == b);
            case "!=" -> Value.of(a != b);
            case "<" -> Value.of(order < 0);
            case ">" -> Value.of(order > 0);
            case "<=" -> Value.of(order <= 0);
            default -> Value.of(order >= 0);
        };
    }

    private Value integral(Value v) {
        if (v.floating) {
            throw in.error("a floating-point constant where an integer is wanted");
        }
        return v;
    }

    private TokenStream.SyntaxError mixed() {
        return in.error("a constant expression mixes integers and floating-point numbers");
    }
}
