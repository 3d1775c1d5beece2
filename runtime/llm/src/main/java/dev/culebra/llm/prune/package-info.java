/**
 * Weights with zeros in them. {@link dev.culebra.llm.prune.ModelPruning} makes a checkpoint of another one; it goes through the layers
 * with {@link dev.culebra.llm.opt.LayerWalk}, so that each is pruned on what the pruned ones before it give.
 *
 * <p>
 * The methods, each also for a single matrix: {@link dev.culebra.llm.prune.MagnitudePruning} looks at the weights alone,
 * {@link dev.culebra.llm.prune.WandaPruning} at the norms of their inputs too, {@link dev.culebra.llm.prune.SparseGptPruning} at the inputs'
 * products with each other ({@link dev.culebra.llm.prune.Hessian}), and changes the weights that stay.
 * {@link dev.culebra.llm.prune.SyntheticWeights} look as if they had been pruned, for measurements.
 */
package dev.culebra.llm.prune;
