package dev.culebra.cli;

import dev.culebra.llm.checkpoint.OutputFolder;
import dev.culebra.llm.prune.ModelPruning;
import dev.culebra.llm.prune.PruneMethod;
import dev.culebra.llm.prune.PruneOptions;
import dev.culebra.llm.prune.PruneReport;
import dev.culebra.spmm.Spmm;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

/** {@code culebra prune}. */
@Command(name = "prune", mixinStandardHelpOptions = true, versionProvider = Version.class,
        header = "Make a part of a model's weights zero.", description = {
            "",
            "Reads a checkpoint in Hugging Face's layout and writes another one, with the same files, names and types, in which that "
                    + "part of each linear weight of the layers is zero. Embeddings, the head, norms and biases stay as they are. Any "
                    + "tool that reads the first reads the second; 'encode' makes it small.",
            "",
            "  magnitude   the smallest of each matrix. Needs no text, and is quick.",
            "  wanda       the smallest of each row by |weight| times the norm of its input on a calibration text.",
            "  sparsegpt   block by block, what is left changed to make up for what goes, layer after layer on the",
            "              pruned model's own activations. Takes longest and loses least.",
            "",
            "Examples:",
            "  culebra prune opt-1.3b opt-1.3b-60 --sparsity 0.6 --method sparsegpt --calibration text.txt",
            "  culebra encode opt-1.3b-60 opt-1.3b-60.encoded",
            "  culebra generate opt-1.3b-60.encoded --prompt \"Paris is the capital of\"", ""})
final class PruneCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(index = "0", paramLabel = "MODEL", description = "Folder of the checkpoint.")
    private Path model;

    @Parameters(index = "1", paramLabel = "OUT", description = "Folder to write; must not exist, or be empty.")
    private Path output;

    @Option(names = "--sparsity", required = true, paramLabel = "S", converter = Options.SparsityConverter.class,
            description = "Part that becomes zero, 0 to 1.")
    private double sparsity;

    @Option(names = "--method", required = true, paramLabel = "NAME", converter = MethodConverter.class,
            description = "magnitude, wanda or sparsegpt.")
    private PruneMethod method;

    @Option(names = "--calibration", paramLabel = "TEXT",
            description = "Text file, UTF-8, for wanda and sparsegpt: some ten thousand words of what the model is to write.")
    private Path calibration;

    @Option(names = "--window", paramLabel = "N", defaultValue = TextWindows.DEFAULT,
            converter = TextWindows.LengthConverter.class,
            description = "Tokens of the calibration text that the model sees at once. Default: ${DEFAULT-VALUE}.")
    private int window;

    @Option(names = "--device", paramLabel = "D", defaultValue = "auto", converter = Options.DeviceConverter.class,
            description = "Where the model runs on the calibration text: auto, cpu, cuda, cuda:1 (the second GPU) or emulator. "
                    + "Default: ${DEFAULT-VALUE}.")
    private String device;

    @Option(names = "--json",
            description = "Print one line with one JSON object: output, method, elements (of the linear weights of the layers), "
                    + "zeros, sparsity (their share), windows (of the calibration text), time_ms.")
    private boolean json;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    static final class MethodConverter implements ITypeConverter<PruneMethod> {
        @Override
        public PruneMethod convert(String text) {
            return Arrays.stream(PruneMethod.values()).filter(m -> m.id().equals(text)).findFirst()
                    .orElseThrow(() -> new TypeConversionException("'" + text + "' is no method; give one of "
                            + Arrays.stream(PruneMethod.values()).map(PruneMethod::id)
                                    .collect(Collectors.joining(", "))));
        }
    }

    PruneCommand(Console console) { this.console = console; }

    @Override
    public Integer call() throws IOException {
        if (method.needsCalibration() && calibration == null) {
            throw new ParameterException(spec.commandLine(), "--method " + method.id()
                    + " looks at what a text makes of the model: give one with --calibration, or take --method magnitude");
        }
        if (!method.needsCalibration() && calibration != null) {
            throw new ParameterException(spec.commandLine(),
                    "--method " + method.id()
                            + " looks at no text; leave --calibration out, or take wanda or sparsegpt");
        }
        // Said before the work. Nothing is left of it.
        OutputFolder.beside(output, model).close();
        long started = System.nanoTime();
        var windows = windows();
        PruneReport report;
        // Nothing runs where nothing is looked at.
        try (var spmm = method.needsCalibration() ? Spmm.open(device) : null;
                var progress = console.progress("pruning", Progress.TOLD)) {
            report = ModelPruning.prune(model, new PruneOptions(method, sparsity), windows, output, spmm,
                    (linear, done, total) -> progress.stepTo(done, total));
        }
        print(report, windows.size(), (System.nanoTime() - started) / 1e6);
        return Culebra.OK;
    }

    /** Of the calibration text, none where there is no text. */
    private List<int[]> windows() throws IOException {
        if (calibration == null) return List.of();
        try (var opened = ModelChoice.open(model, console)) {
            return TextWindows.read(calibration, window, opened);
        }
    }

    private void print(PruneReport report, int windows, double milliseconds) throws IOException {
        if (json) {
            console.json(Console.object().put("output", output.toString()).put("method", method.id())
                    .put("elements", report.elements()).put("zeros", report.zeros()).put("sparsity", report.sparsity())
                    .put("windows", windows).put("time_ms", milliseconds));
        } else {
            console.line("%s: %s of %s weights of the layers are zero (%s), by %s%s, in %s", output,
                    Text.count(report.zeros()), Text.count(report.elements()), Text.percent(report.sparsity()),
                    method.id(), windows == 0 ? "" : " on " + Text.count(windows) + " windows of text",
                    Text.milliseconds(milliseconds));
        }
    }
}
