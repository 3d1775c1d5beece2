package dev.culebra.kernel;

/**
 * A compute capability, as in {@code sm_80}.
 *
 * @param major 8 of 8.0
 * @param minor 0 of 8.0
 * @param specific whether code for it runs there alone, as that of {@code sm_90a}; else all later ones run it too
 */
public record ComputeTarget(int major, int minor, boolean specific) implements Comparable<ComputeTarget> {

    /**
     * A device's, or that of code that later devices run too.
     *
     * @param major 8 of 8.0
     * @param minor 0 of 8.0
     */
    public ComputeTarget(int major, int minor) { this(major, minor, false); }

    /**
     * Whether code for this runs on a device.
     *
     * @param device the device's compute capability
     * @return whether it does
     */
    public boolean runsOn(ComputeTarget device) {
        return specific ? major == device.major && minor == device.minor : compareTo(device) <= 0;
    }

    @Override
    public int compareTo(ComputeTarget other) {
        if (major != other.major) {
            return Integer.compare(major, other.major);
        }
        return minor != other.minor ? Integer.compare(minor, other.minor) : Boolean.compare(specific, other.specific);
    }

    @Override
    public String toString() { return "sm_" + major + minor + (specific ? "a" : ""); }
}
