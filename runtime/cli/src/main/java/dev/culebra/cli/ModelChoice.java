package dev.culebra.cli;

import dev.culebra.llm.checkpoint.ModelSource;
import dev.culebra.llm.opt.OptModel;
import dev.culebra.llm.tokenizer.Tokenizer;
import dev.culebra.spmm.Spmm;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What every command that runs a model is told: which one, and on what. */
final class ModelChoice {
    @Parameters(index = "0", paramLabel = "MODEL",
            description = "Folder of an OPT model: a checkpoint in Hugging Face's layout (config.json, safetensors files, and a "
                    + "tokenizer where there is text), or what 'encode' made of one, which loads faster.")
    private Path folder;

    @Option(names = "--device", paramLabel = "D", defaultValue = "auto", converter = Options.DeviceConverter.class,
            description = "auto (a GPU if there is one, else the CPU), cpu, cuda, cuda:1 (the second GPU) or emulator (slow). "
                    + "Default: ${DEFAULT-VALUE}.")
    private String device;

    Path folder() { return folder; }

    /** Fails if a file can not be written there, or is one of the model's. */
    void checkOutput(Path output) throws IOException {
        if (Files.isDirectory(folder)) {
            try (var files = Files.list(folder)) {
                Outputs.check(output, files.toArray(Path[]::new));
            }
        } else {
            Outputs.check(output);
        }
    }

    /** The model's small parts, without its weights: what is asked can be held against them before anything takes time. */
    Opened open(Console console) throws IOException {
        return open(folder, console);
    }

    static Opened open(Path folder, Console console) throws IOException {
        console.begin("opening " + folder);
        var source = ModelSource.open(folder);
        try {
            return new Opened(source, Tokenizer.find(folder));
        } catch (IOException | RuntimeException | Error e) {
            source.close();
            throw e;
        }
    }

    /** A model that is looked at, not loaded. */
    record Opened(ModelSource source, Optional<Tokenizer> tokenizer) implements AutoCloseable {
        Tokenizer needTokenizer(String what, String instead) {
            return tokenizer.orElseThrow(() -> new Failure(source.folder() + ": has no tokenizer (tokenizer.json, or "
                    + "vocab.json and merges.txt), so " + what + instead));
        }

        @Override
        public void close() { source.close(); }
    }

    /** The model on its device. */
    Loaded load(Opened opened, Console console) throws IOException {
        var spmm = Spmm.open(device);
        var name = folder.toAbsolutePath().normalize().getFileName();
        try (var progress = console.progress("loading " + (name == null ? folder : name), Progress.TOLD)) {
            return new Loaded(OptModel.load(opened.source(), opened.tokenizer(), spmm,
                    (linear, done, total) -> progress.stepTo(done, total)), spmm);
        } catch (IOException | RuntimeException | Error e) {
            spmm.close();
            throw e;
        }
    }

    /** A model and the device it is on. */
    record Loaded(OptModel model, Spmm spmm) implements AutoCloseable {
        @Override
        public void close() {
            model.close();
            spmm.close();
        }
    }
}
