package dev.culebra.llm.opt;

import dev.culebra.sparse.SparseMatrix;
import dev.culebra.spmm.Spmm;
import dev.culebra.spmm.SpmmWeights;

import java.util.ArrayList;
import java.util.List;

/** Matrices on a device that are closed together, whatever comes of it. One thread's while it loads. */
final class DeviceWeights implements AutoCloseable {
    private final Spmm device;
    private final List<SpmmWeights> weights = new ArrayList<>();

    DeviceWeights(Spmm device) { this.device = device; }

    SpmmWeights load(SparseMatrix matrix) {
        var loaded = device.load(matrix);
        weights.add(loaded);
        return loaded;
    }

    /** Closes one of them before the others. */
    void close(SpmmWeights one) {
        weights.remove(one);
        one.close();
    }

    long encodedBytes() { return weights.stream().mapToLong(SpmmWeights::encodedBytes).sum(); }

    /** Closes them when something else has failed, which stays the reason. */
    void closeAfter(Throwable reason) {
        try {
            close();
        } catch (RuntimeException e) {
            reason.addSuppressed(e);
        }
    }

    @Override
    public void close() {
        RuntimeException first = null;
        for (var one : weights) {
            try {
                one.close();
            } catch (RuntimeException e) { // a device that has failed says so for each of them
                if (first == null) first = e;
                else first.addSuppressed(e);
            }
        }
        weights.clear();
        if (first != null) throw first;
    }
}
