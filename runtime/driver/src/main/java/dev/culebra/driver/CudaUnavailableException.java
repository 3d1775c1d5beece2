package dev.culebra.driver;

/** There is no driver to open on this machine; {@link Cuda#available()} tells so without an exception. */
public final class CudaUnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Why there is no driver. */
    private final String reason;

    CudaUnavailableException(String provider, String reason) {
        super("No CUDA driver '" + provider + "': " + reason);
        this.reason = reason;
    }

    /**
     * Why there is none: what was looked for, and what the system said.
     *
     * @return one sentence for people
     */
    public String reason() { return reason; }
}
