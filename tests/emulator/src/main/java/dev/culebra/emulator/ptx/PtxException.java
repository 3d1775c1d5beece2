package dev.culebra.emulator.ptx;

import java.util.List;

/** A module that can not be loaded: what is wrong, line by line, as ptxas would say it. */
public final class PtxException extends Exception {

    private static final long serialVersionUID = 1;

    /** Which of the driver's refusals this is. */
    public enum Kind {
        /** The text is wrong or has an instruction that is not known: {@code CUDA_ERROR_INVALID_PTX} (218). */
        INVALID_PTX,
        /** {@code .version} is newer than what is understood: {@code CUDA_ERROR_UNSUPPORTED_PTX_VERSION} (222). */
        UNSUPPORTED_PTX_VERSION,
        /** {@code .target} is newer than the device: {@code CUDA_ERROR_NO_BINARY_FOR_GPU} (209). */
        NO_BINARY_FOR_GPU
    }

    /** Which refusal. */
    private final Kind kind;
    private final transient List<String> errors;

    /**
     * A refusal.
     *
     * @param kind which one
     * @param errors one sentence a fault, at least one
     */
    public PtxException(Kind kind, List<String> errors) {
        super(String.join("\n", errors));
        this.kind = kind;
        this.errors = List.copyOf(errors);
    }

    /**
     * Which refusal.
     *
     * @return the kind
     */
    public Kind kind() { return kind; }

    /**
     * The faults, in the order of the text.
     *
     * @return such as {@code "ptx line 12: unknown instruction 'foo.bar %r1'"}
     */
    public List<String> errors() { return errors; }
}
