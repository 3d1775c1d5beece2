package dev.culebra.emulator.ptx;

import java.util.ArrayList;
import java.util.List;

/** PTX text to tokens. Comments vanish; {@code .file}, {@code .loc} and old debug lines, which end with their line, too. */
final class Lexer {

    /** What a token is. */
    enum Kind {
        /** A name: {@code add}, {@code %r1}, {@code $L__BB0_2}. */
        NAME,
        /** A dot and what follows it: {@code .u32}, {@code .L1::no_allocate}. */
        DOTTED,
        /** A number; its text is kept. */
        NUMBER,
        /** A quoted text, without its quotes. */
        STRING,
        /** One other character. */
        MARK,
        /** After the last one. */
        END
    }

    /**
     * A token.
     *
     * @param kind what it is
     * @param text its characters
     * @param line its line, from 1
     * @param start offset of its first character in the module's text
     * @param end offset behind its last character
     */
    record Token(Kind kind, String text, int line, int start, int end) {

        boolean is(String expected) { return text.equals(expected) && kind != Kind.STRING; }
    }

    private final String text;
    private int at;
    private int line = 1;

    private Lexer(String text) { this.text = text; }

    static List<Token> tokens(String text) throws PtxException {
        Lexer lexer = new Lexer(text);
        lexer.checkAscii();
        List<Token> tokens = new ArrayList<>(text.length() / 4);
        for (;;) {
            Token t = lexer.next();
            if (t.kind == Kind.DOTTED && (t.text.equals(".loc") || t.text.equals(".file"))) {
                lexer.skipLine();
                continue;
            }
            tokens.add(t);
            if (t.kind == Kind.END) {
                return tokens;
            }
        }
    }

    /** Even in comments and strings: so does ptxas. What nvcc writes of a file's name has such characters as octal numbers. */
    private void checkAscii() throws PtxException {
        int inLine = 1;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n') {
                inLine++;
            } else if (c > 0x7f) {
                throw new PtxException(PtxException.Kind.INVALID_PTX, List.of("ptx line " + inLine
                        + ": unexpected non-ASCII character (U+" + String.format("%04X", (int) c)
                        + "); PTX is ASCII, in comments and strings too"));
            }
        }
    }

    private void skipLine() {
        while (at < text.length() && text.charAt(at) != '\n') {
            at++;
        }
    }

    private void skipBlanks() throws PtxException {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\n') {
                line++;
                at++;
            } else if (c <= ' ') {
                at++;
            } else if (text.startsWith("//", at) || text.startsWith("@@", at)) {
                skipLine();
            } else if (text.startsWith("/*", at)) {
                int end = text.indexOf("*/", at + 2);
                if (end < 0) {
                    throw wrong("a comment that does not end");
                }
                for (; at < end + 2; at++) {
                    line += text.charAt(at) == '\n' ? 1 : 0;
                }
            } else {
                return;
            }
        }
    }

    private PtxException wrong(String what) {
        return new PtxException(PtxException.Kind.INVALID_PTX, List.of("ptx line " + line + ": " + what));
    }

    private Token next() throws PtxException {
        skipBlanks();
        int start = at;
        if (at >= text.length() || text.charAt(at) == 0) {
            return new Token(Kind.END, "", line, at, at);
        }
        char c = text.charAt(at);
        if (Character.isDigit(c)) {
            return number(start);
        }
        if (c == '"') {
            int end = at + 1;
            while (end < text.length() && text.charAt(end) != '"' && text.charAt(end) != '\n') {
                end++;
            }
            if (end >= text.length() || text.charAt(end) != '"') {
                throw wrong("a quoted text that does not end");
            }
            at = end + 1;
            return new Token(Kind.STRING, text.substring(start + 1, end), line, start, at);
        }
        if (c == '.' && at + 1 < text.length() && isPart(text.charAt(at + 1))) {
            at++;
            while (at < text.length()
                    && (isPart(text.charAt(at)) || text.startsWith("::", at)
                            || text.charAt(at) == ':' && text.charAt(at - 1) == ':')) {
                at++;
            }
            return new Token(Kind.DOTTED, text.substring(start, at), line, start, at);
        }
        if (isPart(c) || c == '%' && at + 1 < text.length() && isPart(text.charAt(at + 1))) {
            at++;
            while (at < text.length() && isPart(text.charAt(at))) {
                at++;
            }
            return new Token(Kind.NAME, text.substring(start, at), line, start, at);
        }
        at++;
        return new Token(Kind.MARK, text.substring(start, at), line, start, at);
    }

    private static boolean isPart(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$';
    }

    private Token number(int start) {
        boolean hex = text.startsWith("0x", at) || text.startsWith("0X", at);
        boolean bits = at + 1 < text.length() && text.charAt(at) == '0' && "fFdD".indexOf(text.charAt(at + 1)) >= 0;
        if (hex || bits) {
            at += 2;
        }
        boolean decimal = !hex && !bits;
        while (at < text.length()) {
            char c = text.charAt(at);
            boolean exponentSign = decimal && (c == '+' || c == '-') && "eE".indexOf(text.charAt(at - 1)) >= 0;
            if (!(isPart(c) || decimal && c == '.' || exponentSign)) {
                break;
            }
            at++;
        }
        return new Token(Kind.NUMBER, text.substring(start, at), line, start, at);
    }
}
