package dev.culebra.llm.opt;

import java.util.Arrays;

/**
 * Keys and values of one sequence, for every layer. Grows by doubling, up to the model's positions.
 *
 * <p>
 * Keys lie feature by feature, [hidden] arrays of [capacity], so that scores are sums over features of whole runs of positions;
 * values lie position by position, [capacity] arrays of [hidden], so that a result is a sum over positions of whole runs of
 * features. Neither needs a sum across an array, which C2 does not vectorise. Separate arrays, since it does not vectorise
 * either where two arrays are indexed at different offsets (before JDK 26): it can not know that they do not overlap.
 */
final class KvCache {
    /** Beneath it, doubling copies more often than it saves. */
    private static final int LEAST_CAPACITY = 64;

    private final int hidden;
    private final int positions;
    private final float[][][] keys; // [layers][hidden][capacity]
    private final float[][][] values; // [layers][capacity][hidden]
    private int capacity;
    private int length;

    KvCache(int layers, int hidden, int positions) {
        this.hidden = hidden;
        this.positions = positions;
        keys = new float[layers][hidden][0];
        values = new float[layers][0][];
    }

    /** Bytes for a sequence of some length, array headers left out. */
    static long bytes(int layers, int hidden, int length) {
        return 2L * layers * hidden * length * Float.BYTES;
    }

    /** How many positions every layer has. */
    int length() { return length; }

    void clear() { length = 0; }

    /** Makes room for more positions. */
    void reserve(int count) {
        int needed = length + count;
        if (needed <= capacity) return;
        int grown = Math.min(positions, Math.max(Math.max(needed, 2 * capacity), LEAST_CAPACITY));
        for (int layer = 0; layer < keys.length; layer++) {
            float[][] k = keys[layer];
            for (int i = 0; i < hidden; i++) k[i] = Arrays.copyOf(k[i], grown);
            float[][] v = Arrays.copyOf(values[layer], grown);
            for (int t = capacity; t < grown; t++) v[t] = new float[hidden];
            values[layer] = v;
        }
        capacity = grown;
    }

    /** Writes behind the present length what a layer made of the rows from..from + count of k and v, [n, hidden] each. */
    void append(int layer, float[] k, float[] v, int from, int count) {
        for (int i = 0; i < hidden; i++) {
            float[] feature = keys[layer][i];
            for (int t = 0; t < count; t++) feature[length + t] = k[(from + t) * hidden + i];
        }
        for (int t = 0; t < count; t++) {
            System.arraycopy(v, (from + t) * hidden, values[layer][length + t], 0, hidden);
        }
    }

    /** After every layer has appended its rows. */
    void advance(int count) { length += count; }

    /** [hidden][capacity]. */
    float[][] keys(int layer) { return keys[layer]; }

    /** [capacity][hidden]. */
    float[][] values(int layer) { return values[layer]; }
}
