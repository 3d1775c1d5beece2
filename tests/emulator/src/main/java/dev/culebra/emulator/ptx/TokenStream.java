package dev.culebra.emulator.ptx;

import dev.culebra.emulator.ptx.Lexer.Kind;
import dev.culebra.emulator.ptx.Lexer.Token;
import java.util.List;

/** Tokens read one by one, with the questions that both parsers ask. */
final class TokenStream {

    /** A fault at a place of the text; caught where parsing can go on. */
    static final class SyntaxError extends RuntimeException {
        private static final long serialVersionUID = 1;
        final int line;

        SyntaxError(int line, String what) {
            super(what, null, false, false);
            this.line = line;
        }
    }

    private final List<Token> tokens;
    int at;

    TokenStream(List<Token> tokens) { this.tokens = tokens; }

    Token peek() { return tokens.get(at); }

    Token peek(int ahead) { return tokens.get(Math.min(at + ahead, tokens.size() - 1)); }

    Token take() {
        Token t = tokens.get(at);
        if (t.kind() != Kind.END) {
            at++;
        }
        return t;
    }

    boolean next(String text) { return peek().is(text); }

    boolean accept(String text) {
        if (next(text)) {
            at++;
            return true;
        }
        return false;
    }

    Token expect(String text) {
        if (!next(text)) {
            throw error("'" + text + "' is missing before '" + peek().text() + "'");
        }
        return take();
    }

    String name() {
        if (peek().kind() != Kind.NAME) {
            throw error("a name is missing before '" + peek().text() + "'");
        }
        return take().text();
    }

    SyntaxError error(String what) { return new SyntaxError(peek().line(), what); }

    /** Skips to behind the next semicolon, or to the brace that closes the scope. */
    void skipStatement() {
        int depth = 0;
        while (peek().kind() != Kind.END) {
            if (next("}") && depth == 0) {
                return;
            }
            depth += next("{") ? 1 : next("}") ? -1 : 0;
            if (take().is(";") && depth <= 0) {
                return;
            }
        }
    }

    /** Skips a balanced pair of braces, of which the first comes next. */
    void skipBraces() {
        int depth = 0;
        do {
            depth += next("{") ? 1 : next("}") ? -1 : 0;
            if (take().kind() == Kind.END) {
                throw error("'}' is missing at the end");
            }
        } while (depth > 0);
    }

    /** An integer constant: a number with an optional sign, or one in parentheses. */
    long integer() {
        if (accept("-")) {
            return -integer();
        }
        if (accept("+")) {
            return integer();
        }
        if (accept("~")) {
            return ~integer();
        }
        if (accept("(")) {
            long v = integer();
            expect(")");
            return v;
        }
        Token t = take();
        if (t.is("WARP_SZ")) {
            return 32;
        }
        if (t.kind() == Kind.NUMBER && !isFloating(t.text())) {
            return parseInteger(t);
        }
        throw new SyntaxError(t.line(), "an integer is missing before '" + t.text() + "'");
    }

    static boolean isFloating(String number) {
        boolean hex = number.startsWith("0x") || number.startsWith("0X");
        boolean bits = number.length() > 1 && number.charAt(0) == '0' && "fFdD".indexOf(number.charAt(1)) >= 0;
        return bits || !hex && (number.indexOf('.') >= 0 || number.indexOf('e') >= 0 || number.indexOf('E') >= 0);
    }

    private static long parseInteger(Token t) {
        String s = t.text();
        while (s.endsWith("U") || s.endsWith("u")) {
            s = s.substring(0, s.length() - 1);
        }
        try {
            if (s.startsWith("0x") || s.startsWith("0X")) {
                return Long.parseUnsignedLong(s.substring(2), 16);
            }
            if (s.startsWith("0b") || s.startsWith("0B")) {
                return Long.parseUnsignedLong(s.substring(2), 2);
            }
            return Long.parseUnsignedLong(s, s.length() > 1 && s.charAt(0) == '0' ? 8 : 10);
        } catch (NumberFormatException e) {
            throw new SyntaxError(t.line(), "'" + t.text() + "' is no number");
        }
    }

    /** The value of a floating-point literal; {@code 0f} and {@code 0d} forms give their bits' value. */
    static double parseFloating(Token t) {
        String s = t.text();
        try {
            if (s.startsWith("0f") || s.startsWith("0F")) {
                return Float.intBitsToFloat(Integer.parseUnsignedInt(s.substring(2), 16));
            }
            if (s.startsWith("0d") || s.startsWith("0D")) {
                return Double.longBitsToDouble(Long.parseUnsignedLong(s.substring(2), 16));
            }
            return Double.parseDouble(s);
        } catch (NumberFormatException e) {
            throw new SyntaxError(t.line(), "'" + t.text() + "' is no number");
        }
    }
}
