/** Weights with zeros in them: pruning by magnitude, and synthetic weights that look as if they had been pruned. */
package dev.culebra.llm.prune;
