package dev.culebra.jmh.peer;

/** A library said no. The message is one sentence: the library's function, and the code's name and number. */
public final class PeerException extends RuntimeException {

    private static final long serialVersionUID = 1;

    PeerException(String message) { super(message); }
}
