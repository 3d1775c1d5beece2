package dev.culebra.cli;

import dev.culebra.llm.checkpoint.Checkpoint;
import dev.culebra.llm.checkpoint.EncodedModel;
import dev.culebra.llm.checkpoint.OptTensors;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.FormatChoice;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;

/** The form of {@code encode} that takes a model's folder. */
final class EncodeModel {
    private EncodeModel() {}

    /** Encodes a model, and tells. */
    static void run(Path model, Path output, FormatChoice format, boolean json, Console console) throws IOException {
        long started = System.nanoTime();
        EncodedModel.Summary summary;
        if (Files.exists(model.resolve(EncodedModel.MANIFEST))) {
            throw new Failure(model + ": is encoded already");
        }
        try (var source = Checkpoint.open(model)) {
            long elements = OptTensors.of(source.config()).linearElements();
            try (var progress = console.progress("encoding " + name(model), elements)) {
                summary = EncodedModel.write(source, output,
                        EncodeOptions.DEFAULT.withFormat(format).withProgress(progress::stepTo));
            }
        }
        report(output, summary, (System.nanoTime() - started) / 1e6, json, console);
    }

    private static String name(Path folder) {
        var name = folder.toAbsolutePath().normalize().getFileName();
        return name == null ? folder.toString() : name.toString();
    }

    private static void report(Path output, EncodedModel.Summary s, double milliseconds, boolean json, Console console)
            throws IOException {
        double sparsity = 1 - (double) s.nonzeros() / s.elements();
        if (json) {
            var object = Console.object().put("output", output.toString()).put("matrices", s.products());
            var formats = object.putObject("formats");
            s.formats().forEach((format, count) -> formats.put(format.id(), count));
            console.json(object.put("elements", s.elements()).put("nonzeros", s.nonzeros()).put("sparsity", sparsity)
                    .put("dense_bytes", s.denseBytes()).put("encoded_bytes", s.encodedBytes())
                    .put("time_ms", milliseconds));
        } else {
            var formats = s.formats().entrySet().stream().map(f -> f.getValue() + " " + f.getKey().id())
                    .collect(Collectors.joining(", "));
            console.line("%s: %d matrices (%s), %s weights, %s zero: %s instead of %s, in %s", output, s.products(),
                    formats, Text.count(s.elements()), Text.percent(sparsity), Text.bytes(s.encodedBytes()),
                    Text.bytes(s.denseBytes()), Text.milliseconds(milliseconds));
        }
    }
}
