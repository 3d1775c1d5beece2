package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;

/**
 * A driver call that failed: which call, what the driver said, and what can be done about it. The one exception type for
 * errors of the driver. Misuse that is seen before the driver is asked is an {@link IllegalArgumentException} or an
 * {@link IllegalStateException} instead.
 *
 * <p>
 * Work on a stream runs after the call that enqueued it has returned: a kernel's fault is reported by a later call, most
 * often by one that waits.
 */
public final class CudaException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** The driver function. */
    private final String call;
    /** The {@code CUresult}. */
    private final int code;
    /** The code's name. */
    private final String codeName;
    /** The driver's sentence. */
    private final String description;
    /** What the caller can do. */
    private final String advice;
    /** What is known of this failure in particular. */
    private final String diagnostic;

    CudaException(String call, int code, String codeName, String description, String advice, String diagnostic) {
        super(message(call, code, codeName, description, advice, diagnostic));
        this.call = call;
        this.code = code;
        this.codeName = codeName;
        this.description = description;
        this.advice = advice;
        this.diagnostic = diagnostic;
    }

    private static String message(String call, int code, String codeName, String description, String advice,
            String diagnostic) {
        StringBuilder text = new StringBuilder(call).append(": ").append(codeName).append(" (").append(code)
                .append("): ").append(description);
        if (!description.endsWith(".")) text.append('.');
        if (!advice.isEmpty()) text.append(' ').append(advice);
        if (!diagnostic.isEmpty()) text.append(System.lineSeparator()).append(diagnostic);
        return text.toString();
    }

    /**
     * The call that reported the error, such as {@code cuMemAlloc}.
     *
     * @return the driver's name of the function
     */
    public String call() { return call; }

    /**
     * The error as a number: a {@code CUresult}.
     *
     * @return the code, not 0
     */
    public int code() { return code; }

    /**
     * The error's name, such as {@code CUDA_ERROR_OUT_OF_MEMORY}.
     *
     * @return the driver's name of the code
     */
    public String codeName() { return codeName; }

    /**
     * The driver's own sentence for the code.
     *
     * @return what {@code cuGetErrorString} says
     */
    public String description() { return description; }

    /**
     * What led here and what the caller can do.
     *
     * @return sentences, or an empty string where there is nothing to add
     */
    public String advice() { return advice; }

    /**
     * What is known of this failure in particular: the JIT's error log, or what a driver that checks kernels found.
     *
     * @return text, possibly of several lines, or an empty string
     */
    public String diagnostic() { return diagnostic; }

    /**
     * Whether the error stays: a kernel faulted or the device failed, and every later call that uses the context fails
     * with the same code, those that close what belongs to it too. NVIDIA's driver does not give the process another
     * primary context of the device after that, even where this one is released: only a new process can go on. An emulated
     * device works again once its contexts are closed.
     *
     * @return true where the context is lost
     */
    public boolean isSticky() { return isSticky(code); }

    static boolean isSticky(int code) {
        return code == CudaApi.CUDA_ERROR_ILLEGAL_ADDRESS() || code == CudaApi.CUDA_ERROR_LAUNCH_TIMEOUT()
                || code == CudaApi.CUDA_ERROR_ASSERT() || code == CudaApi.CUDA_ERROR_HARDWARE_STACK_ERROR()
                || code == CudaApi.CUDA_ERROR_ILLEGAL_INSTRUCTION() || code == CudaApi.CUDA_ERROR_MISALIGNED_ADDRESS()
                || code == CudaApi.CUDA_ERROR_INVALID_ADDRESS_SPACE() || code == CudaApi.CUDA_ERROR_INVALID_PC()
                || code == CudaApi.CUDA_ERROR_LAUNCH_FAILED() || code == CudaApi.CUDA_ERROR_TENSOR_MEMORY_LEAK()
                || code == CudaApi.CUDA_ERROR_ECC_UNCORRECTABLE() || code == CudaApi.CUDA_ERROR_NVLINK_UNCORRECTABLE()
                || code == CudaApi.CUDA_ERROR_EXTERNAL_DEVICE() || code == CudaApi.CUDA_ERROR_CONTEXT_IS_DESTROYED();
    }
}
