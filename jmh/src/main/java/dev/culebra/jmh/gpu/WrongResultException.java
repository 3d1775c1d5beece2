package dev.culebra.jmh.gpu;

/** What was timed is not what it should be. Nothing of it is recorded. */
public final class WrongResultException extends Exception {

    private static final long serialVersionUID = 1;

    WrongResultException(String message) { super(message); }
}
