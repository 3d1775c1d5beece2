package dev.culebra.driver.spi;

/**
 * What a driver can tell of a failure beyond the sentence that {@code cuGetErrorString} has for its code. Implemented by a
 * {@link DriverProvider} that knows more, such as one that checks every access of a kernel.
 */
public interface Diagnostics {

    /**
     * What the latest failure was about. Asked on the thread that got the error code, right after the call.
     *
     * @return text for people, possibly of several lines; null where there is nothing to add
     */
    String lastDiagnostic();
}
