package dev.culebra.llm.tokenizer;

import java.nio.file.Path;
import java.util.List;

/**
 * What both kinds of files say.
 *
 * @param file named by what is wrong with merges
 * @param vocabulary the model's tokens and the added ones
 * @param merges pairs of tokens, the first merged first
 * @param unknown the token for a byte that the vocabulary lacks; null: such a byte is left out
 * @param fuseUnknown whether neighbours of these become one
 * @param wholeFirst whether a piece that is a token as it stands is not merged at all ({@code ignore_merges})
 * @param prefixSpace whether a text that does not begin with a space gets one
 * @param pattern whether text is split by GPT-2's pattern
 * @param before ids before a text's own, such as BOS
 * @param after ids after them
 */
record TokenizerParts(Path file, Vocabulary vocabulary, List<Merge> merges, String unknown, boolean fuseUnknown,
        boolean wholeFirst, boolean prefixSpace, boolean pattern, int[] before, int[] after) {

    /**
     * Two tokens that become one.
     *
     * @param left the first
     * @param right the second
     */
    record Merge(String left, String right) {
        /** How lines begin that are no merge. */
        static final String COMMENT = "#version";

        /** One of a file's lines: two tokens with a space between. */
        static Merge parse(Path file, String where, String line) throws TokenizerException {
            int space = line.indexOf(' ');
            if (space <= 0 || space == line.length() - 1 || line.indexOf(' ', space + 1) >= 0) {
                throw new TokenizerException(file, where + ": a merge is two tokens with one space between, not "
                        + TokenizerException.quoted(line));
            }
            return new Merge(line.substring(0, space), line.substring(space + 1));
        }
    }
}
