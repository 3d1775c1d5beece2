package dev.culebra.llm.tokenizer;

import dev.culebra.llm.checkpoint.CheckpointException;

import java.nio.file.Path;

/** A tokenizer's file that is not what it claims to be, or that asks for what Culebra does not do. One line; it names file and place. */
public final class TokenizerException extends CheckpointException {
    private static final long serialVersionUID = 1;

    /**
     * Tells what is wrong with a file.
     *
     * @param file the file
     * @param problem what was found and where, one line
     */
    public TokenizerException(Path file, String problem) { super(file, problem); }

    /** Text of a file as a message may repeat it. */
    static String quoted(String text) { return quote(text); }
}
