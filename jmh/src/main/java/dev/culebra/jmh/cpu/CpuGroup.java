package dev.culebra.jmh.cpu;

import dev.culebra.jmh.peer.OpenBlas;
import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.results.RowBuilder;
import dev.culebra.jmh.results.Samples;
import dev.culebra.jmh.run.Group;
import dev.culebra.jmh.run.Layers;
import dev.culebra.jmh.run.Recorder;
import dev.culebra.jmh.run.Settings;
import dev.culebra.sparse.Format;
import dev.culebra.spmm.CpuSpmm;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Products on the processor's cores: both formats beside OpenBLAS's dense fp32, and beside a plain read of the same bytes, by the
 * same number of threads, in turns. Cold weights rotate through copies that the last cache does not hold, as a model's layers
 * do; small layers are measured warm too. What a library's user gets ({@link CpuSpmm#fastestFormat()}) are the rows of the
 * dense format up to 92% of zeros.
 */
public final class CpuGroup implements Group {

    /** The first calls wait for the JIT compiler: 60 blocks of a look are 0.9 s. On a busy machine a first point took 2. */
    private static final int WARM_UP_BLOCKS = 60;

    private final CpuPlan fixed;
    // what a read of some size reaches, by state and size
    private final Map<String, Double> limits = new HashMap<>();

    /** Plans by the run's settings. */
    public CpuGroup() { this(null); }

    /**
     * With a plan of its own.
     *
     * @param plan what to measure, whatever the settings; null to go by them
     */
    public CpuGroup(CpuPlan plan) { this.fixed = plan; }

    @Override
    public String name() { return "cpu"; }

    @Override
    public String description() { return "products on the CPU beside OpenBLAS's dense fp32 and a plain read"; }

    @Override
    public Optional<String> skipReason() { return Optional.empty(); }

    @Override
    public void run(Settings settings, Recorder recorder) throws Exception {
        CpuPlan plan = fixed == null ? CpuPlan.of(settings) : fixed;
        int threads = Runtime.getRuntime().availableProcessors();
        OpenBlas blas = openBlas(threads, recorder);
        limits.clear();
        try (CpuSpmm cpu = CpuSpmm.open(threads);
                MemoryReader reader = new MemoryReader(threads)) {
            if (!cpu.vectors()) {
                recorder.skipped("vectorised products",
                        "this JVM or processor has no vectors for them, so plain loops were "
                                + "measured; start java with --add-modules jdk.incubator.vector");
            }
            warmUp(cpu, plan);
            int done = 0;
            int steps = plan.layers().size() * plan.tokens().size();
            for (String layer : plan.layers()) {
                int[] mk = Layers.shape(layer);
                boolean[] states = plan.warmToo(mk[0], mk[1]) ? new boolean[]{false, true} : new boolean[]{false};
                try (LayerWeights weights = LayerWeights.load(cpu, blas, plan, mk[0], mk[1])) {
                    for (boolean warm : states) {
                        read(plan, weights, reader, threads, warm, recorder);
                    }
                    for (int n : plan.tokens()) {
                        recorder.progress(done++, steps, layer + ", " + n + (n == 1 ? " token" : " tokens"));
                        float[] x = Layers.activations(n, mk[1]);
                        for (boolean warm : states) {
                            multiply(plan, weights, x, n, threads, warm, recorder);
                        }
                    }
                } catch (OutOfMemoryError e) {
                    recorder.skipped(layer, "its copies do not fit the memory that this JVM may take (" + e.getMessage()
                            + "); give it more by -Xmx and -XX:MaxDirectMemorySize");
                    done += plan.tokens().size();
                }
            }
            recorder.progress(steps, steps, "done");
        }
    }

    private static OpenBlas openBlas(int threads, Recorder recorder) {
        try {
            OpenBlas blas = OpenBlas.load();
            blas.setThreads(threads);
            return blas;
        } catch (OpenBlas.MissingException e) {
            recorder.skipped("OpenBLAS", e.getMessage());
            return null;
        }
    }

