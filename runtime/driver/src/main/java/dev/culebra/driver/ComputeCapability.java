package dev.culebra.driver;

/**
 * A device's generation, such as 9.0 for Hopper: what PTX calls {@code sm_90}.
 *
 * @param major the generation
 * @param minor the variant within it
 */
public record ComputeCapability(int major, int minor) implements Comparable<ComputeCapability> {

    @Override
    public int compareTo(ComputeCapability other) {
        return major != other.major ? Integer.compare(major, other.major) : Integer.compare(minor, other.minor);
    }

    /**
     * Whether code for the other capability runs here: PTX for an older generation does on every later one.
     *
     * @param major the other's generation
     * @param minor the other's variant
     * @return true where this is the same or later
     */
    public boolean atLeast(int major, int minor) { return compareTo(new ComputeCapability(major, minor)) >= 0; }

    @Override
    public String toString() { return major + "." + minor; }
}
