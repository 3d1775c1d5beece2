package dev.culebra.jmh.bundle;

/** A failure that is fully told by its message. */
final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1;

    Failure(String message) { super(message); }
}
