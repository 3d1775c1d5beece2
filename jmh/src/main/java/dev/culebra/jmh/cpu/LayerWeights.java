package dev.culebra.jmh.cpu;

import dev.culebra.jmh.peer.OpenBlas;
import dev.culebra.jmh.run.Layers;
import dev.culebra.sparse.Format;
import dev.culebra.spmm.CpuSpmm;
import java.util.ArrayList;
import java.util.List;

/** All that is measured of one layer: the dense format, Tiled-CSL at each sparsity, and OpenBLAS where it is. */
record LayerWeights(int m, int k, List<CulebraContestant> culebra,
        OpenBlasContestant openBlas) implements AutoCloseable {

    /** The dense ones get the weights of the first sparsity: their values make no difference to them. */
    static LayerWeights load(CpuSpmm cpu, OpenBlas blas, CpuPlan plan, int m, int k) {
        List<CulebraContestant> loaded = new ArrayList<>();
        OpenBlasContestant openBlas = null;
        try {
            for (double sparsity : plan.sparsities()) {
                short[] dense = Layers.weights(m, k, sparsity);
                Reference reference = new Reference(dense, m, k);
                if (loaded.isEmpty()) {
                    loaded.add(
                            new CulebraContestant(cpu, Format.DENSE, null, dense, m, k, plan.coldBytes(), reference));
                    if (blas != null) openBlas = new OpenBlasContestant(blas, dense, m, k, plan.coldBytes(), reference);
                }
                loaded.add(new CulebraContestant(cpu, Format.TILED_CSL, sparsity, dense, m, k, plan.coldBytes(),
                        reference));
            }
            return new LayerWeights(m, k, loaded, openBlas);
        } catch (Throwable t) {
            new LayerWeights(m, k, loaded, openBlas).close();
            throw t;
        }
    }

    @Override
    public void close() {
        culebra.forEach(CulebraContestant::close);
        if (openBlas != null) openBlas.close();
    }
}
