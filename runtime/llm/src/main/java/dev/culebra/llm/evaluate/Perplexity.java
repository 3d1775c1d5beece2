package dev.culebra.llm.evaluate;

import dev.culebra.llm.opt.OptModel;

import java.util.List;
import java.util.function.Function;

/**
 * How well a model knows a text. Perplexity e^nll says among how many tokens, all as likely as each other, the model chooses at each place on average: the
 * lower the better.
 *
 * @param perplexity e^nll; infinite where the model gives a token of the text no chance at all
 * @param nll the mean over windows of the mean negative natural logarithm of the probability of each of a window's tokens but the first, given
 *        those before it in the window
 * @param windows how many windows were measured
 */
public record Perplexity(double perplexity, double nll, int windows) {

    /**
     * Measures a model on a text, which {@link Windows#cut} cuts, with the first end-of-text token of the model's configuration.
     *
     * @param model the model, with a tokenizer
     * @param text the text
     * @param window tokens in a window: 2 up to the model's positions
     * @param listener hears of each window
     * @return the figure
     * @throws IllegalArgumentException where the model has no tokenizer or no end-of-text token, the window is too short or too long, or the
     *         text is too short for one window
     * @throws IllegalStateException where the model is closed, or gives NaN
     */
    public static Perplexity of(OptModel model, String text, int window, PerplexityListener listener) {
        var tokenizer = model.tokenizer().orElseThrow(() -> new IllegalArgumentException(
                "the model has no tokenizer for a text; put tokenizer.json beside it"));
        var config = model.config();
        if (config.eos().isEmpty()) {
            throw new IllegalArgumentException("the model's config has no eos_token_id to end each line with");
        }
        if (window < 2 || window > config.positions()) {
            throw new IllegalArgumentException("a window must have 2 to " + config.positions()
                    + " tokens, as many as the model has positions, not " + window);
        }
        var windows = Windows.cut(text, tokenizer, config.eos().getFirst(), window);
        if (windows.isEmpty()) {
            throw new IllegalArgumentException("the text is too short: it has less than one window of " + window
                    + " tokens");
        }
        try (var session = model.newSession()) {
            return of(windows, session::logLikelihoods, listener);
        }
    }

    /**
     * Measures anything that tells how likely a window's tokens are.
     *
     * @param windows ids, 2 or more in each
     * @param logLikelihoods for a window of T ids the T - 1 natural logarithms of the probability of the 2nd to the last one, each given those
     *        before it
     * @param listener hears of each window
     * @return the figure
     * @throws IllegalArgumentException where there are no windows, one has less than 2 ids, or other than T - 1 logarithms come for one
     */
    public static Perplexity of(List<int[]> windows, Function<int[], double[]> logLikelihoods,
            PerplexityListener listener) {
        if (windows.isEmpty()) throw new IllegalArgumentException("no windows: there is nothing to measure");
        double sum = 0;
        Perplexity measured = null;
        for (int i = 0; i < windows.size(); i++) {
            sum += negativeMean(windows.get(i), logLikelihoods);
            double nll = sum / (i + 1);
            measured = new Perplexity(Math.exp(nll), nll, i + 1);
            listener.measured(measured, windows.size());
        }
        return measured;
    }

    private static double negativeMean(int[] window, Function<int[], double[]> logLikelihoods) {
        if (window.length < 2) {
            throw new IllegalArgumentException("a window must have 2 tokens or more, not " + window.length);
        }
        var logs = logLikelihoods.apply(window);
        if (logs.length != window.length - 1) {
            throw new IllegalArgumentException("a window of " + window.length + " tokens has " + (window.length - 1)
                    + " log likelihoods, not " + logs.length);
        }
        double sum = 0;
        for (double log : logs) sum -= log;
        return sum / logs.length;
    }
}
