package dev.culebra.emulator.exec;

/**
 * Extents or indices in three dimensions.
 *
 * @param x fastest
 * @param y middle
 * @param z slowest
 */
public record Dim(int x, int y, int z) {

    /**
     * How many.
     *
     * @return x * y * z
     */
    public long count() { return (long) x * y * z; }

    /**
     * The index that a linear number stands for.
     *
     * @param linear number, x fastest
     * @return its three parts within these extents
     */
    Dim at(long linear) { return new Dim((int) (linear % x), (int) (linear / x % y), (int) (linear / x / y)); }

    @Override
    public String toString() { return "(" + x + "," + y + "," + z + ")"; }
}
