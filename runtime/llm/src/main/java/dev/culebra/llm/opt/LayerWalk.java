package dev.culebra.llm.opt;

import dev.culebra.llm.checkpoint.ModelSource;
import dev.culebra.llm.checkpoint.OptConfig;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.spmm.Spmm;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

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
 * One thread's; an observer may not call it.
 */
public final class LayerWalk implements AutoCloseable {
    private final OptConfig config;
    private final ModelSource source;
    private final FormatChoice format; // the device's
    private final DeviceWeights weights;
    private final List<int[]> windows;
    private final float[][] hidden; // of each window, [T, hidden]
    private final Scratch scratch;
    private final List<KvCache> caches = new ArrayList<>(); // of one layer, for each window of a pass
    private DecoderLayer layer; // null when done or closed
    private int index;
    private boolean observed; // an observer is being called, on what a pass of the layer left so far

    /**
     * Embeds the windows and loads the first layer.
     *
     * @param source the model; the caller closes it afterwards
     * @param device where products run; the caller closes it afterwards
     * @param windows token ids; each window is a sequence of its own, from position 0
     * @throws IllegalArgumentException if there are no windows, or one is empty, longer than the model's positions, or has an id
     *         that is not in the vocabulary, or the heap does not hold the hidden states
     * @throws IOException if a part of the model is not sound, or can not be read
     */
    public LayerWalk(ModelSource source, Spmm device, List<int[]> windows) throws IOException {
        if (windows.isEmpty()) throw new IllegalArgumentException("no windows of text; give one or more");
        config = source.config();
        for (var ids : windows) Prompts.check(ids, config);
        MemoryCheck.walk(config, windows.stream().mapToLong(ids -> ids.length).sum(),
                windows.stream().mapToInt(ids -> ids.length).max().orElseThrow());
        this.source = source;
        this.windows = windows.stream().map(int[]::clone).toList();
        hidden = new float[windows.size()][];
        for (int i = 0; i < hidden.length; i++) hidden[i] = new float[windows.get(i).length * config.hidden()];
        scratch = new Scratch(config);
        format = device.fastestFormat();
        weights = new DeviceWeights(device);
        try {
            var embedding = loader().embedding();
            embed(embedding);
            if (embedding.projectIn() != null) weights.close(embedding.projectIn().weights());
            layer = loader().layer(0);
        } catch (Throwable e) {
            weights.closeAfter(e);
            throw e;
        }
    }

    /**
     * The present layer.
     *
     * @return its number, from 0; the number of layers when {@link #done()}
     */
    public int layer() { return index; }

    /**
     * Whether all layers have been passed.
     *
     * @return true after the last one's {@link #advance()}
     */
    public boolean done() { return index == config.layers(); }

    /**
     * Runs the present layer on the present hidden states, which stay as they are.
     *
     * @param observer sees the inputs of its linear layers, some tokens at a time
     * @throws IllegalStateException if this is done or closed, or an observer calls it
     */
    public void observe(InputObserver observer) {
        probe((linear, x, n) -> {
            observer.input(linear, x, n);
            return true;
        });
    }

    /**
     * Runs the present layer on the present hidden states, which stay as they are, as far as one linear layer's input.
     *
     * @param linear the linear layer, as in {@link #replace}
     * @param observer sees its inputs, some tokens at a time, and no other's
     * @throws IllegalArgumentException if there is no such linear layer
     * @throws IllegalStateException if this is done or closed, or an observer calls it
     */
    public void observe(String linear, InputObserver observer) {
        checkPresent();
        layer.linear(linear); // there is one
        probe((seen, x, n) -> {
            if (!seen.equals(linear)) return true;
            observer.input(seen, x, n);
            return false;
        });
    }

    private void probe(DecoderLayer.Probe probe) {
        checkPresent();
        observed = true;
        try {
            forEachPass((first, count) -> layer.apply(0, scratch, probe));
        } finally {
            observed = false;
        }
    }

