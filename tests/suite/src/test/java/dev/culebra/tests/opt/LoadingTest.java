package dev.culebra.tests.opt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.llm.checkpoint.Activation;
import dev.culebra.llm.checkpoint.CheckpointException;
import dev.culebra.llm.checkpoint.ModelSource;
import dev.culebra.llm.checkpoint.OptConfig;
import dev.culebra.llm.checkpoint.OptTensors;
import dev.culebra.llm.opt.GenerateListener;
import dev.culebra.llm.opt.GenerateOptions;
import dev.culebra.llm.opt.LoadListener;
import dev.culebra.llm.opt.OptModel;
import dev.culebra.llm.tokenizer.Tokenizer;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.spmm.CpuSpmm;
import dev.culebra.spmm.Spmm;
import dev.culebra.spmm.SpmmWeights;
import dev.culebra.tests.models.Models;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Progress, and what is refused before anything is loaded, or given back when loading fails. */
class LoadingTest {
    /** A device with a limit: of memory, or of matrices until it fails. */
    private record Limited(Spmm under, String device, long freeBytes, int matrices, List<SpmmWeights> loaded)
            implements
                Spmm {
        Limited(Spmm under, String device, long freeBytes, int matrices) {
            this(under, device, freeBytes, matrices, new ArrayList<>());
        }

        @Override
        public String description() { return "a device of a test"; }

        @Override
        public FormatChoice fastestFormat() { return under.fastestFormat(); }

        @Override
        public SpmmWeights load(SparseMatrix a) {
            if (loaded.size() == matrices) throw new IllegalStateException("the device is full");
            loaded.add(under.load(a));
            return loaded.getLast();
        }

        @Override
        public void close() {}
    }

    @Test
    void tellsOfEachMatrix() throws Exception {
        var config = TinyConfigs.PLAIN;
        var names = new ArrayList<String>();
        var dones = new ArrayList<Long>();
        LoadListener listener = (name, done, total) -> {
            names.add(name);
            dones.add(done);
            assertEquals(OptTensors.of(config).linearElements(), total);
        };
        try (var device = CpuSpmm.open(1);
                var source = TinyModel.random(config, DenseType.F16, 1).open();
                var model = OptModel.load(source, Optional.empty(), device, listener)) {
            assertEquals(OptTensors.of(config).linears().stream().map(OptTensors.Linear::name).toList(), names);
            assertEquals(OptTensors.of(config).linearElements(), dones.getLast());
            assertEquals(dones.stream().sorted().toList(), dones);
            assertEquals(config, model.config());
            assertEquals(device, model.device());
            assertTrue(model.tokenizer().isEmpty());
        }
    }

    @Test
    void tooLittleMemoryOnTheDeviceIsSaidFirst() throws Exception {
        try (var cpu = CpuSpmm.open(1); var source = ModelSource.open(Models.folder("opt-preln"))) {
            long needed = 0;
            for (var linear : OptTensors.of(source.config()).linears())
                needed += source.matrixBytes(linear.name(), FormatChoice.FEWEST_BYTES);
            String mib = String.format(Locale.ROOT, "%.1f MiB", needed / 1048576.0);
            var gpu = new Limited(cpu, "cuda", needed - 1, 0);
            var e = assertThrows(IllegalArgumentException.class, () -> OptModel.load(source, Optional.empty(), gpu));
            assertEquals("the model's matrices take up to " + mib + " and there is " + mib
                    + " free on a device of a test; take a smaller or a sparser model, or another device",
                    e.getMessage());
            var small = new Limited(cpu, "cpu", 300 << 10, 0);
            e = assertThrows(IllegalArgumentException.class, () -> OptModel.load(source, Optional.empty(), small));
            String option = "-XX:MaxDirectMemorySize=" + Math.ceilDiv(needed, 1 << 20) + "m";
            assertEquals("the model's matrices take up to " + mib + " and there is 0.3 MiB of native memory; give Java "
                    + option + " (the command: CULEBRA_JAVA_OPTIONS=" + option
                    + ") if the machine has it, or encode the model, whose files are mapped", e.getMessage());
            OptModel.load(source, Optional.empty(), new Limited(cpu, "cpu", needed, 99)).close();
        }
    }

