package dev.culebra.llm.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * GPT-2's alphabet of bytes: printable characters of Latin-1 stand for themselves, the other 68 bytes, in their order, for U+0100 and up.
 * A space is U+0120. So a vocabulary of bytes is a file of text.
 */
final class ByteLevel {
    private static final char[] CHARS = new char[256];
    /** By char, up to the alphabet's last: its byte, -1 for a char that is none of the alphabet. */
    private static final short[] BYTES;

    static {
        char next = 0x100;
        for (int b = 0; b < CHARS.length; b++) {
            boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            CHARS[b] = printable ? (char) b : next++;
        }
        BYTES = new short[next];
        Arrays.fill(BYTES, (short) -1);
        for (short b = 0; b < CHARS.length; b++) BYTES[CHARS[b]] = b;
    }

    private ByteLevel() {}

    static char of(int b) { return CHARS[b]; }

    /** What a token stands for: its chars' bytes; a token with any char of no byte is its own text (added tokens may be). */
    static byte[] bytes(String token) {
        var bytes = new byte[token.length()];
        for (int i = 0; i < bytes.length; i++) {
            char c = token.charAt(i);
            if (c >= BYTES.length || BYTES[c] < 0) return token.getBytes(StandardCharsets.UTF_8);
            bytes[i] = (byte) BYTES[c];
        }
        return bytes;
    }
}
