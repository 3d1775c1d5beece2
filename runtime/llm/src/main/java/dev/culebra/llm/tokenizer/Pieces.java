package dev.culebra.llm.tokenizer;

/**
 * GPT-2's splitting of a text into pieces that no token crosses:
 * {@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}. Written out, because a run of a megabyte overflows
 * the stack of {@code java.util.regex} or takes it quadratic time. Every character belongs to a piece.
 */
final class Pieces {
    /** What takes a range of a text. */
    interface Sink {
        void range(int from, int to);
    }

    private Pieces() {}

    static void split(CharSequence text, int from, int to, Sink sink) {
        int i = from;
        while (i < to) {
            int end = end(text, i, to);
            sink.range(i, end);
            i = end;
        }
    }

    /** Where the piece that begins at {@code i} ends. */
    private static int end(CharSequence text, int i, int to) {
        char c = text.charAt(i);
        if (c == '\'') {
            int end = contraction(text, i, to);
            if (end > 0) return end;
        }
        // One space goes with the run after it, whatever that is of.
        int run = c == ' ' && i + 1 < to && !CharClass.isSpace(text.charAt(i + 1)) ? i + 1 : i;
        byte kind = CharClass.of(codePoint(text, run, to));
        int end = run;
        while (end < to) {
            int codePoint = codePoint(text, end, to);
            if (CharClass.of(codePoint) != kind) break;
            end += Character.charCount(codePoint);
        }
        // The last of several white spaces before a word is left to the word. (All are of one char.)
        return kind == CharClass.SPACE && end < to && end - i > 1 ? end - 1 : end;
    }

    private static int contraction(CharSequence text, int i, int to) {
        char first = i + 1 < to ? text.charAt(i + 1) : 0;
        char second = i + 2 < to ? text.charAt(i + 2) : 0;
        return switch (first) {
            case 's', 't', 'm', 'd' -> i + 2;
            case 'r', 'v' -> second == 'e' ? i + 3 : 0;
            case 'l' -> second == 'l' ? i + 3 : 0;
            default -> 0;
        };
    }

    private static int codePoint(CharSequence text, int i, int to) {
        char high = text.charAt(i);
        return Character.isHighSurrogate(high) && i + 1 < to && Character.isLowSurrogate(text.charAt(i + 1))
                ? Character.toCodePoint(high, text.charAt(i + 1))
                : high;
    }
}
