package dev.culebra.llm.tokenizer;

/**
 * A token as the configuration names it: by its text, or as an object that says how it is found.
 *
 * @param content its text
 * @param singleWord as {@link AddedToken} has it, as have the next three
 * @param lstrip takes white space before it
 * @param rstrip takes white space after it
 * @param normalized looked for in a second round
 */
record SpecialToken(String content, boolean singleWord, boolean lstrip, boolean rstrip, boolean normalized) {
    static SpecialToken parse(JsonPart part) throws TokenizerException {
        if (part.isText()) return new SpecialToken(content(part), false, false, false, false);
        if (!part.isObject()) throw part.refuse("must be a string or an object with content, not " + part.shown());
        return new SpecialToken(content(part.get("content")), part.get("single_word").flag(false),
                part.get("lstrip").flag(false), part.get("rstrip").flag(false), part.get("normalized").flag(false));
    }

    /** The text of a token that is to be found in texts: not none at all. */
    static String content(JsonPart part) throws TokenizerException {
        var content = Vocabulary.wellFormed(part, part.text());
        if (content.isEmpty()) throw part.refuse("a token needs a text, and this one's is empty");
        return content;
    }

    /** An object of a list of added tokens. Without "normalized" it is the contrary of "special". */
    static AddedToken parseAdded(JsonPart part, int id) throws TokenizerException {
        boolean special = part.get("special").flag(false);
        return new AddedToken(content(part.get("content")), id, part.get("single_word").flag(false),
                part.get("lstrip").flag(false), part.get("rstrip").flag(false),
                part.get("normalized").flag(!special), special);
    }

    AddedToken withId(int id) { return new AddedToken(content, id, singleWord, lstrip, rstrip, normalized, true); }
}
