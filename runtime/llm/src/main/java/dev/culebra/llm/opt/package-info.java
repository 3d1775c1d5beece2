/**
 * OPT (Zhang and others, 2022), the decoder-only language model, over {@link dev.culebra.spmm.Spmm}: logits, text, and one layer
 * at a time for pruning.
 */
package dev.culebra.llm.opt;
