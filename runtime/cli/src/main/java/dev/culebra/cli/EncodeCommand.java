package dev.culebra.cli;

import dev.culebra.cli.Options.FormatChoice;
import dev.culebra.llm.checkpoint.OutputFile;
import dev.culebra.sparse.SparseMatrix;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.concurrent.Callable;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

/** {@code culebra encode}. */
@Command(name = "encode", mixinStandardHelpOptions = true, versionProvider = Version.class,
        header = "Encode weights for sparse products.", description = {
            "",
            "Reads a matrix [M, K] (row-major; F16, BF16 or F32, which is rounded once to F16, to the nearest even) and writes "
                    + "what is not zero in the form in which a device reads it. 'spmm' takes the result as --weights; 'decode' "
                    + "gives the matrix back. Values keep their bits; -0 counts as zero.",
            "",
            "Example:",
            "  culebra encode model.safetensors fc1.culebra --tensor model.decoder.layers.0.fc1.weight", ""})
final class EncodeCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(index = "0", paramLabel = "WEIGHTS.safetensors", description = "File with the weights.")
    private Path input;

    @Parameters(index = "1", paramLabel = "OUT.culebra", description = "File to write; an existing one is replaced.")
    private Path output;

    @Option(names = "--tensor", paramLabel = "NAME",
            description = "Which tensor; may be left out where the file has one.")
    private String tensor;

    @Option(names = "--format", paramLabel = "NAME", defaultValue = "auto",
            converter = Options.FormatConverter.class,
            description = "Format: auto (the one of fewer bytes), dense or tiled-csl. Default: ${DEFAULT-VALUE}.")
    private FormatChoice format;

    @Option(names = "--json",
            description = "Print one line with one JSON object: output, format, dtype, m, k, nonzeros, sparsity, dense_bytes, "
                    + "encoded_bytes (what a device reads), time_ms (of encoding, without files).")
    private boolean json;

    EncodeCommand(Console console) { this.console = console; }

    @Override
    public Integer call() throws Exception {
        Outputs.check(output, input);
        try (var dense = DenseMatrix.open(input, tensor, "[M, K]")) {
            long started = System.nanoTime();
            var matrix = new Weights.Dense(dense).matrix(format.format(), console);
            double milliseconds = (System.nanoTime() - started) / 1e6;
            write(matrix);
            report(matrix, dense.tensor().bytes(), milliseconds);
        }
        return Culebra.OK;
    }

    private void write(SparseMatrix matrix) throws IOException {
        console.during("writing " + output.getFileName(), () -> {
            try (var file = OutputFile.beside(output)) {
                try (var channel = FileChannel.open(file.part(), CREATE_NEW, WRITE)) {
                    matrix.write(channel);
                    // On the disk before it has the name: a power failure must not leave the name with nothing under it.
                    channel.force(true);
                }
                file.commit();
            }
            return null;
        });
    }

    private void report(SparseMatrix matrix, long denseBytes, double milliseconds) throws IOException {
        if (json) {
            console.json(Console.object().put("output", output.toString()).put("format", matrix.format().id())
                    .put("dtype", matrix.valueType().name()).put("m", matrix.m()).put("k", matrix.k())
                    .put("nonzeros", matrix.nonzeros()).put("sparsity", matrix.sparsity())
                    .put("dense_bytes", denseBytes)
                    .put("encoded_bytes", matrix.encodedBytes()).put("time_ms", milliseconds));
        } else {
            console.line("%s: [%d, %d] %s, %s zero, %s: %s instead of %s, in %s", output, matrix.m(), matrix.k(),
                    matrix.valueType(),
                    Text.percent(matrix.sparsity()), matrix.format().id(), Text.bytes(matrix.encodedBytes()),
                    Text.bytes(denseBytes),
                    Text.milliseconds(milliseconds));
        }
    }
}
