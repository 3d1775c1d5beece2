package dev.culebra.cli;

/** A failure that is fully told by its message: what was given, what is accepted, what to do. */
public final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1;

    /**
     * From one line for people.
     *
     * @param message the line, without a stop at its end
     */
    public Failure(String message) { super(message); }

    /**
     * From one line for people, and what {@code --verbose} shows of it.
     *
     * @param message the line, without a stop at its end
     * @param cause why
     */
    public Failure(String message, Throwable cause) { super(message, cause); }
}
