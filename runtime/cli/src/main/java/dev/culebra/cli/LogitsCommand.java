package dev.culebra.cli;

import dev.culebra.cli.TokenOptions.Ids;
import dev.culebra.llm.checkpoint.SafetensorsWriter;
import dev.culebra.llm.checkpoint.SafetensorsWriter.Declaration;
import dev.culebra.llm.checkpoint.TensorType;
import dev.culebra.llm.opt.Prompts;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code culebra logits}. */
@Command(name = "logits", mixinStandardHelpOptions = true, versionProvider = Version.class,
        header = "Write a model's logits for some tokens.", description = {
            "",
            "Writes one tensor 'logits' [T, vocabulary], F32: row t holds what the model makes of tokens 0 to t for the token that "
                    + "comes next. To compare with another implementation, or to look inside.",
            "",
            "Example:",
            "  culebra logits opt-125m --ids 2,133,812 --output logits.safetensors", ""})
final class LogitsCommand implements Callable<Integer> {
    private static final ValueLayout.OfFloat FILE_FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Console console;

    @Mixin
    private ModelChoice choice;

    @Option(names = "--ids", required = true, paramLabel = "2,5,7", converter = TokenOptions.IdsConverter.class,
            description = "The tokens, as they are: no begin-of-text token is added.")
    private Ids ids;

    @Option(names = "--output", required = true, paramLabel = "F.safetensors",
            description = "File to write; an existing one is replaced.")
    private Path output;

    @Option(names = "--json",
            description = "Print one line with one JSON object: output, tokens, vocabulary, time_ms (of the model's pass), device.")
    private boolean json;

    LogitsCommand(Console console) { this.console = console; }

    @Override
    public Integer call() throws IOException {
        choice.checkOutput(output);
        int tokens = ids.values().size();
        try (var opened = choice.open(console)) {
            var config = opened.source().config();
            Prompts.check(ids.array(), config); // before the weights are read
            int vocabulary = config.vocabulary();
            var declaration = Declaration.matrix("logits", TensorType.F32, tokens, vocabulary);
            Outputs.checkRoom(output, (long) Float.BYTES * tokens * vocabulary);
            try (var loaded = choice.load(opened, console);
                    var session = loaded.model().newSession();
                    var writer = SafetensorsWriter.create(output, Map.of("made_by", "culebra logits"), declaration)) {
                long started = System.nanoTime();
                var logits = console.during("running the model", () -> session.logits(ids.array()));
                double milliseconds = (System.nanoTime() - started) / 1e6;
                var tensor = writer.tensors().getFirst();
                var row = MemorySegment.ofArray(new byte[Float.BYTES * vocabulary]);
                for (int t = 0; t < tokens; t++) {
                    MemorySegment.copy(logits, t * vocabulary, row, FILE_FLOAT, 0, vocabulary);
                    writer.write(tensor, t * row.byteSize(), row);
                }
                writer.commit();
                report(tokens, vocabulary, milliseconds, loaded.spmm().device());
            }
        }
        return Culebra.OK;
    }

    private void report(int tokens, int vocabulary, double milliseconds, String device) throws IOException {
        if (json) {
            console.json(Console.object().put("output", output.toString()).put("tokens", tokens)
                    .put("vocabulary", vocabulary).put("time_ms", milliseconds).put("device", device));
        } else {
            console.line("%s: logits [%d, %d] F32, in %s on %s", output, tokens, vocabulary,
                    Text.milliseconds(milliseconds), device);
        }
    }
}