    /** 70% zeros: dense is what a CPU multiplies fastest, until memory is too small for it. */
    @Test
    void theFastestFormatIsLoadedWhereThereIsRoomForIt() throws Exception {
        try (var cpu = CpuSpmm.open(1); var source = ModelSource.open(Models.folder("opt-sharded-sparse70"))) {
            long dense = 0;
            long fewest = 0;
            for (var linear : OptTensors.of(source.config()).linears()) {
                dense += source.matrixBytes(linear.name(), cpu.fastestFormat());
                fewest += source.matrixBytes(linear.name(), FormatChoice.FEWEST_BYTES);
            }
            assertTrue(fewest < dense, fewest + " of " + dense);
            try (var model = OptModel.load(source, Optional.empty(), new Limited(cpu, "cuda", dense, 99))) {
                assertEquals(dense, model.encodedBytes());
            }
            try (var model = OptModel.load(source, Optional.empty(), new Limited(cpu, "cuda", dense - 1, 99))) {
                assertTrue(model.encodedBytes() <= fewest, model.encodedBytes() + " of " + fewest);
            }
            try (var model = OptModel.load(source, Optional.empty(), new Limited(cpu, "cuda", dense, 99),
                    FormatChoice.FEWEST_BYTES, LoadListener.NONE)) {
                assertTrue(model.encodedBytes() <= fewest, "asked for: " + model.encodedBytes() + " of " + fewest);
            }
            var full = new Limited(cpu, "cuda", fewest - 1, 99);
            assertThrows(IllegalArgumentException.class, () -> OptModel.load(source, Optional.empty(), full));
            assertEquals(List.of(), full.loaded());
        }
    }

    /** A cache of full length that no heap of this JVM holds, with a table of positions that is a hole in a file. */
    @Test
    void tooSmallAHeapIsSaidFirst(@TempDir Path folder) throws Exception {
        long most = Runtime.getRuntime().maxMemory();
        // 2 * 64 layers * 64 features * 4 bytes are 32 KiB a position
        int positions = Math.toIntExact(most / 32_768 + 1);
        var config = new OptConfig(10, 64, 64, 64, 4, 1, positions, true, true, false, false, true, Activation.RELU, 2,
                List.of(2), 1);
        SparseModelFile.write(config, folder);
        try (var cpu = CpuSpmm.open(1); var source = ModelSource.open(folder)) {
            var device = new Limited(cpu, "cpu", Long.MAX_VALUE, 0);
            var e = assertThrows(IllegalArgumentException.class, () -> OptModel.load(source, Optional.empty(), device));
            assertTrue(e.getMessage().matches("a sequence of " + positions
                    + " positions takes [0-9.]+ [MG]iB for keys and "
                    + "values, and the model [0-9.]+ [MG]iB besides its matrices, and the heap is at most [0-9.]+ [MG]iB; "
                    + "give Java (-Xmx[0-9]+[mg]) \\(the command: CULEBRA_JAVA_OPTIONS=\\1\\)"), e::getMessage);
        }
    }

    @Test
    void aBatchThatNoHeapHoldsIsRefused() throws Exception {
        // 2 * 2 layers * 12 features * 4 bytes are 192 bytes a position; each prompt can get 1000 positions long
        long most = Runtime.getRuntime().maxMemory();
        int prompts = Math.toIntExact(most / 192_000 + 1);
        try (var device = CpuSpmm.open(1);
                var source = TinyModel.random(TinyConfigs.plain(19, 1000), DenseType.F16, 1).open();
                var model = OptModel.load(source, Optional.empty(), device);
                var session = model.newSession()) {
            var many = Collections.nCopies(prompts, new int[]{2});
            var options = GenerateOptions.DEFAULT.withMaxNewTokens(5000);
            var e = assertThrows(IllegalArgumentException.class,
                    () -> session.generate(many, options, GenerateListener.NONE));
            assertTrue(
                    e.getMessage()
                            .startsWith(prompts + " sequences of " + prompts * 1000L + " positions together take "),
                    e::getMessage);
            assertTrue(
                    e.getMessage()
                            .contains("; give fewer prompts at a time, fewer new tokens, or Java -Xmx"),
                    e::getMessage);
        }
    }

