package dev.culebra.jmh.gpu;

import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Stream;
import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.results.RowBuilder;
import dev.culebra.jmh.run.Recorder;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/** Times products of one shape with all numbers of tokens, checks what was timed, and makes rows of it. One thread. */
final class ProductTimes {

    /** A NaN as fp32, and two as fp16. */
    private static final int NOT_WRITTEN = 0x7fc07e01;

    private final GpuPlan plan;
    private final Operands operands;
    private final Batches batches;
    private final MemorySpeed memory;
    private final long l2Bytes;
    private final Recorder recorder;
    private final LeftOut leftOut;
    private final Map<String, Double> cublas = new HashMap<>(); // microseconds by tokens and state of the L2

    /** What a row says of a product beside its times. */
    record Label(String by, String format, Double sparsity) {

        @Override
        public String toString() {
            return by + " " + format + (sparsity == null ? "" : " " + Math.round(sparsity * 100) + "%");
        }
    }

    /** What was left out and why, in words that are the same for many products. */
    static final class LeftOut {
        int notWarm;
        int notCold;
        int products;
        final TreeSet<String> hostBound = new TreeSet<>();
    }

    ProductTimes(GpuPlan plan, Operands operands, Batches batches, MemorySpeed memory, long l2Bytes, Recorder recorder,
            LeftOut leftOut) {
        this.plan = plan;
        this.operands = operands;
        this.batches = batches;
        this.memory = memory;
        this.l2Bytes = l2Bytes;
        this.recorder = recorder;
        this.leftOut = leftOut;
    }

    /** Cold where the copies pass the L2 often enough, warm where one and all it works on surely stays there. */
    void measure(DeviceProduct product, int n, Label label, SampledReference reference) throws WrongResultException {
        leftOut.products++;
        int copies = GpuPlan.copies(product.bytes(), l2Bytes);
        if (copies > 0 && product.copies() >= copies) {
            measure(product, n, label, reference, "cold", product.copies());
        } else {
            leftOut.notCold++;
        }
        long result = (product.halfResult() ? 2L : 4L) * n * operands.layer.m();
        if (GpuPlan.staysInL2(product.bytes() + 2L * n * operands.ldx + result, l2Bytes)) {
            measure(product, n, label, reference, "warm", 1);
        } else {
            leftOut.notWarm++;
        }
    }

    private void measure(DeviceProduct product, int n, Label label, SampledReference reference, String l2, int ring)
            throws WrongResultException {
        Stream stream = batches.stream();
        GpuPlan.Layer layer = operands.layer;
        long resultBytes = (product.halfResult() ? 2L : 4L) * n * layer.m();
        // a fill takes whole words, an odd number of halves does not end with one
        DeviceBuffer result = operands.y.slice(0, resultBytes + 3 & ~3L);
        Batches.Timed timed = batches.time(plan.pace(), ring, () -> stream.fill32(result, NOT_WRITTEN),
                copy -> product.launch(stream, copy, operands.x, operands.y));
        String what = label + " " + layer + "x" + n + ", " + l2 + ", " + product.kernel();
        try (Arena arena = Arena.ofShared()) {
            MemorySegment host = arena.allocate(result.bytes(), 64);
            result.download(host);
            reference.check(host, product.halfResult(), n, what);
            // launches of a batch write the same over each other, so that one that writes nothing, or has a spoiled copy, may hide
            for (int copy = 0; copy < ring; copy++) {
                stream.fill32(result, NOT_WRITTEN);
                product.launch(stream, copy, operands.x, operands.y);
                stream.synchronize();
                result.download(host);
                reference.check(host, product.halfResult(), n, what + ", copy " + copy + " alone");
            }
        }
        if (timed.hostBound() && !plan.rehearsal()) {
            leftOut.hostBound.add(what);
        }
        double us = timed.samples().medianUs();
        if (label.by().equals("cublaslt")) {
            cublas.put(n + l2, us);
        }
        RowBuilder row = Row.of("gpu", "multiply", label.by()).driver(plan.driver()).shape(layer.m(), layer.k(), n)
                .weights(label.format(), label.sparsity()).kernel(product.kernel()).l2(l2).bytes(product.bytes())
                .checked();
        Double limit = l2.equals("cold") ? (Double) memory.limit() : memory.warmLimit(product.bytes());
        if (limit != null) {
            row.limit(limit);
        }
        Double dense = cublas.get(n + l2);
        if (dense != null) {
            row.cublas(dense);
        }
        recorder.row(row.build(timed.samples()));
    }
}
