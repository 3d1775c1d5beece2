package dev.culebra.llm.opt;

/** Each token less its mean, over its standard deviation, then scaled and shifted, if there is scale and shift. */
final class LayerNorm {
    /** PyTorch's default, which OPT has. */
    private static final double EPSILON = 1e-5;

    private final int width;
    private final float[] scale; // [width], or null
    private final float[] shift; // [width], null like the scale

    LayerNorm(int width, float[] scale, float[] shift) {
        this.width = width;
        this.scale = scale;
        this.shift = shift;
    }

    /** From x [n, width] to y [n, width], which may be the same array. */
    void apply(float[] x, int n, float[] y) {
        for (int row = 0, at = 0; row < n; row++, at += width) {
            double mean = sum(x, at, 0, false) / width;
            double variance = sum(x, at, mean, true) / width;
            float over = (float) (1 / Math.sqrt(variance + EPSILON));
            float middle = (float) mean;
            if (scale == null) {
                for (int i = at; i < at + width; i++) y[i] = (x[i] - middle) * over;
            } else {
                for (int i = 0; i < width; i++) y[at + i] = (x[at + i] - middle) * over * scale[i] + shift[i];
            }
        }
    }

    /** Of the differences from a middle, or their squares; in double, so that two passes lose nothing. */
    private double sum(float[] x, int at, double middle, boolean squares) {
        // four sums that do not wait for each other: an addition takes four cycles, and C2 may not reorder them itself
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = at;
        for (int end = at + width - 3; i < end; i += 4) {
            double u = x[i] - middle;
            double v = x[i + 1] - middle;
            double w = x[i + 2] - middle;
            double z = x[i + 3] - middle;
            a += squares ? u * u : u;
            b += squares ? v * v : v;
            c += squares ? w * w : w;
            d += squares ? z * z : z;
        }
        for (int end = at + width; i < end; i++) {
            double u = x[i] - middle;
            a += squares ? u * u : u;
        }
        return a + b + (c + d);
    }
}
