/**
 * How well a model knows a text: {@link dev.culebra.llm.evaluate.Perplexity}, the figure by which pruned models are compared.
 * {@link dev.culebra.llm.evaluate.Windows} cuts the text, here and for a pruning's calibration.
 */
package dev.culebra.llm.evaluate;
