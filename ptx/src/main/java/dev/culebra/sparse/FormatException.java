package dev.culebra.sparse;

import java.io.IOException;

/** Bytes that claim to be an encoded matrix and are none. The message says what is wrong, where, and what is accepted. */
public final class FormatException extends IOException {

    private static final long serialVersionUID = 1L;

    /**
     * An exception with its sentence.
     *
     * @param message what is wrong, where, and what is accepted
     */
    public FormatException(String message) { super(message); }
}
