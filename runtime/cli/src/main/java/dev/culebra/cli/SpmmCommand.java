package dev.culebra.cli;

import dev.culebra.cli.Options.FormatOption;
import dev.culebra.driver.spi.CounterRecording;
import dev.culebra.llm.checkpoint.SafetensorsWriter;
import dev.culebra.llm.checkpoint.SafetensorsWriter.Declaration;
import dev.culebra.llm.checkpoint.TensorType;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.spmm.CudaSpmm;
import dev.culebra.spmm.Spmm;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;

/** {@code culebra spmm}. */
@Command(name = "spmm", mixinStandardHelpOptions = true, versionProvider = Version.class,
        header = "Multiply sparse weights by dense activations.", description = {
            "",
            "output [M, N] = weights [M, K] times input [K, N], all row-major. Weights come from a safetensors file or from "
                    + "'encode' (told apart by content). Both may be F16, BF16 or F32. F32 is rounded once to F16, to the nearest "
                    + "even, on every device, so BF16 goes with BF16 only. Sums and output are F32.",
            "",
            "Zero weights contribute nothing, but a column of the input with a NaN or an infinity gives a column of NaN.",
            "",
            "Examples:",
            "  culebra spmm --weights fc1.culebra --input x.safetensors --output y.safetensors",
            "  culebra spmm --weights model.safetensors --weights-tensor model.decoder.layers.0.fc1.weight \\",
            "               --input x.safetensors --output y.safetensors --device cpu --json", ""})
final class SpmmCommand implements Callable<Integer> {
    private final Console console;

    @Option(names = "--weights", required = true, paramLabel = "F",
            description = "Weights [M, K]: a safetensors file or an encoded one.")
    private Path weightsFile;

    @Option(names = "--input", required = true, paramLabel = "G",
            description = "Activations [K, N]: a safetensors file.")
    private Path inputFile;

    @Option(names = "--output", required = true, paramLabel = "H",
            description = "File to write, with one tensor 'output' [M, N], F32; an existing one is replaced.")
    private Path output;

    @Option(names = "--weights-tensor", paramLabel = "NAME",
            description = "Which tensor of F; may be left out where there is one.")
    private String weightsTensor;

    @Option(names = "--input-tensor", paramLabel = "NAME",
            description = "Which tensor of G; may be left out where there is one.")
    private String inputTensor;

    @Option(names = "--device", paramLabel = "D", defaultValue = "auto", converter = Options.DeviceConverter.class,
            description = "auto (a GPU if there is one, else the CPU), cpu, cuda, cuda:1 (the second GPU) or emulator (slow). Default: ${DEFAULT-VALUE}.")
    private String device;

    @Option(names = "--format", paramLabel = "auto|NAME", defaultValue = "auto",
            converter = Options.FormatConverter.class,
            description = "Format of weights that are not encoded yet: auto (the fastest on the device, as far as was measured), dense or "
                    + "tiled-csl. Default: ${DEFAULT-VALUE}.")
    private FormatOption format;

    @Option(names = "--json",
            description = "Print one line with one JSON object: device, kernel, format, m, k, n, nonzeros, sparsity, "
                    + "encoded_bytes (what the device reads of the weights), time_ms (one product from host memory to host memory, "
                    + "copies included; repeated for up to 1.5 s, the median of the later half).")
    private boolean json;

    @Option(names = "--counters",
            description = "Count what one product executes: PTX instructions by class, shared-memory wavefronts and bank conflicts, "
                    + "global sectors, barriers, divergence, bytes by space. With --json an object 'counters', among them, for each "
                    + "of the weights' M x K elements: lane_instructions_per_element and popc_per_element (32 lanes a warp "
                    + "instruction), shared_wavefronts_per_element (for 32 elements), global_bytes_per_element (as lanes asked "
                    + "for them). The emulator counts, a GPU and the CPU do not.")
    private boolean counters;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    SpmmCommand(Console console) { this.console = console; }

