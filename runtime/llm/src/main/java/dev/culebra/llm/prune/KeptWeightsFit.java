package dev.culebra.llm.prune;

import java.util.Arrays;

/**
 * Fits the weights that stay, all of a row's at once: conjugate gradients on {@code (w - w') H (w - w')^T} over the w' that
 * are zero where a weight was given up, preconditioned by H's diagonal. Each step costs a product with H. Immutable and
 * thread-safe.
 */
final class KeptWeightsFit {
    /** Rows of H that a product goes through at a time, for all its rows: 64 of a tile's width are 256 KB. */
    private static final int DEPTH = 64;

    /** Columns of a product made at a time. */
    private static final int COLUMNS = 512;

    /** A residual this much below the first one is rounding, in the square. */
    private static final double ENOUGH = 1e-24;

    private final double[][] hessian;
    private final int steps;

    KeptWeightsFit(double[][] hessian, int steps) {
        this.hessian = hessian;
        this.steps = steps;
    }

    /** Fits some rows of w in place; where they begin matters for speed alone. */
    void fit(Weights original, double[][] w, boolean[][] pruned, int from, int to) {
        int k = hessian.length;
        var rows = new Row[to - from];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = new Row(w[from + i], pruned[from + i]);
            var lost = original.row(from + i);
            for (int j = 0; j < k; j++) rows[i].direction[j] = lost[j] - w[from + i][j];
        }
        product(rows);
        for (var row : rows) row.begin();
        for (int step = 0; step < steps; step++) {
            product(rows);
            for (var row : rows) row.step();
        }
    }

    /** {@code image = direction H} for each row. */
    private void product(Row[] rows) {
        int k = hessian.length;
        var scales = new double[DEPTH];
        var terms = new double[DEPTH][];
        for (var row : rows) Arrays.fill(row.image, 0);
        for (int column = 0; column < k; column += COLUMNS) {
            int end = Math.min(k, column + COLUMNS);
            for (int first = 0; first < k; first += DEPTH) {
                int last = Math.min(k, first + DEPTH);
                for (var row : rows) {
                    int count = 0;
                    for (int j = first; j < last; j++) {
                        if (row.direction[j] == 0) continue;
                        scales[count] = row.direction[j];
                        terms[count++] = hessian[j];
                    }
                    ScaledRows.add(row.image, column, end, scales, terms, count);
                }
            }
        }
    }

    /** A row's state, with the names of the textbook's method: residual r, preconditioned z, direction p, image Hp. */
    private final class Row {
        private final double[] w;
        private final boolean[] pruned;
        private final double[] residual;
        private final double[] direction;
        private final double[] image;
        /** r z, 0 once there is nothing left to gain. */
        private double size;
        private double enough;

        Row(double[] w, boolean[] pruned) {
            this.w = w;
            this.pruned = pruned;
            residual = new double[w.length];
            direction = new double[w.length];
            image = new double[w.length];
        }

        /** The image is that of what the weights lost. */
        void begin() {
            for (int j = 0; j < w.length; j++) {
                residual[j] = pruned[j] ? 0 : image[j];
                direction[j] = residual[j] / hessian[j][j];
                size += residual[j] * direction[j];
            }
            enough = ENOUGH * size;
        }

        /** The image is that of the direction. */
        void step() {
            if (size <= enough) {
                Arrays.fill(direction, 0);
                return;
            }
            double curvature = 0;
            for (int j = 0; j < w.length; j++) curvature += direction[j] * image[j];
            double length = size / curvature;
            double next = 0;
            for (int j = 0; j < w.length; j++) {
                if (pruned[j]) continue;
                w[j] += length * direction[j];
                residual[j] -= length * image[j];
                next += residual[j] * residual[j] / hessian[j][j];
            }
            for (int j = 0; j < w.length; j++) {
                direction[j] = residual[j] / hessian[j][j] + next / size * direction[j];
            }
            size = next;
        }
    }
}
