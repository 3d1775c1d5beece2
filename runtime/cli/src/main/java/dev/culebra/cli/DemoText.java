package dev.culebra.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.culebra.llm.checkpoint.ModelSource;
import dev.culebra.llm.checkpoint.OptTensors;
import dev.culebra.llm.opt.GenerateListener;
import dev.culebra.llm.opt.Generation;
import dev.culebra.llm.opt.LoadListener;
import dev.culebra.llm.opt.OptModel;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.spmm.Spmm;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The part of the demo that can be read: the bundled model goes on with a text, as it was trained and pruned. */
final class DemoText {
    private static final String PROMPT = "And God said";
    /** A verse or two of this model; the text ends with the verse, if that comes first. */
    private static final int MOST_TOKENS = 48;
    /** How often: the first times are mostly the JVM's compiler's. */
    private static final int RUNS = 8;
    /** Columns of a line of text. */
    private static final int WIDTH = 76;
    private static final String END = "</s>";

    private final String device;
    private final double sparsity;
    private final Sample dense;
    private final Sample pruned;
    private final boolean fasterDense; // the pruned one, on this device

    /**
     * What one form of the model writes.
     *
     * @param generation the fastest of several, which are alike but for the time
     * @param bytes of the matrices, which are read for each token
     */
    private record Sample(Generation generation, long bytes) {
        static Sample of(List<Generation> runs, OptModel model) {
            return new Sample(runs.stream().max(Comparator.comparingDouble(Generation::tokensPerSecond)).orElseThrow(),
                    model.encodedBytes());
        }

        String text() { return generation.text().replace(END, ""); }

        void describe(ObjectNode node) {
            node.put("text", text()).put("new_tokens", generation.newTokens()).put("weight_bytes", bytes)
                    .put("tokens_per_second", generation.tokensPerSecond());
        }
    }

    private DemoText(String device, double sparsity, Sample dense, Sample pruned, boolean fasterDense) {
        this.device = device;
        this.sparsity = sparsity;
        this.dense = dense;
        this.pruned = pruned;
        this.fasterDense = fasterDense;
    }

    /** Generates, on the best device there is. */
    static DemoText run(double sparsity, Console console) throws IOException {
        var tokenizer = Optional.of(DemoModel.tokenizer());
        try (var spmm = Spmm.open();
                var whole = DemoModel.checkpoint(0);
                var less = DemoModel.checkpoint(sparsity);
                // Bytes are what is shown, even where another format is faster.
                var dense = OptModel.load(whole, tokenizer, spmm, FormatChoice.FEWEST_BYTES, LoadListener.NONE);
                var pruned = OptModel.load(less, tokenizer, spmm, FormatChoice.FEWEST_BYTES, LoadListener.NONE)) {
            boolean fasterDense = fasterDense(spmm, less, sparsity);
            return console.during("generating", () -> {
                // In turns: what the JVM's compiler and others on this machine take hits both alike.
                var denseRuns = new ArrayList<Generation>();
                var prunedRuns = new ArrayList<Generation>();
                for (int i = 0; i < RUNS; i++) {
                    denseRuns.add(generate(dense));
                    prunedRuns.add(generate(pruned));
                }
                return new DemoText(spmm.device(), sparsity, Sample.of(denseRuns, dense),
                        Sample.of(prunedRuns, pruned), fasterDense);
            });
        }
    }

    /** Whether the device would have all layers dense at this sparsity. */
    private static boolean fasterDense(Spmm device, ModelSource source, double sparsity) {
        return OptTensors.of(source.config()).linears().stream().filter(l -> l.pruned())
                .allMatch(l -> device.fastestFormat().choose(l.m(), l.k(),
                        Math.round((1 - sparsity) * l.m() * l.k())) == Format.DENSE);
    }

    private static Generation generate(OptModel model) {
        try (var session = model.newSession()) {
            return session.generate(PROMPT, model.defaultOptions().withMaxNewTokens(MOST_TOKENS),
                    GenerateListener.NONE);
        }
    }

    void describe(ObjectNode node) {
        node.put("device", device).put("prompt", PROMPT).put("method", "magnitude").put("sparsity", sparsity);
        dense.describe(node.putObject("dense"));
        pruned.describe(node.putObject("pruned"));
    }

    void print(Console console) {
        console.line("text       the whole model goes on with \"%s\", on the %s:", PROMPT, device);
        print("as it was trained", dense, console);
        print(Text.percent(sparsity) + " of its layers' weights zero", pruned, console);
        if (fasterDense) {
            console.line("");
            console.line(
                    "Pruning saves bytes, and unpacking takes time. On this device dense is faster at %s zeros, and",
                    Text.percent(sparsity));
            console.line("the other commands load such a checkpoint dense; here it is compressed, to show the bytes.");
        }
    }

    private static void print(String name, Sample sample, Console console) {
        console.line("");
        console.line("  %s: reads %s a token, %s tokens a second", name, Text.bytes(sample.bytes()),
                Text.count(Math.round(sample.generation().tokensPerSecond())));
        wrap(sample.text(), WIDTH - 4).forEach(line -> console.line("    %s", line));
    }

    /** Lines that break between words. */
    private static List<String> wrap(String text, int width) {
        var lines = new ArrayList<String>();
        var line = new StringBuilder();
        for (var word : text.strip().split("\\s+")) {
            if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
                lines.add(line.toString());
                line.setLength(0);
            }
            if (!line.isEmpty()) line.append(' ');
            line.append(word);
        }
        lines.add(line.toString());
        return lines;
    }
}
