package dev.culebra.llm.tokenizer;

import java.io.IOException;

/** A tokenizer's file that is not what it claims to be, or asks for what Culebra does not do. One line; it names the file and the place. */
public class TokenizerException extends IOException {
    private static final long serialVersionUID = 1;

    /**
     * Tells what is wrong with a file.
     *
     * @param file the file, as its reader knows it
     * @param problem what was found and where, one line
     */
    public TokenizerException(String file, String problem) { super(file + ": " + problem); }
}
