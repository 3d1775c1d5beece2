package dev.culebra.cli;

/** What rounding 32-bit floats to F16 does to large ones. */
final class Halves {
    /** Half-way between F16's largest number, 65,504, and the next power of two: from here on rounding gives infinity. */
    private static final float BEYOND = 65_520;

    private Halves() {}

    static boolean overflows(float value) {
        float magnitude = Math.abs(value);
        return magnitude >= BEYOND && magnitude <= Float.MAX_VALUE;
    }

    /** Says so on standard error, if any did. */
    static void warn(Console console, long overflows, String what) {
        if (overflows > 0) {
            console.warn(Text.count(overflows) + " of the " + what
                    + " are finite in F32 but beyond F16's largest number, 65504, and became infinite");
        }
    }
}
