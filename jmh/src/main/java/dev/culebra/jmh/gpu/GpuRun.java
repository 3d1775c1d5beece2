package dev.culebra.jmh.gpu;

import dev.culebra.driver.Context;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.jmh.gpu.ProductTimes.Label;
import dev.culebra.jmh.run.Recorder;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.CudaSpmm;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.UnaryOperator;

/** One run of the group: the memory, then shape by shape, each freed before the next. One thread. */
final class GpuRun {

    private static final int SEED_OF_X = 11;

    private final GpuPlan plan;
    private final CudaSpmm spmm;
    private final Batches batches;
    private final Recorder recorder;
    private final UnaryOperator<DeviceProduct> around;
    private final long l2Bytes;
    private final MemorySpeed memory;
    private final ProductTimes.LeftOut leftOut = new ProductTimes.LeftOut();
    private int done;

    GpuRun(GpuPlan plan, CudaSpmm spmm, Batches batches, Recorder recorder, UnaryOperator<DeviceProduct> around) {
        this.plan = plan;
        this.spmm = spmm;
        this.batches = batches;
        this.recorder = recorder;
        this.around = around;
        this.l2Bytes = plan.l2Bytes(spmm.context().device().l2CacheBytes());
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
        int m = layer.m();
        int k = layer.k();
        int ldx = k + 7 & ~7; // what kernels take: CudaWeights.minimumLdx
        int tokens = plan.mostTokens();
        Context context = spmm.context();
        try (Arena arena = Arena.ofShared();
                DeviceBuffer x = context.allocate(2L * tokens * ldx);
                DeviceBuffer y = context.allocate(4L * tokens * m)) {
            MemorySegment dense = arena.allocate(2L * m * k, 64);
            MemorySegment hostX = arena.allocate(2L * tokens * ldx, 64);
            RandomHalves.fill(hostX, tokens, k, ldx, 0, SEED_OF_X);
            x.upload(hostX);
            ProductTimes times = new ProductTimes(plan, layer, batches, memory, l2Bytes, x, ldx, y, recorder, leftOut);

            progress(layer + " dense");
            RandomHalves.fill(dense, m, k, k, 0, m * 31L + k);
            culebra(times, layer, dense, new Label("culebra", Format.DENSE.id(), null), Format.DENSE, hostX, ldx);
            for (double sparsity : plan.sparsities()) {
                progress(layer + " " + Math.round(sparsity * 100) + "%");
                RandomHalves.fill(dense, m, k, k, sparsity, m * 31L + k);
                culebra(times, layer, dense, new Label("culebra", Format.TILED_CSL.id(), sparsity), Format.TILED_CSL,
                        hostX, ldx);
            }
        }
    }

    private void culebra(ProductTimes times, GpuPlan.Layer layer, MemorySegment dense, Label label, Format format,
            MemorySegment hostX, int ldx) throws WrongResultException {
        SampledReference reference = new SampledReference(dense, layer.m(), layer.k(), hostX, ldx, plan.mostTokens());
        SparseMatrix matrix = SparseMatrix.encode(dense, DenseType.F16, layer.m(), layer.k(), ValueType.F16,
                EncodeOptions.DEFAULT.withFormat(format));
        int copies = Math.max(1, GpuPlan.copies(matrix.encodedBytes(), l2Bytes));
        try (CulebraWeights weights = new CulebraWeights(spmm, matrix, copies)) {
            for (int n : plan.tokens()) {
                try (DeviceProduct product = around.apply(weights.prepare(n, ldx))) {
                    times.measure(product, n, label, reference);
                }
            }
        }
    }

    private void tellWhatIsMissing() {
        if (leftOut.notWarm > 0) {
            recorder.skipped("warm L2", leftOut.notWarm + " of " + leftOut.products
                    + " products: weights, activations and result together exceed the cache's " + l2Bytes
                    + " bytes, so a second launch finds little of them there");
        }
        if (leftOut.notCold > 0) {
            recorder.skipped("cold L2", leftOut.notCold + " of " + leftOut.products + " products: more than "
                    + GpuPlan.MOST_COPIES + " copies would have to take turns to pass the cache's " + l2Bytes
                    + " bytes " + GpuPlan.L2_TIMES + " times");
        }
        if (!leftOut.hostBound.isEmpty()) {
            recorder.skipped("device time", "the host enqueued no faster than the device ran, so the host was timed: "
                    + String.join("; ", leftOut.hostBound));
        }
    }
}
