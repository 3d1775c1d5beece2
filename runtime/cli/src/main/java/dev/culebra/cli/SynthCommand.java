package dev.culebra.cli;

import dev.culebra.cli.Options.Shape;
import dev.culebra.llm.checkpoint.SafetensorsWriter;
import dev.culebra.llm.checkpoint.SafetensorsWriter.Declaration;
import dev.culebra.llm.checkpoint.TensorType;
import dev.culebra.llm.prune.SyntheticWeights;
import dev.culebra.sparse.ValueType;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code culebra synth}. */
@Command(name = "synth", mixinStandardHelpOptions = true, versionProvider = Version.class,
        header = "Make weights that look like a pruned layer's.", description = {
            "",
            "Writes one tensor 'weight' [M, K], of which floor(S * M * K) elements are zero. Values are normal with "
                    + "deviation 0.02 times a score of their row and one of their column (log-normal; --skew is the deviation "
                    + "of its logarithm), then the smallest become zero. So rows and columns differ in density and in scale. "
                    + "The same seed gives the same bytes on every machine.",
            "",
            "Example:",
            "  culebra synth w.safetensors --shape 28672,7168 --sparsity 0.7 --skew 0.2 --seed 1", ""})
final class SynthCommand implements Callable<Integer> {
    private static final String SKEW = "" + SyntheticWeights.DEFAULT_SKEW;

    private final Console console;

    @Parameters(paramLabel = "OUT.safetensors", description = "File to write; an existing one is replaced.")
    private Path output;

    @Option(names = "--shape", required = true, paramLabel = "M,K", converter = Options.ShapeConverter.class,
            description = "Rows (outputs) and columns (inputs), each 1 or more.")
    private Shape shape;

    @Option(names = "--sparsity", required = true, paramLabel = "S", converter = Options.SparsityConverter.class,
            description = "Part that is zero, 0 to 1.")
    private double sparsity;

    @Option(names = "--skew", arity = "0..1", paramLabel = "X", defaultValue = SKEW, fallbackValue = SKEW,
            converter = SkewConverter.class,
            description = "How much rows and columns differ, 0 (not at all: every place is as likely to be zero) to 1.3. "
                    + "Default: ${DEFAULT-VALUE}, as in a trained model.")
    private double skew;

    @Option(names = "--dtype", paramLabel = "f16|bf16", defaultValue = "f16",
            converter = Options.ValueTypeConverter.class,
            description = "Type of the elements. Default: ${DEFAULT-VALUE}.")
    private ValueType type;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", converter = Options.SeedConverter.class,
            description = "Any whole number. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(names = "--json",
            description = "Print one line with one JSON object: output, m, k, dtype, nonzeros, sparsity, skew, seed.")
    private boolean json;

    static final class SkewConverter implements ITypeConverter<Double> {
        @Override
        public Double convert(String text) {
            return Options.number(text, 0, SyntheticWeights.LARGEST_SKEW, "such as 0.2");
        }
    }

    SynthCommand(Console console) { this.console = console; }

    @Override
    public Integer call() throws Exception {
        Outputs.check(output);
        int m = shape.m();
        int k = shape.k();
        Outputs.checkRoom(output, outputBytes(m, k));
        var weights = console.during("finding the threshold",
                () -> new SyntheticWeights(m, k, sparsity, skew, type, seed));
        var declaration = Declaration.matrix("weight", TensorType.of(type.dense()), m, k);
        var metadata = Map.of("made_by", "culebra synth", "sparsity", "" + sparsity, "skew", "" + skew, "seed",
                "" + seed);
        try (var writer = SafetensorsWriter.create(output, metadata, declaration);
                var progress = console.progress("writing " + output.getFileName(), m)) {
            var tensor = writer.tensors().getFirst();
            Parallel.run(weights.blocks(), block -> weights.rows(block, (row, bits) -> {
                writer.write(tensor, row * bits.byteSize(), bits);
                progress.step(1);
            }));
            writer.commit();
        }
        report(m, k, weights.zeros());
        return Culebra.OK;
    }

    private long outputBytes(int m, int k) {
        try {
            return Math.multiplyExact((long) m * k, type.bits() / 8);
        } catch (ArithmeticException e) {
            throw new Failure("weights of [" + m + ", " + k + "] have more bytes than any file");
        }
    }

    private void report(int m, int k, long zeros) throws Exception {
        long size = (long) m * k;
        if (json) {
            console.json(
                    Console.object().put("output", output.toString()).put("m", m).put("k", k).put("dtype", type.name())
                            .put("nonzeros", size - zeros).put("sparsity", (double) zeros / size).put("skew", skew)
                            .put("seed", seed));
        } else {
            console.line("%s: weight [%d, %d] %s, %s zero (%s of %s left)", output, m, k, type,
                    Text.percent((double) zeros / size),
                    Text.count(size - zeros), Text.count(size));
        }
    }
}
