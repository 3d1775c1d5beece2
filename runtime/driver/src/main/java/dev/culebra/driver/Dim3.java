package dev.culebra.driver;

/**
 * The extent of a grid, a block or a cluster.
 *
 * @param x along x, 1 or more
 * @param y along y, 1 or more
 * @param z along z, 1 or more
 */
public record Dim3(int x, int y, int z) {

    /**
     * Checks the extents.
     *
     * @throws IllegalArgumentException where one is less than 1
     */
    public Dim3 {
        if (x < 1 || y < 1 || z < 1) {
            throw new IllegalArgumentException("extents are 1 or more, got " + x + " x " + y + " x " + z);
        }
    }

    /**
     * A line.
     *
     * @param x its length
     * @return x, 1, 1
     */
    public static Dim3 of(int x) { return new Dim3(x, 1, 1); }

    /**
     * A rectangle.
     *
     * @param x along x
     * @param y along y
     * @return x, y, 1
     */
    public static Dim3 of(int x, int y) { return new Dim3(x, y, 1); }

    /**
     * A box.
     *
     * @param x along x
     * @param y along y
     * @param z along z
     * @return x, y, z
     */
    public static Dim3 of(int x, int y, int z) { return new Dim3(x, y, z); }

    /**
     * How many there are in all.
     *
     * @return x * y * z
     */
    public long count() { return (long) x * y * z; }

    @Override
    public String toString() { return x + " x " + y + " x " + z; }
}
