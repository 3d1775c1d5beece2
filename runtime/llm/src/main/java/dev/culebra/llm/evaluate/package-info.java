/** How well a model knows a text: the figure by which pruned models are compared. */
package dev.culebra.llm.evaluate;