    /** A kernel is compiled once for all layers, for up to 8 tokens at a time. */
    private static void warmUp(CpuSpmm cpu, CpuPlan plan) {
        int side = 256;
        short[] dense = Layers.weights(side, side, .6);
        for (Format format : List.of(Format.TILED_CSL, Format.DENSE)) { // the others are dense tiles here
            try (CulebraContestant c = new CulebraContestant(cpu, format, null, dense, side, side, 0, null)) {
                for (int n : plan.tokens().stream().map(n -> Math.min(n, 8)).distinct().toList()) {
                    c.begin(Layers.activations(n, side), n, true);
                    long end = System.nanoTime() + WARM_UP_BLOCKS * plan.blockMillis() * 1_000_000L;
                    while (System.nanoTime() < end) {
                        c.run(0);
                    }
                }
            }
        }
    }

    private void read(CpuPlan plan, LayerWeights weights, MemoryReader reader, int threads, boolean warm,
            Recorder recorder)
            throws InterruptedException {
        List<ReadContestant> reads = new ArrayList<>();
        for (CulebraContestant c : weights.culebra()) {
            reads.add(new ReadContestant(reader, c.memory(), warm));
        }
        if (weights.openBlas() != null) reads.add(new ReadContestant(reader, weights.openBlas().memory(), warm));
        reads.removeIf(read -> limits.containsKey(key(read.bytes(), warm))); // layers of as many bytes have one row
        List<Samples> samples = new Turns(plan.rounds(), plan.blockMillis()).measure(reads);
        for (int i = 0; i < reads.size(); i++) {
            long bytes = reads.get(i).bytes();
            Row row = Row.of(name(), "read", "memory").kernel(MemoryReader.kernel()).l2(state(warm)).threads(threads)
                    .size(bytes).bytes(bytes).checked().build(samples.get(i));
            if (limits.put(key(bytes, warm), row.gbPerS()) == null) recorder.row(row);
        }
    }

    private void multiply(CpuPlan plan, LayerWeights weights, float[] x, int n, int threads, boolean warm,
            Recorder recorder)
            throws InterruptedException {
        List<Contestant> contestants = new ArrayList<>();
        for (CulebraContestant c : weights.culebra()) {
            c.reference().multiply(x, n);
            c.begin(x, n, warm);
            contestants.add(c);
        }
        OpenBlasContestant blas = weights.openBlas();
        if (blas != null) {
            blas.begin(x, n, warm);
            Thread.sleep(blas.pauseMillis());
            contestants.add(blas);
        }
        List<Samples> samples = new Turns(plan.rounds(), plan.blockMillis()).measure(contestants);
        Samples dense = blas == null ? null : samples.getLast();
        for (int i = 0; i < weights.culebra().size(); i++) {
            CulebraContestant c = weights.culebra().get(i);
            RowBuilder row = row("culebra", weights, n, warm, c.bytes(), c.memory())
                    .weights(c.format().id(), c.sparsity())
                    .kernel(c.kernel()).threads(threads).checked();
            if (dense != null) row.openblas(dense.medianUs());
            recorder.row(row.build(samples.get(i)));
        }
        if (blas != null) {
            recorder.row(row("openblas", weights, n, warm, blas.bytes(), blas.memory()).weights(Format.DENSE.id(), null)
                    .kernel(blas.kernel()).threads(blas.threads()).checked().build(dense));
        }
    }

    private RowBuilder row(String by, LayerWeights weights, int n, boolean warm, long bytes,
            List<MemorySegment> memory) {
        return Row.of(name(), "multiply", by).shape(weights.m(), weights.k(), n).l2(state(warm)).bytes(bytes)
                .limit(limits.get(key(memory.getFirst().byteSize(), warm)));
    }

    private static String state(boolean warm) { return warm ? "warm" : "cold"; }

    private static String key(long size, boolean warm) { return size + state(warm); }
}