    @Override
    public Integer call() throws Exception {
        if (counters) CountersReport.require(spec, device);
        Outputs.check(output, weightsFile, inputFile);
        try (var weights = Weights.open(weightsFile, weightsTensor, console);
                var input = DenseMatrix.open(inputFile, inputTensor, "[K, N]");
                var arena = Arena.ofShared()) {
            checkFit(weights, input);
            int n = input.columns();
            try (var spmm = Spmm.open(device)) {
                // The output first: where it does not fit nothing else is worth doing.
                var y = console.allocate(arena, outputBytes(weights.m(), n), "output");
                Outputs.checkRoom(output, y.byteSize());
                var matrix = weights.matrix(format, spmm.fastestFormat(), console);
                var x = tokenMajor(input, arena);
                try (var loaded = console.during("loading weights", () -> spmm.load(matrix));
                        var recording = counters
                                ? ((CudaSpmm) spmm).context().device().cuda().recordCounters()
                                : null) {
                    double milliseconds = console.during("multiplying", () -> Product.milliseconds(loaded, x,
                            input.valueType().dense(), n, y, () -> close(recording)));
                    write(y, matrix.m(), n);
                    report(spmm, loaded.kernel(n), matrix, n, milliseconds, recording == null
                            ? null
                            : new CountersReport(recording.launches(),
                                    OptionalLong.of((long) matrix.m() * matrix.k())));
                }
            }
        }
        return Culebra.OK;
    }

    /** After the first product: the others, which are only timed, run uncounted. */
    private static void close(CounterRecording recording) {
        if (recording != null) recording.close();
    }

    private static long outputBytes(int m, int n) {
        // Two numbers of 31 bits times 4: the file of neither says anything about their product.
        if ((long) m * n > Long.MAX_VALUE / Float.BYTES) {
            throw new Failure("an output of [" + m + ", " + n + "] has more bytes than any memory");
        }
        return (long) m * n * Float.BYTES;
    }

    private void checkFit(Weights weights, DenseMatrix input) {
        if (input.rows() != weights.k()) {
            throw new Failure("shapes do not fit: weights " + weights.describe() + " take an input of [" + weights.k()
                    + ", N], but "
                    + input.describe() + " has " + input.rows() + " rows");
        }
        if (input.valueType() != weights.type()) {
            throw new Failure("types do not fit: weights " + weights.describe() + " and input " + input.describe()
                    + "; F16 and BF16 are not mixed and F32 counts as F16: convert one of the two");
        }
    }

    private MemorySegment tokenMajor(DenseMatrix input, Arena arena) {
        int k = input.rows();
        int n = input.columns();
        var x = console.allocate(arena, Math.multiplyExact((long) k * n, Short.BYTES), "input");
        long overflows;
        try (var progress = console.progress("transposing input", k)) {
            overflows = Transpose.toTokenMajor(input.data(), input.type(), k, n, x, progress);
        }
        Halves.warn(console, overflows, "inputs");
        return x;
    }

    private void write(MemorySegment y, int m, int n) throws IOException {
        var declaration = Declaration.matrix("output", TensorType.F32, m, n);
        try (var writer = SafetensorsWriter.create(output, Map.of(), declaration);
                var progress = console.progress("writing " + output.getFileName(), m)) {
            var tensor = writer.tensors().getFirst();
            Transpose.toFeatureMajor(y, n, m, (first, run) -> writer.write(tensor, 4 * first, run), progress);
            writer.commit();
        }
    }

    private void report(Spmm spmm, String kernel, SparseMatrix a, int n, double milliseconds, CountersReport counted)
            throws IOException {
        if (json) {
            var object = Console.object().put("device", spmm.device()).put("kernel", kernel)
                    .put("format", a.format().id())
                    .put("m", a.m()).put("k", a.k()).put("n", n).put("nonzeros", a.nonzeros())
                    .put("sparsity", a.sparsity())
                    .put("encoded_bytes", a.encodedBytes()).put("time_ms", milliseconds);
            if (counted != null) object.set("counters", counted.json());
            console.json(object);
        } else {
            console.line("%s [%d, %d] = weights [%d, %d] x input [%d, %d]", output, a.m(), n, a.m(), a.k(), a.k(), n);
            console.line("  device   %s: %s", spmm.device(), spmm.description());
            console.line("  kernel   %s", kernel);
            console.line("  weights  %s zero, %s as %s (%s dense)", Text.percent(a.sparsity()),
                    Text.bytes(a.encodedBytes()),
                    a.format().id(), Text.bytes((long) a.m() * a.k() * a.valueType().bits() / 8));
            console.line("  time     %s", Text.milliseconds(milliseconds));
            if (counted != null) counted.print(console);
        }
    }
}
