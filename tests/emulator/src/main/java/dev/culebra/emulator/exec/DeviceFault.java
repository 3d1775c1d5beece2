package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.SourceLines;

/** A kernel that was stopped: what the driver reports, and what the emulator knows beyond that. */
public final class DeviceFault extends Exception {

    private static final long serialVersionUID = 1;

    /** {@code CUDA_ERROR_ILLEGAL_ADDRESS}. */
    public static final int ILLEGAL_ADDRESS = 700;
    /** {@code CUDA_ERROR_LAUNCH_TIMEOUT}. */
    public static final int LAUNCH_TIMEOUT = 702;
    /** {@code CUDA_ERROR_ASSERT}. */
    public static final int ASSERT = 710;
    /** {@code CUDA_ERROR_HARDWARE_STACK_ERROR}. */
    public static final int STACK_ERROR = 714;
    /** {@code CUDA_ERROR_ILLEGAL_INSTRUCTION}. */
    public static final int ILLEGAL_INSTRUCTION = 715;
    /** {@code CUDA_ERROR_MISALIGNED_ADDRESS}. */
    public static final int MISALIGNED_ADDRESS = 716;
    /** {@code CUDA_ERROR_INVALID_ADDRESS_SPACE}. */
    public static final int INVALID_ADDRESS_SPACE = 717;
    /** {@code CUDA_ERROR_INVALID_PC}. */
    public static final int INVALID_PC = 718;
    /** {@code CUDA_ERROR_LAUNCH_FAILED}. */
    public static final int LAUNCH_FAILED = 719;

    /** The driver's error code. */
    private final int cudaError;
    /** The entry's name. */
    private final String kernel;
    /** Line of the PTX text, or 0. */
    private final int line;
    private final transient Dim block;
    private final transient Dim thread;

    /**
     * A stopped kernel.
     *
     * @param cudaError the driver's error code
     * @param what what happened, as a sentence without its place
     * @param kernel the entry's name
     * @param line line of the PTX text, 0 when it is not one instruction's fault
     * @param block index of the block
     * @param thread index of the thread in its block, or null when it is not one thread's fault
     */
    public DeviceFault(int cudaError, String what, String kernel, int line, Dim block, Dim thread) {
        super(what + " in kernel " + kernel + (line > 0 ? ", ptx line " + line : "") + ", block " + block
                + (thread == null ? "" : ", thread " + thread));
        this.cudaError = cudaError;
        this.kernel = kernel;
        this.line = line;
        this.block = block;
        this.thread = thread;
    }

    private DeviceFault(DeviceFault fault, String message) {
        super(message, fault);
        this.cudaError = fault.cudaError;
        this.kernel = fault.kernel;
        this.line = fault.line;
        this.block = fault.block;
        this.thread = fault.thread;
    }

    /** The same, with the source of each line it names where the text tells it. */
    DeviceFault explained(SourceLines sources) {
        String message = sources.explain(getMessage());
        return message.equals(getMessage()) ? this : new DeviceFault(this, message);
    }

    /**
     * The driver's error code.
     *
     * @return such as 700, illegal address
     */
    public int cudaError() { return cudaError; }

    /**
     * All that is known, in one sentence.
     *
     * @return what, kernel, ptx line and, with nvcc's {@code -lineinfo}, the source's line, block and thread
     */
    public String diagnostic() { return getMessage(); }

    /**
     * The entry's name.
     *
     * @return the kernel
     */
    public String kernel() { return kernel; }

    /**
     * Where in the PTX text.
     *
     * @return the line, from 1; 0 when it is not one instruction's fault
     */
    public int line() { return line; }

    /**
     * Which block.
     *
     * @return its index
     */
    public Dim block() { return block; }

    /**
     * Which thread.
     *
     * @return its index in the block, or null when it is not one thread's fault
     */
    public Dim thread() { return thread; }
}
