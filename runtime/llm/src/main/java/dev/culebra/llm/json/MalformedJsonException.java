package dev.culebra.llm.json;

/** What is no JSON object. The message goes on where the text's name ends: {@code is not valid JSON at line 1, column 7: ...}. */
public final class MalformedJsonException extends Exception {
    private static final long serialVersionUID = 1;

    /**
     * Tells what is wrong.
     *
     * @param problem what was found and where, one line
     */
    MalformedJsonException(String problem) { super(problem); }
}
