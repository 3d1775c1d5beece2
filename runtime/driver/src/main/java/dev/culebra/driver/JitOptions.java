package dev.culebra.driver;

/**
 * How the driver compiles PTX. Immutable; {@link #DEFAULT} is what most code wants.
 */
public final class JitOptions {

    /** The driver's own choices. */
    public static final JitOptions DEFAULT = new JitOptions(0, 0, -1, false, false, false);

    private final int maxRegisters;
    private final int threadsPerBlock;
    private final int optimizationLevel;
    private final boolean lineInfo;
    private final boolean debugInfo;
    private final boolean verbose;

    private JitOptions(int maxRegisters, int threadsPerBlock, int optimizationLevel, boolean lineInfo,
            boolean debugInfo, boolean verbose) {
        this.maxRegisters = maxRegisters;
        this.threadsPerBlock = threadsPerBlock;
        this.optimizationLevel = optimizationLevel;
        this.lineInfo = lineInfo;
        this.debugInfo = debugInfo;
        this.verbose = verbose;
    }

    /**
     * Bounds the registers of a thread, so that more of them run at once.
     *
     * @param count 1 to 255; 0 for the compiler's choice
     * @return the changed options
     */
    public JitOptions withMaxRegisters(int count) {
        if (count < 0 || count > 255)
            throw new IllegalArgumentException("a thread has up to 255 registers, got " + count);
        return new JitOptions(count, threadsPerBlock, optimizationLevel, lineInfo, debugInfo, verbose);
    }

    /**
     * Promises that blocks have at least so many threads; the compiler bounds registers so that one fits.
     *
     * @param count 1 to 1024; 0 for no promise
     * @return the changed options
     */
    public JitOptions withThreadsPerBlock(int count) {
        if (count < 0 || count > 1024)
            throw new IllegalArgumentException("a block has up to 1024 threads, got " + count);
        return new JitOptions(maxRegisters, count, optimizationLevel, lineInfo, debugInfo, verbose);
    }

    /**
     * Chooses between code that runs fast and a compiler that does: 4, the default, is the best code, 0 the fastest
     * compilation.
     *
     * @param level 0 to 4
     * @return the changed options
     */
    public JitOptions withOptimizationLevel(int level) {
        if (level < 0 || level > 4) throw new IllegalArgumentException("levels are 0 to 4, got " + level);
        return new JitOptions(maxRegisters, threadsPerBlock, level, lineInfo, debugInfo, verbose);
    }

    /**
     * Keeps line numbers for profilers.
     *
     * @param keep whether to
     * @return the changed options
     */
    public JitOptions withLineInfo(boolean keep) {
        return new JitOptions(maxRegisters, threadsPerBlock, optimizationLevel, keep, debugInfo, verbose);
    }

    /**
     * Keeps what debuggers want. Makes slow code.
     *
     * @param keep whether to
     * @return the changed options
     */
    public JitOptions withDebugInfo(boolean keep) {
        return new JitOptions(maxRegisters, threadsPerBlock, optimizationLevel, lineInfo, keep, verbose);
    }

    /**
     * Lets the compiler write registers, memory and spills of each kernel into {@link CudaModule#infoLog()}.
     *
     * @param tell whether to
     * @return the changed options
     */
    public JitOptions withVerboseLog(boolean tell) {
        return new JitOptions(maxRegisters, threadsPerBlock, optimizationLevel, lineInfo, debugInfo, tell);
    }

    int maxRegisters() { return maxRegisters; }

    int threadsPerBlock() { return threadsPerBlock; }

    int optimizationLevel() { return optimizationLevel; }

    boolean lineInfo() { return lineInfo; }

    boolean debugInfo() { return debugInfo; }

    boolean verbose() { return verbose; }
}
