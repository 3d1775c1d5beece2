package dev.culebra.tests.opt;

import dev.culebra.llm.checkpoint.Activation;
import java.util.HashMap;
import java.util.Map;

/**
 * OPT in double precision, written down from the paper and from what Hugging Face's does, as plainly as it goes: whole sequences,
 * no cache, nothing shared with the code under test.
 */
final class ReferenceOpt {
    private final TinyModel model;
    /** Inputs of each product in the last run, by name: [T][K]. */
    final Map<String, double[][]> inputs = new HashMap<>();

    ReferenceOpt(TinyModel model) { this.model = model; }

    /** [T][vocabulary]. */
    double[][] logits(int... ids) {
        var c = model.config();
        var tokens = model.tensors().get("embed_tokens.weight");
        var positions = model.tensors().get("embed_positions.weight");
        var x = new double[ids.length][c.embedding()];
        for (int t = 0; t < ids.length; t++) {
            for (int i = 0; i < c.embedding(); i++) x[t][i] = tokens[ids[t] * c.embedding() + i];
        }
        if (c.embedding() != c.hidden()) x = linear("project_in", x, c.hidden());
        for (int t = 0; t < ids.length; t++) {
            for (int i = 0; i < c.hidden(); i++) x[t][i] += positions[(t + 2) * c.hidden() + i];
        }
        for (int layer = 0; layer < c.layers(); layer++) x = layer("layers." + layer + ".", x);
        if (c.finalNorm()) x = norm("final_layer_norm", x);
        if (c.embedding() != c.hidden()) x = linear("project_out", x, c.embedding());
        return linear(c.tied() ? "embed_tokens" : "lm_head", x, c.vocabulary());
    }

    private double[][] layer(String name, double[][] x) {
        var c = model.config();
        var in = c.normBefore() ? norm(name + "self_attn_layer_norm", x) : x;
        x = sum(x, attention(name + "self_attn.", in));
        if (!c.normBefore()) x = norm(name + "self_attn_layer_norm", x);
        in = c.normBefore() ? norm(name + "final_layer_norm", x) : x;
        var inner = linear(name + "fc1", in, c.ffn());
        for (var row : inner) {
            for (int i = 0; i < row.length; i++) {
                row[i] = c.activation() == Activation.RELU ? Math.max(0, row[i]) : row[i] * normalBelow(row[i]);
            }
        }
        x = sum(x, linear(name + "fc2", inner, c.hidden()));
        return c.normBefore() ? x : norm(name + "final_layer_norm", x);
    }

    private double[][] attention(String name, double[][] x) {
        var c = model.config();
        int d = c.hidden() / c.heads();
        var q = linear(name + "q_proj", x, c.hidden());
        var k = linear(name + "k_proj", x, c.hidden());
        var v = linear(name + "v_proj", x, c.hidden());
        var mixed = new double[x.length][c.hidden()];
        for (int head = 0; head < c.heads(); head++) {
            for (int t = 0; t < x.length; t++) {
                var p = new double[t + 1];
                double sum = 0;
                for (int u = 0; u <= t; u++) {
                    double dot = 0;
                    for (int i = head * d; i < head * d + d; i++) dot += q[t][i] * k[u][i];
                    sum += p[u] = Math.exp(dot / Math.sqrt(d)); // small models' scores do not overflow
                }
                for (int u = 0; u <= t; u++) {
                    for (int i = head * d; i < head * d + d; i++) mixed[t][i] += p[u] / sum * v[u][i];
                }
            }
        }
        return linear(name + "out_proj", mixed, c.hidden());
    }

    private double[][] linear(String name, double[][] x, int m) {
        inputs.put(name, x);
        var w = model.tensors().get(name + ".weight");
        var bias = model.tensors().get(name + ".bias");
        int k = x[0].length;
        var y = new double[x.length][m];
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < m; i++) {
                double sum = bias == null ? 0 : bias[i];
                for (int j = 0; j < k; j++) sum += (double) model.product(w[i * k + j]) * x[t][j];
                y[t][i] = sum;
            }
        }
        return y;
    }

    private double[][] norm(String name, double[][] x) {
        var weight = model.tensors().get(name + ".weight");
        var bias = model.tensors().get(name + ".bias");
        var y = new double[x.length][];
        for (int t = 0; t < x.length; t++) {
            int n = x[t].length;
            double mean = 0;
            for (double v : x[t]) mean += v / n;
            double variance = 0;
            for (double v : x[t]) variance += (v - mean) * (v - mean) / n;
            y[t] = new double[n];
            for (int i = 0; i < n; i++) {
                y[t][i] = (x[t][i] - mean) / Math.sqrt(variance + 1e-5);
                if (weight != null) y[t][i] = y[t][i] * weight[i] + bias[i];
            }
        }
        return y;
    }

    private static double[][] sum(double[][] x, double[][] y) {
        var z = new double[x.length][x[0].length];
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < z[t].length; i++) z[t][i] = x[t][i] + y[t][i];
        }
        return z;
    }

    /** Probability that a standard normal number is less: the series of Abramowitz and Stegun 26.2.10, then fraction 26.2.14. */
    private static double normalBelow(double x) {
        if (Math.abs(x) < 4) {
            double term = x;
            double sum = x;
            for (int n = 1; n < 100; n++) {
                term *= -x * x / (2 * n);
                sum += term / (2 * n + 1);
            }
            return 0.5 + sum / Math.sqrt(2 * Math.PI);
        }
        double a = Math.abs(x);
        double fraction = a;
        for (int n = 100; n > 0; n--) fraction = a + n / fraction;
        double tail = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI) / fraction;
        return x > 0 ? 1 - tail : tail;
    }
}
