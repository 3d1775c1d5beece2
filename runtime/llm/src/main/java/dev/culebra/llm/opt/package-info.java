/**
 * OPT (Zhang and others, 2022), the decoder-only language model, over {@link dev.culebra.spmm.Spmm}: logits, text, and one layer
 * at a time for pruning.
 *
 * <p>
 * An {@link dev.culebra.llm.opt.OptModel} is immutable; what changes belongs to a {@link dev.culebra.llm.opt.Session}. Both prompts
 * and steps of decoding are <i>passes</i>: rows of one or more sequences, packed one after another in [rows, features] fp32, each of
 * which continues its sequence's cache. A prompt is a pass of many rows, a step one of a row for each sequence that still goes on, and a
 * prompt too long for one pass is several; layers know no other difference. Products run on the device, everything between them here,
 * in plain loops that the JIT compiler vectorises.
 */
package dev.culebra.llm.opt;
