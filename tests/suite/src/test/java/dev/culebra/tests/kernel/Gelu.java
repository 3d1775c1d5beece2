package dev.culebra.tests.kernel;

/** The exact GELU in double precision, by a series of its own: x times the normal distribution's integral up to x. */
public final class Gelu {

    private Gelu() {}

    /**
     * x P(x), P the standard normal distribution. P(x) = 1/2 + density(x) (x + x^3 / 3 + x^5 / (3 5) + ...) (Marsaglia,
     * "Evaluating the Normal Distribution", 2004): all terms of one sign; beyond 9 it is 0 or 1 to 1e-18.
     *
     * @param x any finite number
     * @return the GELU, with an absolute error of about 1e-15 |x|
     */
    public static double exact(double x) {
        if (Math.abs(x) > 9) {
            return x > 0 ? x : 0;
        }
        double term = x;
        double sum = x;
        for (int i = 3; Math.abs(term) > 1e-20 * Math.abs(sum); i += 2) {
            term *= x * x / i;
            sum += term;
        }
        return x * (.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI));
    }
}
