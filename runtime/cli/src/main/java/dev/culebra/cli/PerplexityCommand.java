package dev.culebra.cli;

import dev.culebra.llm.evaluate.Perplexity;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code culebra perplexity}. */
@Command(name = "perplexity", mixinStandardHelpOptions = true, versionProvider = Version.class,
        header = "Measure how well a model foretells a text.", description = {
            "",
            "Each line is tokenized without a begin-of-text token and followed by the end-of-text token; the stream is cut into "
                    + "windows, what is left over is dropped. In each window the mean of -ln p of all tokens but the first is taken, "
                    + "then the mean over windows (nll); perplexity is e to its power. Lower is better. Figures compare only where "
                    + "text, tokenizer and window are the same.",
            "",
            "Examples:",
            "  culebra perplexity opt-1.3b --text wiki.test.txt --window 2048",
            "  culebra perplexity opt-1.3b-60 --text wiki.test.txt --window 2048 --json", ""})
final class PerplexityCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ModelChoice choice;

    @Option(names = "--text", required = true, paramLabel = "F", description = "Text file, UTF-8.")
    private Path text;

    @Option(names = "--window", paramLabel = "N", defaultValue = TextWindows.DEFAULT,
            converter = TextWindows.LengthConverter.class,
            description = "Tokens of a window, 2 or more, no more than the model's positions. Default: ${DEFAULT-VALUE}.")
    private int window;

    @Option(names = "--json",
            description = "Print one line with one JSON object: perplexity, nll, windows, window, time_ms (of the model's passes), "
                    + "device.")
    private boolean json;

    PerplexityCommand(Console console) { this.console = console; }

    @Override
    public Integer call() throws IOException {
        try (var opened = choice.open(console)) {
            var windows = TextWindows.read(text, window, opened);
            try (var loaded = choice.load(opened, console)) {
                long started = System.nanoTime();
                var measured = measure(windows, loaded);
                report(measured, (System.nanoTime() - started) / 1e6, loaded.spmm().device());
            }
        }
        return Culebra.OK;
    }

    private Perplexity measure(List<int[]> windows, ModelChoice.Loaded loaded) {
        try (var session = loaded.model().newSession(); var progress = console.progress("measuring", windows.size())) {
            return Perplexity.of(windows, session::logLikelihoods, (done, total) -> {
                progress.stepTo(done.windows());
                progress.note(Text.format("%.2f", done.perplexity()));
            });
        }
    }

    private void report(Perplexity measured, double milliseconds, String device) throws IOException {
        if (json) {
            console.json(Console.object().put("perplexity", measured.perplexity()).put("nll", measured.nll())
                    .put("windows", measured.windows()).put("window", window).put("time_ms", milliseconds)
                    .put("device", device));
        } else {
            console.line("perplexity %.4f (nll %.5f) over %s windows of %d tokens, in %s on %s",
                    measured.perplexity(), measured.nll(), Text.count(measured.windows()), window,
                    Text.milliseconds(milliseconds), device);
        }
    }
}
