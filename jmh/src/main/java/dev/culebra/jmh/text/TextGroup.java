package dev.culebra.jmh.text;

import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.results.Samples;
import dev.culebra.jmh.run.Group;
import dev.culebra.jmh.run.JmhPlan;
import dev.culebra.jmh.run.JmhRun;
import dev.culebra.jmh.run.JmhRuns;
import dev.culebra.jmh.run.Recorder;
import dev.culebra.jmh.run.Settings;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.spmm.CpuSpmm;
import java.util.Optional;

/** {@code text}: the bundled model on the CPU, microseconds a token, and its tokenizer, microseconds a megabyte. */
public final class TextGroup implements Group {

    private static final String NAME = "text";

    /** Any layer of the bundled model: all have the same share of zeros. */
    private static final int M = 768;
    private static final int K = 192;

    /** Cheap. */
    public TextGroup() {}

    @Override
    public String name() { return NAME; }

    @Override
    public String description() {
        return "the bundled model on the CPU, time of a token; its tokenizer, time of a megabyte";
    }

    @Override
    public Optional<String> skipReason() { return Optional.empty(); }

    @Override
    public void run(Settings settings, Recorder recorder) {
        JmhRuns runs = new JmhRuns(settings, recorder);
        JmhPlan decode = JmhPlan.of(GenerateBenchmark.class, "decode");
        JmhPlan prefill = JmhPlan.of(GenerateBenchmark.class, "prefill");
        if (settings.quick()) {
            generate(runs, recorder, decode.param("sparsity", 0).param("format", "fastest"));
            generate(runs, recorder, decode.param("sparsity", 0.6).param("format", "smallest").param("batch", 1));
            generate(runs, recorder, prefill.param("sparsity", 0).param("format", "fastest").param("batch", 1));
        } else {
            for (JmhPlan plan : new JmhPlan[]{decode, prefill}) {
                generate(runs, recorder, plan.param("sparsity", 0).param("format", "fastest")); // the smallest is the same
                generate(runs, recorder, plan.param("sparsity", 0.6, 0.8));
            }
        }
        JmhPlan tokenize = JmhPlan.of(TokenizeBenchmark.class).allocation();
        runs.add(settings.quick() ? tokenize.param("text", "words") : tokenize, run -> recorder.row(tokenized(run)));
        runs.run();
    }

    private static void generate(JmhRuns runs, Recorder recorder, JmhPlan plan) {
        runs.add(plan, run -> recorder.row(generated(run)));
    }

    private static Row generated(JmhRun run) {
        int batch = Integer.parseInt(run.param("batch"));
        double sparsity = Double.parseDouble(run.param("sparsity"));
        // Time for each token that was counted; the spread is that of the whole passes.
        double usPerToken = run.secondary().get("tokens");
        return Row.of(NAME, run.method() + (batch == 1 ? "" : "-" + batch + "-sequences"), "culebra")
                .weights(format(run.param("format"), sparsity).id(), sparsity)
                .threads(Runtime.getRuntime().availableProcessors())
                .build(new Samples(usPerToken, run.samples().spread(), run.samples().count()));
    }

    private static Format format(String param, double sparsity) {
        try (CpuSpmm cpu = CpuSpmm.open()) {
            FormatChoice choice = param.equals("fastest") ? cpu.fastestFormat() : FormatChoice.FEWEST_BYTES;
            return choice.choose(M, K, Math.round((1 - sparsity) * M * K));
        }
    }

    private static Row tokenized(JmhRun run) {
        boolean encode = run.method().equals("encode");
        var row = Row.of(NAME, (encode ? "tokenize-" : "detokenize-") + run.param("text"), "culebra")
                .bytes(TokenizeBenchmark.BYTES).allocated(run.allocatedBytes().orElseThrow());
        return (encode ? row : row.checked()).build(run.samples());
    }
}
