package dev.culebra.llm.tokenizer;

/**
 * The classes that GPT-2's pattern knows, by Unicode's properties and not by {@code java.util.regex}'s ASCII ones: {@code \s} is White_Space
 * (U+0085 and U+00A0 too, U+001C to U+001F not), {@code \p{L}} and {@code \p{N}} are general categories. Their tables are the running JDK's:
 * a letter that its Unicode does not know yet counts as a sign ({@code tokenizers} 0.23 and JDK 25 both have Unicode 16, JDK 22 has 15.1).
 */
final class CharClass {
    static final byte SIGN = 0;
    static final byte LETTER = 1;
    static final byte NUMBER = 2;
    static final byte SPACE = 3;

    private static final byte[] ASCII = new byte[128];

    static {
        for (int c = 0; c < ASCII.length; c++) ASCII[c] = look(c);
    }

    private CharClass() {}

    static byte of(int codePoint) { return codePoint < ASCII.length ? ASCII[codePoint] : look(codePoint); }

    static boolean isSpace(int codePoint) { return of(codePoint) == SPACE; }

    /** Unicode's {@code \w}: Alphabetic, Mark, Decimal_Number, Connector_Punctuation, Join_Control. */
    static boolean isWord(int codePoint) {
        return Character.isAlphabetic(codePoint) || switch (Character.getType(codePoint)) {
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.COMBINING_SPACING_MARK,
                    Character.DECIMAL_DIGIT_NUMBER, Character.CONNECTOR_PUNCTUATION ->
                true;
            default -> codePoint == 0x200C || codePoint == 0x200D;
        };
    }

    private static byte look(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.UPPERCASE_LETTER, Character.LOWERCASE_LETTER, Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER, Character.OTHER_LETTER ->
                LETTER;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
            case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> SPACE;
            case Character.CONTROL -> codePoint >= '\t' && codePoint <= '\r' || codePoint == 0x85 ? SPACE : SIGN;
            default -> SIGN;
        };
    }
}
