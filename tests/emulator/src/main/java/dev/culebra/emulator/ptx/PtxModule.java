package dev.culebra.emulator.ptx;

import java.util.List;

/** A module's text, parsed, checked and translated. Immutable. */
public final class PtxModule {

    private PtxModule() {
    }

    /**
     * Parses a module for a device.
     *
     * @param text PTX
     * @param ccMajor the device's compute capability, major
     * @param ccMinor the device's compute capability, minor
     * @return the module
     * @throws PtxException when the text is wrong, too new, or has an instruction that can not be run
     */
    public static PtxModule parse(String text, int ccMajor, int ccMinor) throws PtxException {
        throw new UnsupportedOperationException("not yet");
    }

    /**
     * The entries.
     *
     * @return in the order of the text
     */
    public List<PtxKernel> kernels() {
        return List.of();
    }

    /**
     * An entry.
     *
     * @param name its name
     * @return the entry, or null when there is none of that name
     */
    public PtxKernel kernel(String name) {
        return null;
    }

    /**
     * Variables of module scope in global and constant memory.
     *
     * @return in the order of the text
     */
    public List<PtxVariable> variables() {
        return List.of();
    }

    /**
     * The text's PTX version.
     *
     * @return 70 for {@code .version 7.0}
     */
    public int version() {
        return 0;
    }

    /**
     * The text's target.
     *
     * @return such as {@code "sm_80"}
     */
    public String target() {
        return "";
    }
}