    @Test
    void whatWasLoadedIsFreedWhenLoadingFails() throws Exception {
        try (var source = TinyModel.random(TinyConfigs.PLAIN, DenseType.F16, 1).open()) {
            for (int matrices = 0; matrices < 13; matrices++) {
                var cpu = CpuSpmm.open(1);
                var device = new Limited(cpu, "cpu", Long.MAX_VALUE, matrices);
                assertThrows(IllegalStateException.class, () -> OptModel.load(source, Optional.empty(), device));
                assertEquals(matrices, device.loaded().size());
                cpu.close(); // throws where weights are still open
            }
        }
    }

    @Test
    void notANumberInANormIsRefused() throws Exception {
        var tiny = TinyModel.random(TinyConfigs.PLAIN, DenseType.F16, 1);
        for (var name : List.of("layers.1.final_layer_norm.bias", "embed_positions.weight", "embed_tokens.weight",
                "layers.0.fc2.weight", "layers.1.self_attn.k_proj.bias")) {
            var values = tiny.tensors().get(name).clone();
            values[3] = Float.NaN;
            try (var cpu = CpuSpmm.open(1); var source = tiny.with(name, values).open()) {
                var e = assertThrows(CheckpointException.class, () -> OptModel.load(source, Optional.empty(), cpu));
                assertTrue(e.getMessage().contains(name), e::getMessage);
            }
        }
    }

    @Test
    void aTokenizerOfAnotherModelIsRefused() throws Exception {
        var tokenizer = Tokenizer.of(Files.readAllBytes(Models.folder(Models.KJV).resolve("tokenizer.json")), null);
        try (var cpu = CpuSpmm.open(1); var source = TinyModel.random(TinyConfigs.PLAIN, DenseType.F16, 1).open()) {
            var e = assertThrows(IllegalArgumentException.class,
                    () -> OptModel.load(source, Optional.of(tokenizer), cpu));
            assertEquals("the tokenizer has 1024 tokens and the model a vocabulary of 19; they are not of one model",
                    e.getMessage());
        }
    }

    /** A padded vocabulary: what the tokenizer does not know is no text. */
    @Test
    void idsBeyondTheTokenizerAreNoText() throws Exception {
        var tokenizer = Tokenizer.of(Files.readAllBytes(Models.folder(Models.KJV).resolve("tokenizer.json")), null);
        var tiny = TinyModel.random(TinyConfigs.plain(1100, 40), DenseType.F16, 1);
        try (var cpu = CpuSpmm.open(1);
                var source = tiny.open();
                var model = OptModel.load(source, Optional.of(tokenizer), cpu);
                var session = model.newSession()) {
            var text = new StringBuilder();
            var made = session.generate(new int[]{2, 1090, 44, 1099, 81},
                    GenerateOptions.DEFAULT.withMaxNewTokens(35).withTemperature(100), (sequence, id, part) -> {
                        assertEquals(id >= 1024, id >= tokenizer.size());
                        if (id >= 1024) assertEquals("", part);
                        text.append(part);
                        return true;
                    });
            assertTrue(made.newIds().stream().anyMatch(id -> id >= 1024), () -> "a seed for nothing: " + made.ids());
            assertEquals(
                    tokenizer.decode(made.ids().stream().skip(1).filter(id -> id < 1024).mapToInt(i -> i).toArray()),
                    made.text());
        }
    }
}
