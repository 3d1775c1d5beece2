package dev.culebra.jmh.cpu;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.Section;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.CpuSpmm;
import dev.culebra.spmm.SpmmWeights;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Culebra's product of a layer in one format, with as many copies of the weights as are to rotate. */
final class CulebraContestant implements Contestant, AutoCloseable {

    private final Format format;
    private final Double sparsity;
    private final Reference reference;
    private final int m;
    private final List<SpmmWeights> copies = new ArrayList<>();
    private final List<MemorySegment> memory = new ArrayList<>();
    private boolean warm;
    private MemorySegment x;
    private int n;
    private float[] y;

    /** Encodes dense fp16 weights [M, K], and keeps none of them. */
    CulebraContestant(CpuSpmm cpu, Format format, Double sparsity, short[] dense, int m, int k, long coldBytes,
            Reference reference) {
        this.format = format;
        this.sparsity = sparsity;
        this.reference = reference;
        this.m = m;
        do {
            SparseMatrix encoded = SparseMatrix.encode(MemorySegment.ofArray(dense), DenseType.F16, m, k, ValueType.F16,
                    EncodeOptions.DEFAULT.withFormat(format));
            copies.add(cpu.load(encoded));
            memory.add(encoded.sections().stream().map(Section::bytes)
                    .max(Comparator.comparingLong(MemorySegment::byteSize))
                    .orElseThrow());
        } while (copies.size() * bytes() < coldBytes);
    }

    Format format() { return format; }

    /** Share of zeros; null where it makes no difference. */
    Double sparsity() { return sparsity; }

    long bytes() { return copies.getFirst().encodedBytes(); }

    /** Of each copy, all but the offsets: where entries or values lie. */
    List<MemorySegment> memory() {
        return memory;
    }

    String kernel() { return copies.getFirst().kernel(n); }

    Reference reference() { return reference; }

    /** Takes activations [N, K], and whether one copy is used all the time. */
    void begin(float[] activations, int tokens, boolean oneCopy) {
        x = MemorySegment.ofArray(activations);
        n = tokens;
        y = new float[n * m];
        warm = oneCopy;
    }

    @Override
    public void run(int turn) {
        copies.get(warm ? 0 : turn % copies.size()).multiply(x, DenseType.F32, n, MemorySegment.ofArray(y));
    }

    @Override
    public void forget() { Arrays.fill(y, Float.NaN); }

    @Override
    public void check() { reference.check(toString(), (token, row) -> y[token * m + row]); }

    @Override
    public void close() { copies.forEach(SpmmWeights::close); }

    @Override
    public String toString() { return copies.getFirst() + ", " + kernel(); }
}
