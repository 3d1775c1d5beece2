package dev.culebra.cli;

import dev.culebra.cli.Options.FormatOption;
import dev.culebra.llm.checkpoint.OutputFile;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.sparse.SparseMatrix;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

/** {@code culebra encode}. */
@Command(name = "encode", mixinStandardHelpOptions = true, versionProvider = Version.class,
        header = "Encode weights for sparse products: of a model, or one matrix.", description = {
            "",
            "A folder becomes a folder. Given a checkpoint in Hugging Face's layout (OPT), each of its matrices is written as a file "
                    + "*.culebra in the form in which a device reads it, beside the small tensors, the configuration and the "
                    + "tokenizer. Every command that takes a MODEL takes the result, and loads it faster. Matrices with few zeros "
                    + "are kept dense.",
            "",
            "A file becomes a file. Reads a matrix [M, K] (row-major; F16, BF16 or F32, which is rounded once to F16, to the nearest "
                    + "even) and writes what is not zero. 'spmm' takes the result as --weights; 'decode' gives the matrix back, as "
                    + "it does for the *.culebra files of an encoded folder. Values keep their bits; -0 counts as zero.",
            "",
            "Examples:",
            "  culebra encode opt-1.3b-60 opt-1.3b-60.encoded",
            "  culebra encode model.safetensors fc1.culebra --tensor model.decoder.layers.0.fc1.weight", ""})
final class EncodeCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(index = "0", paramLabel = "IN", description = "Folder with a model, or safetensors file with a matrix.")
    private Path input;

    @Parameters(index = "1", paramLabel = "OUT",
            description = "Folder to write, which must not exist or be empty; or file to write, which is replaced if it exists.")
    private Path output;

    @Option(names = "--tensor", paramLabel = "NAME",
            description = "Of a file: which tensor; may be left out where it has one.")
    private String tensor;

    @Option(names = "--format", paramLabel = "NAME", defaultValue = "auto",
            converter = Options.FormatConverter.class,
            description = "Format: auto (dense or tiled-csl, the one of fewer bytes, for each matrix), dense, tiled-csl, bitmap or pairs. Default: ${DEFAULT-VALUE}. For a CPU "
                    + "dense is faster up to about 92%% of zeros, and takes more memory from 50%% on.")
    private FormatOption format;

    @Option(names = "--json",
            description = "Print one line with one JSON object. Of a file: output, format, dtype, m, k, nonzeros, sparsity, "
                    + "dense_bytes, encoded_bytes (what a device reads), time_ms (of encoding, without files). Of a folder: output, "
                    + "matrices, formats (how many in each), elements, nonzeros, sparsity, dense_bytes, encoded_bytes, time_ms (with files).")
    private boolean json;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    EncodeCommand(Console console) { this.console = console; }

    @Override
    public Integer call() throws Exception {
        if (Files.isDirectory(input)) {
            if (tensor != null) {
                throw new ParameterException(spec.commandLine(),
                        "--tensor names one of a file's matrices, and " + input + " is a folder; leave it out");
            }
            EncodeModel.run(input, output, format.or(FormatChoice.FEWEST_BYTES), json, console);
            return Culebra.OK;
        }
        Outputs.check(output, input);
        try (var dense = DenseMatrix.open(input, tensor, "[M, K]")) {
            long started = System.nanoTime();
            var matrix = new Weights.Dense(dense).matrix(format, FormatChoice.FEWEST_BYTES, console);
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
