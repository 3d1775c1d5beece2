package dev.culebra.llm.opt;

/** log(exp(x[i]) / sum of exp(x)), in double. */
final class LogSoftmax {
    private LogSoftmax() {}

    static double of(float[] logits, int at, int n, int id) {
        float most = Float.NEGATIVE_INFINITY;
        for (int i = at; i < at + n; i++) most = Math.max(most, logits[i]);
        double sum = 0;
        for (int i = at; i < at + n; i++) sum += Math.exp((double) logits[i] - most);
        double result = (double) logits[at + id] - most - Math.log(sum);
        if (Double.isNaN(result)) {
            throw new IllegalStateException(
                    "the model gives NaN: numbers on the way overflow, or the weights are no model's");
        }
        return result;
    }
}
