package dev.culebra.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.culebra.llm.checkpoint.TensorInfo;
import dev.culebra.llm.prune.MagnitudePruning;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.Spmm;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;

/** {@code culebra demo}. */
@Command(name = "demo", mixinStandardHelpOptions = true, versionProvider = Version.class,
        header = "Run the whole path once, on a small model that comes along.", description = {
            "",
            "Takes the largest layer of the bundled model (2.5 million parameters, trained on the King James text), makes 60%% "
                    + "of its weights zero, encodes what is left, multiplies it by 8 tokens on the best device there is and on the "
                    + "emulated GPU, and compares both with a dense product in double precision. Fails if one is further off than "
                    + "32-bit sums explain. Then the whole model writes a text twice: as it was trained, and with 60%% of its layers' "
                    + "weights zero.",
            "",
            "Example:",
            "  culebra demo", ""})
final class DemoCommand implements Callable<Integer> {
    private static final double SPARSITY = 0.6;
    private static final int TOKENS = 8;
    /** Any number: the activations are normal draws, as after a layer norm. */
    private static final long SEED = 1611;

    private final Console console;

    @Option(names = "--json",
            description = "Print one line with one JSON object: device, kernel, layer, format, m, k, n, nonzeros, sparsity, "
                    + "dense_bytes, encoded_bytes, time_ms, max_error (absolute), max_relative_error (over the sum of magnitudes), "
                    + "tolerance (of the latter), and the same of the emulator under 'emulator'; under 'generation' device, prompt, "
                    + "method, sparsity, and under 'dense' and 'pruned' text, new_tokens, weight_bytes (read for each token), "
                    + "tokens_per_second (of the fastest of eight).")
    private boolean json;

    DemoCommand(Console console) { this.console = console; }

    /** One device's product. */
    private record Result(String device, String description, String kernel, double milliseconds,
            Reference.Comparison comparison) {
        void describe(ObjectNode node) {
            node.put("device", device).put("description", description).put("kernel", kernel)
                    .put("time_ms", milliseconds)
                    .put("max_error", comparison.error()).put("max_relative_error", comparison.relative())
                    .put("tolerance", comparison.tolerance());
        }
    }

    @Override
    public Integer call() throws IOException {
        try (var arena = Arena.ofShared(); var model = DemoModel.open()) {
            var layer = DemoModel.largestLayer(model);
            int m = layer.shape().get(0).intValue();
            int k = layer.shape().get(1).intValue();
            var pruned = arena.allocate(layer.bytes(), Long.BYTES).copyFrom(model.data(layer));
            MagnitudePruning.prune(pruned, DenseType.F16, SPARSITY);
            var matrix = SparseMatrix.encode(pruned, DenseType.F16, m, k, ValueType.F16, EncodeOptions.DEFAULT);
            var x = activations(arena, k);
            var reference = new Reference(pruned, x, m, k, TOKENS);
            var best = multiply("auto", matrix, x, arena, reference);
            var emulator = multiply("emulator", matrix, x, arena, reference);
            if (json) {
                printJson(layer, matrix, best, emulator, DemoText.run(SPARSITY, console));
            } else {
                print(layer, matrix, best, emulator);
                console.out().flush();
                var text = DemoText.run(SPARSITY, console);
                console.line("");
                text.print(console);
            }
            return verdict(best) && verdict(emulator) ? Culebra.OK : Culebra.FAILED;
        }
    }

    /** [N, K] */
    private static MemorySegment activations(Arena arena, int k) {
        var random = new SplittableRandom(SEED);
        var x = arena.allocate(2L * TOKENS * k, Long.BYTES);
        for (int i = 0; i < TOKENS * k; i++) {
            x.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16((float) random.nextGaussian()));
        }
        return x;
    }

    private Result multiply(String device, SparseMatrix matrix, MemorySegment x, Arena arena, Reference reference) {
        try (var spmm = Spmm.open(device); var weights = spmm.load(matrix)) {
            var y = arena.allocate(4L * TOKENS * matrix.m(), Long.BYTES);
            double milliseconds = console.during("multiplying on the " + spmm.device(),
                    () -> Product.milliseconds(weights, x, DenseType.F16, TOKENS, y));
            return new Result(spmm.device(), spmm.description(), weights.kernel(TOKENS), milliseconds,
                    reference.compare(y));
        }
    }

    private boolean verdict(Result result) {
        var c = result.comparison();
        if (!c.passes()) {
            console.fail(Text.format(
                    "the %s's product is wrong: error %.3g of the sum of magnitudes, %.3g is explained by rounding",
                    result.device(), c.relative(), c.tolerance()));
        }
        return c.passes();
    }

    private void printJson(TensorInfo layer, SparseMatrix a, Result best, Result emulator, DemoText text)
            throws IOException {
        var object = Console.object().put("layer", layer.name()).put("m", a.m()).put("k", a.k()).put("n", TOKENS)
                .put("format", a.format().id()).put("nonzeros", a.nonzeros()).put("sparsity", a.sparsity())
                .put("dense_bytes", layer.bytes()).put("encoded_bytes", a.encodedBytes());
        best.describe(object);
        emulator.describe(object.putObject("emulator"));
        text.describe(object.putObject("generation"));
        console.json(object);
    }

    private void print(TensorInfo layer, SparseMatrix a, Result best, Result emulator) {
        console.line("layer      %s [%d, %d] F16, the largest of the bundled model", layer.name(), a.m(), a.k());
        console.line("pruned     %s zero, by magnitude: %s of %s weights left", Text.percent(a.sparsity()),
                Text.count(a.nonzeros()),
                Text.count((long) a.m() * a.k()));
        console.line("encoded    %s as %s, dense %s", Text.bytes(a.encodedBytes()), a.format().id(),
                Text.bytes(layer.bytes()));
        console.line("product    [%d, %d] x [%d, %d], against a dense one in double precision:", a.m(), a.k(), a.k(),
                TOKENS);
        console.line("");
        console.line("  %-10s %-24s %12s %12s %12s %12s", "device", "kernel", "time", "max error", "relative",
                "allowed");
        for (var r : new Result[]{best, emulator}) {
            var c = r.comparison();
            console.line("  %-10s %-24s %12s %12.2e %12.2e %12.2e", r.device(), r.kernel(),
                    Text.milliseconds(r.milliseconds()), c.error(),
                    c.relative(), c.tolerance());
        }
        console.line("");
        console.line("%s: %s", best.device(), best.description());
    }
}
