package dev.culebra.kernel;

/**
 * A compute capability, as in {@code sm_80}.
 *
 * @param major 8 of 8.0
 * @param minor 0 of 8.0
 */
public record ComputeTarget(int major, int minor) implements Comparable<ComputeTarget> {

    @Override
    public int compareTo(ComputeTarget other) {
        return major != other.major ? Integer.compare(major, other.major) : Integer.compare(minor, other.minor);
    }

    @Override
    public String toString() { return "sm_" + major + minor; }
}
