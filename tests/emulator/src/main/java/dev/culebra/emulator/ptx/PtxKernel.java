package dev.culebra.emulator.ptx;

import java.util.List;

/** An entry of a module, ready to run. Immutable. */
public final class PtxKernel {

    private final String name;
    private final List<PtxParameter> parameters;

    PtxKernel(String name, List<PtxParameter> parameters) {
        this.name = name;
        this.parameters = parameters;
    }

    /**
     * The entry's name.
     *
     * @return as in the text
     */
    public String name() {
        return name;
    }

    /**
     * Its parameters.
     *
     * @return in order
     */
    public List<PtxParameter> parameters() {
        return parameters;
    }

    /**
     * Size of the argument block.
     *
     * @return bytes
     */
    public int parameterBytes() {
        return 0;
    }

    /**
     * Shared memory that the kernel's text declares.
     *
     * @return bytes
     */
    public int staticSharedBytes() {
        return 0;
    }

    /**
     * Whether it reads or writes memory whose size is given at launch.
     *
     * @return true when it names an {@code .extern .shared} variable
     */
    public boolean usesDynamicShared() {
        return false;
    }

    /**
     * Local memory of a thread.
     *
     * @return bytes, called functions included
     */
    public int localBytes() {
        return 0;
    }

    /**
     * Largest block.
     *
     * @return threads: the product of {@code .reqntid} or {@code .maxntid}, or 1024
     */
    public int maxThreads() {
        return 1024;
    }

    /**
     * The block's extents where the text fixes them.
     *
     * @return {@code .reqntid}'s three numbers, or null
     */
    public int[] requiredThreads() {
        return null;
    }

    /**
     * Registers a thread would need: the most 32-bit registers live at once, an estimate of what ptxas would assign.
     *
     * @return 32-bit registers
     */
    public int registersEstimate() {
        return 32;
    }

    /**
     * The cluster's extents where the text fixes them.
     *
     * @return {@code .reqnctapercluster}'s three numbers, or null
     */
    public int[] requiredCluster() {
        return null;
    }
}
