/** Weights with zeros in them: pruning of a matrix and of a whole model, and synthetic weights that look as if they had been pruned. */
package dev.culebra.llm.prune;
