package dev.culebra.tests.opt;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.Epilogue;
import dev.culebra.spmm.Spmm;
import dev.culebra.spmm.SpmmWeights;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A device that keeps what the products of some height give, which with the height of the vocabulary are the logits of each pass;
 * and counts the products' tokens. Everything else another device does.
 */
final class HeadRecorder implements Spmm {
    private final Spmm device;
    private final int m;
    /** Row by row, in the order in which they came. */
    final List<float[]> rows = new ArrayList<>();
    /** N of each product of that height. */
    final List<Integer> calls = new ArrayList<>();

    HeadRecorder(Spmm device, int m) {
        this.device = device;
        this.m = m;
    }

    @Override
    public String device() { return device.device(); }

    @Override
    public String description() { return device.description(); }

    @Override
    public SpmmWeights load(SparseMatrix a) {
        var weights = device.load(a);
        return weights.m() == m ? new Recording(weights) : weights;
    }

    @Override
    public long freeBytes() { return device.freeBytes(); }

    @Override
    public void close() { device.close(); }

    private final class Recording implements SpmmWeights {
        private final SpmmWeights weights;

        Recording(SpmmWeights weights) { this.weights = weights; }

        @Override
        public int m() { return weights.m(); }

        @Override
        public int k() { return weights.k(); }

        @Override
        public ValueType valueType() { return weights.valueType(); }

        @Override
        public long encodedBytes() { return weights.encodedBytes(); }

        @Override
        public String kernel(int n) { return weights.kernel(n); }

        @Override
        public void multiply(MemorySegment x, DenseType xType, int n, MemorySegment y,
                Epilogue<MemorySegment> epilogue) {
            weights.multiply(x, xType, n, y, epilogue);
            calls.add(n);
            var all = y.toArray(ValueLayout.JAVA_FLOAT);
            for (int row = 0; row < n; row++) rows.add(Arrays.copyOfRange(all, row * m, (row + 1) * m));
        }

        @Override
        public void close() { weights.close(); }
    }
}