    /**
     * Gives the present layer other weights. Its biases stay.
     *
     * @param linear {@code self_attn.q_proj}, {@code self_attn.k_proj}, {@code self_attn.v_proj}, {@code self_attn.out_proj},
     *        {@code fc1} or {@code fc2}
     * @param matrix of the same shape
     * @throws IllegalArgumentException if there is no such linear layer, or the shape is another
     * @throws IllegalStateException if this is done or closed, or an observer calls it
     */
    public void replace(String linear, SparseMatrix matrix) {
        checkPresent();
        var old = layer.linear(linear);
        var shape = old.weights();
        if (matrix.m() != shape.m() || matrix.k() != shape.k()) {
            throw new IllegalArgumentException(
                    linear + " is " + shape.m() + " x " + shape.k() + " and the new weights are "
                            + matrix.m() + " x " + matrix.k());
        }
        layer = layer.with(linear, new Linear(weights.load(matrix), old.bias()));
        weights.close(shape);
    }

    /**
     * Runs the present layer; its outputs become the hidden states. Then loads the next layer, if there is one.
     *
     * @throws IOException if a part of the model is not sound, or can not be read
     * @throws IllegalStateException if this is done or closed, or an observer calls it
     */
    public void advance() throws IOException {
        checkPresent();
        forEachPass((first, count) -> {
            layer.apply(0, scratch, null);
            keep(first, count);
        });
        layer = null;
        index++;
        weights.close();
        if (!done()) layer = loader().layer(index);
    }

    /**
     * Frees the layer's weights. May be called twice.
     *
     * @throws IllegalStateException if an observer calls it
     */
    @Override
    public void close() {
        checkNotObserved();
        layer = null;
        weights.close();
    }

    private ModelLoader loader() { return new ModelLoader(source, format, weights, LoadListener.NONE); }

    private void checkPresent() {
        checkNotObserved();
        if (layer != null) return;
        throw new IllegalStateException(done() ? "all layers have been walked through" : "this walk is closed");
    }

    private void checkNotObserved() {
        if (observed) throw new IllegalStateException("this walk is being observed; use it when that has returned");
    }

    private void embed(Embedding embedding) {
        int[][] ids = windows.toArray(int[][]::new);
        forEachPack((first, count) -> {
            int[] packed = IntStream.range(first, first + count).flatMap(w -> IntStream.of(ids[w])).toArray();
            embedding.apply(packed, scratch.pass, scratch);
            keep(first, count);
        });
    }

    /** Some windows that go through the layer together. */
    private interface Windows {
        void run(int first, int count);
    }

    /** Packs as many windows as a pass holds, or one that is longer; their hidden states are not there yet. */
    private void forEachPack(Windows body) {
        for (int first = 0, next = 0; first < windows.size(); first = next) {
            scratch.pass.clear();
            do {
                scratch.pass.add(cache(next - first), windows.get(next).length);
                next++;
            } while (next < windows.size() && scratch.pass.rows() + windows.get(next).length <= scratch.mostRows);
            body.run(first, next - first);
        }
    }

    private void forEachPass(Windows body) {
        forEachPack((first, count) -> {
            var x = scratch.hidden.atLeast(scratch.pass.rows());
            for (int i = 0; i < count; i++) {
                var from = hidden[first + i];
                System.arraycopy(from, 0, x, scratch.pass.firstRow(i) * config.hidden(), from.length);
            }
            body.run(first, count);
        });
    }

    /** Makes what a pass left the windows' hidden states. */
    private void keep(int first, int count) {
        for (int i = 0; i < count; i++) {
            int from = scratch.pass.firstRow(i) * config.hidden();
            System.arraycopy(scratch.hidden.values(), from, hidden[first + i], 0, hidden[first + i].length);
        }
    }

    private KvCache cache(int i) {
        if (i == caches.size()) caches.add(new KvCache(1, config.hidden(), config.positions()));
        return caches.get(i); // empty: a pass over one layer does not advance it
    }
}
