package dev.culebra.llm.opt;

import dev.culebra.llm.checkpoint.ModelSource;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.spmm.Spmm;

import java.io.IOException;
import java.util.List;

/**
 * Walks through a model one decoder layer at a time, carrying the hidden states of some windows of text along, so that a layer
 * can be pruned on what the pruned layers before it give. Holds the hidden states, [tokens, hidden] fp32, and one layer's weights.
 *
 * {@snippet lang=java :
 * try (var walk = new LayerWalk(source, device, windows)) {
 *     for (; !walk.done(); walk.advance()) {
 *         walk.observe((linear, x, n) -> statistics(linear, x, n));
 *         walk.replace("fc1", pruned(walk.layer(), "fc1"));
 *     }
 * }
 * }
 *
 * One thread's.
 */
public final class LayerWalk implements AutoCloseable {
    /**
     * Embeds the windows and loads the first layer.
     *
     * @param source the model; the caller closes it afterwards
     * @param device where products run; the caller closes it afterwards
     * @param windows token ids; each window is a sequence of its own, from position 0
     * @throws IllegalArgumentException if there are no windows, or one is empty, longer than the model's positions, or has an id
     *         that is not in the vocabulary
     * @throws IOException if a part of the model is not sound, or can not be read
     */
    public LayerWalk(ModelSource source, Spmm device, List<int[]> windows) throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * The present layer.
     *
     * @return its number, from 0; the number of layers when {@link #done()}
     */
    public int layer() { throw new UnsupportedOperationException(); }

    /**
     * Whether all layers have been passed.
     *
     * @return true after the last one's {@link #advance()}
     */
    public boolean done() { throw new UnsupportedOperationException(); }

    /**
     * Runs the present layer on the present hidden states, which stay as they are.
     *
     * @param observer sees the inputs of its linear layers, some tokens at a time
     * @throws IllegalStateException if this is done or closed
     */
    public void observe(InputObserver observer) { throw new UnsupportedOperationException(); }

    /**
     * Gives the present layer other weights. Its biases stay.
     *
     * @param linear {@code self_attn.q_proj}, {@code self_attn.k_proj}, {@code self_attn.v_proj}, {@code self_attn.out_proj},
     *        {@code fc1} or {@code fc2}
     * @param weights of the same shape
     * @throws IllegalArgumentException if there is no such linear layer, or the shape is another
     * @throws IllegalStateException if this is done or closed
     */
    public void replace(String linear, SparseMatrix weights) { throw new UnsupportedOperationException(); }

    /**
     * Runs the present layer; its outputs become the hidden states. Then loads the next layer, if there is one.
     *
     * @throws IOException if a part of the model is not sound, or can not be read
     * @throws IllegalStateException if this is done or closed
     */
    public void advance() throws IOException { throw new UnsupportedOperationException(); }

    /** Frees the layer's weights. May be called twice. */
    @Override
    public void close() {}
}
