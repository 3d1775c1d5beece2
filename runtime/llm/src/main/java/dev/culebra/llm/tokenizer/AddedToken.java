package dev.culebra.llm.tokenizer;

/**
 * A token that is found in a text before the text is split, and kept whole.
 *
 * @param content its text
 * @param id its id
 * @param singleWord found only where no letter, digit, mark or underscore touches it
 * @param lstrip takes the white space before it along
 * @param rstrip takes the white space after it along
 * @param normalized looked for after those that are not, in the text that they left
 * @param special marks the structure of a text, as {@code </s>} does
 */
record AddedToken(String content, int id, boolean singleWord, boolean lstrip, boolean rstrip, boolean normalized,
        boolean special) {

    AddedToken asSpecial() { return new AddedToken(content, id, singleWord, lstrip, rstrip, normalized, true); }
}
