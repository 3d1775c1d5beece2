package dev.culebra.jmh.gpu;

import dev.culebra.jmh.gpu.ProductTimes.Label;
import dev.culebra.jmh.peer.GpuPeers;
import dev.culebra.jmh.run.Recorder;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.CudaSpmm;
import java.util.function.UnaryOperator;
import java.util.List;
import java.util.stream.Collectors;

/** One run of the group: the memory, then shape by shape, each freed before the next. One thread. */
final class GpuRun {

    private static final List<Format> SPARSE = List.of(Format.TILED_CSL, Format.BITMAP, Format.PAIRS);

    private final GpuPlan plan;
    private final CudaSpmm spmm;
    private final Batches batches;
    private final Recorder recorder;
    private final UnaryOperator<DeviceProduct> around;
    private final Peers peers;
    private final long l2Bytes;
    private final MemorySpeed memory;
    private final ProductTimes.LeftOut leftOut = new ProductTimes.LeftOut();
    private int done;

    GpuRun(GpuPlan plan, CudaSpmm spmm, Batches batches, GpuPeers.Found found, Recorder recorder,
            UnaryOperator<DeviceProduct> around) {
        this.plan = plan;
        this.spmm = spmm;
        this.batches = batches;
        this.recorder = recorder;
        this.around = around;
        this.l2Bytes = plan.l2Bytes(spmm.context().device().l2CacheBytes());
        this.peers = new Peers(plan, found, batches.stream(), l2Bytes, recorder);
        this.memory = new MemorySpeed(plan, l2Bytes);
    }

    void run() throws WrongResultException {
        progress("memory");
        memory.measure(spmm.context(), batches, recorder);
        for (GpuPlan.Layer layer : plan.shapes()) {
            shape(layer);
        }
        tellWhatIsMissing();
    }

    /** Steps: the memory; of each shape the dense matrix, and each sparsity. */
    private void progress(String what) {
        recorder.progress(done++, 1 + plan.shapes().size() * (1 + plan.sparsities().length), what);
    }

    private void shape(GpuPlan.Layer layer) throws WrongResultException {
        try (Operands operands = new Operands(spmm.context(), layer, plan.mostTokens())) {
            ProductTimes times = new ProductTimes(plan, operands, batches, memory, l2Bytes, recorder, leftOut);
            progress(layer + " dense");
            operands.fill(0);
            SampledReference reference = operands.reference(operands.dense);
            peers.cublaslt(operands, reference, times); // first: the others are held against it
            culebra(operands, new Label("culebra", Format.DENSE.id(), null), Format.DENSE, reference, times);
            System.gc(); // encoded matrices lie outside the heap, in memory that only this gives back
            peers.cusparselt(operands, reference, times);
            for (double sparsity : plan.sparsities()) {
                progress(layer + " " + Math.round(sparsity * 100) + "%");
                operands.fill(sparsity);
                reference = operands.reference(operands.dense);
                for (Format format : SPARSE) {
                    culebra(operands, new Label("culebra", format.id(), sparsity), format, reference, times);
                    System.gc();
                }
                peers.cusparse(sparsity, operands, reference, times);
            }
        }
    }

    private void culebra(Operands operands, Label label, Format format, SampledReference reference, ProductTimes times)
            throws WrongResultException {
        SparseMatrix matrix = SparseMatrix.encode(operands.dense, DenseType.F16, operands.layer.m(),
                operands.layer.k(), ValueType.F16, EncodeOptions.DEFAULT.withFormat(format));
        int copies = Math.max(1, GpuPlan.copies(matrix.encodedBytes(), l2Bytes));
        try (CulebraWeights weights = new CulebraWeights(spmm, matrix, copies)) {
            for (int n : plan.tokens()) {
                try (DeviceProduct product = around.apply(weights.prepare(n, operands.ldx))) {
                    times.measure(product, n, label, reference);
                }
            }
        }
    }

    private void tellWhatIsMissing() {
        peers.tellWhatIsMissing();
        if (leftOut.notWarm > 0) {
            recorder.skipped("warm L2", leftOut.notWarm + " of " + leftOut.products
                    + " products: weights, activations and result together exceed half of the cache's " + l2Bytes
                    + " bytes, so a second launch may find little of them there");
        }
        if (leftOut.notCold > 0) {
            recorder.skipped("cold L2", leftOut.notCold + " of " + leftOut.products + " products: more than "
                    + GpuPlan.MOST_COPIES + " copies would have to take turns to pass the cache's " + l2Bytes
                    + " bytes " + GpuPlan.L2_TIMES + " times");
        }
        if (!leftOut.hostBound.isEmpty()) {
            recorder.skipped("device time", "the device may have waited for the host, so that this was timed too, in "
                    + leftOut.hostBound.size() + " rows, such as "
                    + leftOut.hostBound.stream().limit(5).collect(Collectors.joining("; ")));
        }
    }
}
