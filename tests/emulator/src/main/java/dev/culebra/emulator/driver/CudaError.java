package dev.culebra.emulator.driver;

/** A driver call that fails: the code it returns and a sentence that says why. Never leaves the package's entry points. */
final class CudaError extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** The CUresult. */
    final int code;

    CudaError(int code, String diagnostic) {
        super(diagnostic, null, false, false);
        this.code = code;
    }
}
