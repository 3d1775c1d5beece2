package dev.culebra.llm.opt;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Activations of some tokens, [n, width] row-major fp32, in one array that is kept from pass to pass and grows. */
final class Rows {
    private final int width;
    private float[] values = new float[0];
    private MemorySegment view = MemorySegment.NULL; // kept: decoding asks for the same rows again and again

    Rows(int width) { this.width = width; }

    int width() { return width; }

    /** The array, at least [n, width]; what was in it is kept. */
    float[] atLeast(int n) {
        int length = Math.multiplyExact(n, width);
        if (values.length < length) {
            values = Arrays.copyOf(values, length);
            view = MemorySegment.NULL;
        }
        return values;
    }

    float[] values() { return values; }

    /** The first n rows. */
    MemorySegment view(int n) {
        long bytes = (long) n * width * Float.BYTES;
        if (view.byteSize() != bytes || view == MemorySegment.NULL) {
            view = MemorySegment.ofArray(atLeast(n)).asSlice(0, bytes);
        }
        return view;
    }
}
