package dev.culebra.llm.tokenizer;

/**
 * Bytes to text as they come. What is no UTF-8 becomes U+FFFD, one for each longest start of a character (Unicode's "maximal subpart", as
 * in Rust, in Python's {@code errors='replace'} and in browsers; Java's own decoder gives one for a whole encoded surrogate, where these give
 * three). A start of a character is held back until its end or the text's.
 */
final class Utf8Stream {
    private static final char REPLACEMENT = '\uFFFD';

    private int codePoint;
    /** Bytes that the character still lacks. */
    private int missing;
    /** The next byte's range: the first continuation is narrower after E0, ED, F0, F4 (no overlong forms, surrogates, past U+10FFFF). */
    private int lower;
    private int upper;

    Utf8Stream() { start(0, 0); }

    void push(byte[] bytes, StringBuilder out) { for (byte b : bytes) push(b & 0xFF, out); }

    private void push(int b, StringBuilder out) {
        if (missing > 0) {
            if (b >= lower && b <= upper) {
                codePoint = codePoint << 6 | b & 0x3F;
                lower = 0x80;
                upper = 0xBF;
                if (--missing == 0) out.appendCodePoint(codePoint);
                return;
            }
            missing = 0;
            out.append(REPLACEMENT); // and the byte begins something new
        }
        if (b < 0x80) {
            out.append((char) b);
        } else if (b >= 0xC2 && b <= 0xDF) {
            start(b & 0x1F, 1);
        } else if (b >= 0xE0 && b <= 0xEF) {
            start(b & 0x0F, 2);
            if (b == 0xE0) lower = 0xA0;
            if (b == 0xED) upper = 0x9F;
        } else if (b >= 0xF0 && b <= 0xF4) {
            start(b & 0x07, 3);
            if (b == 0xF0) lower = 0x90;
            if (b == 0xF4) upper = 0x8F;
        } else {
            out.append(REPLACEMENT);
        }
    }

    void finish(StringBuilder out) {
        if (missing > 0) out.append(REPLACEMENT);
        start(0, 0);
    }

    private void start(int bits, int continuations) {
        codePoint = bits;
        missing = continuations;
        lower = 0x80;
        upper = 0xBF;
    }
}
