package dev.culebra.tests.checkpoint;

import dev.culebra.llm.checkpoint.Checkpoint;
import dev.culebra.llm.checkpoint.CheckpointWriter;
import dev.culebra.llm.checkpoint.ModelSource;
import dev.culebra.llm.checkpoint.OptConfig;
import dev.culebra.llm.checkpoint.OptTensors;
import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.llm.checkpoint.Tensor;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.TiledCsl;
import dev.culebra.sparse.ValueType;
import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

class CheckpointTest {
    @TempDir
    Path folder;

    static Stream<String> models() { return Stream.concat(Models.RANDOM.stream(), Stream.of(Models.KJV)); }

    /** Every product of every model decodes to the bytes in the file, and takes no more memory than was announced. */
    @ParameterizedTest
    @MethodSource("models")
    void everyModelOpens(String name) throws Exception {
        try (var model = ModelSource.open(Models.folder(name))) {
            assertEquals(Models.folder(name), model.folder());
            var shape = OptTensors.of(model.config());
            assertEquals(6 * model.config().layers() + (model.config().projected() ? 3 : 1), shape.linears().size());
            for (var linear : shape.linears()) {
                var matrix = model.matrix(linear.name());
                assertEquals(linear.m(), matrix.m(), linear.name());
                assertEquals(linear.k(), matrix.k(), linear.name());
                boolean tiedHead = linear.name().equals("lm_head") && model.config().tied();
                var dense = model.tensor(tiedHead ? "embed_tokens.weight" : linear.weight());
                assertSame(dense, matrix, linear.name());
                long bound = model.matrixBytes(linear.name(), FormatChoice.FEWEST_BYTES);
                assertTrue(matrix.encodedBytes() <= bound, linear + ": " + matrix.encodedBytes() + " > " + bound);
                assertTrue(bound < matrix.encodedBytes() * 1.1 + 10_000, linear + ": " + bound + " is no estimate");
            }
            for (var tensor : shape.shapes().entrySet()) {
                assertEquals(tensor.getValue(), model.tensor(tensor.getKey()).shape());
            }
            assertTrue(model.find("layers.99.fc1.weight").isEmpty());
        }
    }

    /** Bit for bit, but that -0.0 counts as zero. */
    static void assertSame(Tensor dense, SparseMatrix matrix, String name) {
        var decoded = MemorySegment.ofArray(new short[matrix.m() * matrix.k()]);
        matrix.decode(decoded);
        var expected = dense.data().toArray(ValueLayout.JAVA_SHORT_UNALIGNED);
        for (int i = 0; i < expected.length; i++) if (expected[i] == Short.MIN_VALUE) expected[i] = 0;
        assertArrayEquals(expected, decoded.toArray(ValueLayout.JAVA_SHORT), name);
    }

    @Test
    void theListOfTensorsIsClosed() throws Exception {
        var model = new TinyModel();
        try (var checkpoint = Checkpoint.open(model.write(folder))) {
            var shape = OptTensors.of(checkpoint.config());
            var expected = new ArrayList<String>();
            for (var name : model.tensors.keySet()) expected.add(name.substring("model.decoder.".length()));
            expected.sort(null);
            assertEquals(expected, shape.shapes().keySet().stream().sorted().toList());
            assertEquals(List.of("layers.1.self_attn.q_proj", "layers.1.self_attn.k_proj", "layers.1.self_attn.v_proj",
                    "layers.1.self_attn.out_proj", "layers.1.fc1", "layers.1.fc2"),
                    shape.layer(1).stream().map(OptTensors.Linear::name).toList());
            assertEquals(12, shape.linears().stream().filter(OptTensors.Linear::pruned).count());
            assertEquals(new OptTensors.Linear("layers.1.fc1", 7, 6, true, 1), shape.linear("layers.1.fc1"));
            assertEquals("project_in", shape.linears().getFirst().name());
            assertEquals("lm_head", shape.linears().getLast().name());
            assertEquals(2 * (4 * 36 + 2 * 42) + 2 * 30 + 55, shape.linearElements());
            assertThrows(IndexOutOfBoundsException.class, () -> shape.layer(2));
            TinyModel.refused(() -> checkpoint.matrix("layers.2.fc1"), "no product 'layers.2.fc1'");
            TinyModel.refused(() -> checkpoint.matrixBytes("x", Format.DENSE), "no product 'x'");
            TinyModel.refused(() -> checkpoint.tensor("layers.2.fc1.weight"), "no tensor 'layers.2.fc1.weight'");
        }
    }

    @Test
    void prefixesAndSurplusOfOldCheckpoints() throws Exception {
        opens(new TinyModel().rename("model.decoder.", "decoder."));
        opens(new TinyModel().rename("model.decoder.", ""));
        opens(new TinyModel().put("model.decoder.version", "F32", 1));
        var repeated = new TinyModel();
        repeated.tensors.put("lm_head.weight", repeated.data("embed_tokens.weight"));
        opens(repeated);
        // Of two names of one tensor, some programs keep this one.
        opens(new TinyModel().rename("model.decoder.embed_tokens", "lm_head"));
        var refused = new TinyModel().put("lm_head.weight", "F16", TinyModel.VOCABULARY, TinyModel.EMBEDDING);
        try (var model = Checkpoint.open(refused.write(folder))) {
            model.matrix("project_in");
            TinyModel.refused(() -> model.matrix("lm_head"),
                    "'lm_head.weight' differs from 'model.decoder.embed_tokens.weight'",
                    "tie_word_embeddings");
        }
        var twice = new TinyModel().put("decoder.layers.0.fc1.bias", "F16", TinyModel.FFN);
        TinyModel.refused(twice.write(folder), "'decoder.layers.0.fc1.bias' is there twice",
                "'model.decoder.layers.0.fc1.bias'");
    }

    /** Too few and too many at once: both are listed. */
    @Test
    void otherNames() throws Exception {
        TinyModel.refused(new TinyModel().rename("model.decoder.project_in", "model.decoder.proj_in").write(folder),
                "lacks tensors that config.json demands: 'project_in.weight'; ",
                "has tensors that the OPT model of its config.json does not: 'model.decoder.proj_in.weight'");
    }

    private void opens(TinyModel model) throws Exception {
        try (var checkpoint = Checkpoint.open(model.write(folder))) {
            assertEquals(TinyModel.VOCABULARY, checkpoint.matrix("lm_head").m());
            assertEquals(TinyModel.FFN, checkpoint.tensor("layers.0.fc1.bias").floats().length);
        }
    }

    @Test
    void whatAConfigurationLeavesOutMustBeLeftOut() throws Exception {
        var untied = new TinyModel();
        untied.config.put("tie_word_embeddings", false);
        TinyModel.refused(untied.write(folder), "lacks tensors", "'lm_head.weight'");
        untied.put("lm_head.weight", "F16", TinyModel.VOCABULARY, TinyModel.EMBEDDING);
        try (var model = Checkpoint.open(untied.write(folder))) {
            assertSame(model.tensor("lm_head.weight"), model.matrix("lm_head"), "lm_head");
        }
        for (var key : List.of("enable_bias", "layer_norm_elementwise_affine", "do_layer_norm_before")) {
            var model = new TinyModel();
            model.config.put(key, false);
            TinyModel.refused(model.write(folder), "has tensors that the OPT model of its config.json does not",
                    "'model.decoder.");
        }
        var removed = new TinyModel();
        removed.config.put("_remove_final_layer_norm", true);
        TinyModel.refused(removed.write(folder),
                "'model.decoder.final_layer_norm.weight', 'model.decoder.final_layer_norm.bias'");
        removed.remove("final_layer_norm.weight", "final_layer_norm.bias");
        opens(removed);
        var plain = new TinyModel();
        plain.config.put("enable_bias", false).put("layer_norm_elementwise_affine", false);
        plain.tensors.keySet().removeIf(n -> n.endsWith(".bias") || n.contains("layer_norm"));
        try (var model = Checkpoint.open(plain.write(folder))) {
            assertFalse(OptTensors.of(model.config()).linear("layers.0.fc1").bias());
            assertTrue(model.find("final_layer_norm.weight").isEmpty());
        }
    }

    @Test
    void namesTooManyAndTooFewAreListed() throws Exception {
        TinyModel.refused(new TinyModel().remove("layers.0.fc1.bias", "layers.1.fc2.weight").write(folder), "lacks",
                "'layers.0.fc1.bias', 'layers.1.fc2.weight'");
        var many = new TinyModel();
        many.config.put("num_hidden_layers", 5);
        TinyModel.refused(many.write(folder), "'layers.2.self_attn_layer_norm.weight'", " and 42 more");
        TinyModel.refused(new TinyModel().put("score.weight", "F16", 2, 2).put("odd\\nname", "U8", 3).write(folder),
                "'score.weight', 'odd?name'");
    }

    @Test
    void shapesAndTypesAreHeldAgainstTheConfiguration() throws Exception {
        var model = new TinyModel();
        model.config.put("ffn_dim", 8);
        TinyModel.refused(model.write(folder), "'model.decoder.layers.0.fc1.weight' is [7, 6]", "[8, 6]",
                "[ffn_dim, hidden_size]");
        model.config.put("ffn_dim", TinyModel.FFN).put("max_position_embeddings", TinyModel.POSITIONS + 2);
        TinyModel.refused(model.write(folder), "'model.decoder.embed_positions.weight' is [11, 6]", "[13, 6]",
                "max_position_embeddings + 2");
        TinyModel.refused(new TinyModel().add("layers.0.fc1.bias", TinyModel.FFN, 1).write(folder), "is [7, 1]", "[7]");
        TinyModel.refused(new TinyModel().put("model.decoder.layers.1.fc1.bias", "F64", TinyModel.FFN).write(folder),
                "is of type F64", "F16, BF16 and F32");
    }

    /** Wherever it stands in a tensor, and in each type. */
    @ParameterizedTest
    @ValueSource(strings = {"F16", "BF16", "F32"})
    void nanAndInfinityAreRefusedByTensorAndIndex(String type) throws Exception {
        int size = type.equals("F32") ? 4 : 2;
        for (int at : new int[]{0, 3, 17, 29, 41}) {
            for (boolean nan : new boolean[]{true, false}) {
                var model = new TinyModel(type);
                int bits = switch (type) {
                    case "F16" -> nan ? 0xfc01 : 0x7c00;
                    case "BF16" -> nan ? 0x7fff : 0xff80;
                    default -> nan ? 0xff80_0001 : 0x7f80_0000;
                };
                var bytes = ByteBuffer.wrap(model.data("layers.1.fc1.weight").bytes()).order(ByteOrder.LITTLE_ENDIAN);
                if (size == 2) bytes.putShort(2 * at, (short) bits);
                else bytes.putInt(4 * at, bits);
                try (var checkpoint = Checkpoint.open(model.write(folder))) {
                    var words = new String[]{"'model.decoder.layers.1.fc1.weight'",
                        (nan ? "NaN" : "infinity") + " at [" + at / 6 + ", " + at % 6 + "]"};
                    TinyModel.refused(() -> checkpoint.matrix("layers.1.fc1"), words);
                    TinyModel.refused(() -> checkpoint.tensor("layers.1.fc1.weight"), words);
                    TinyModel.refused(() -> checkpoint.matrixBytes("layers.1.fc1", Format.DENSE), words);
                    checkpoint.matrix("layers.1.fc2");
                }
            }
        }
    }

    /** Many threads look at a large tensor, and still the first one is told; what they count together bounds the memory. */
    @Test
    void theFirstOfALargeTensorIsTold() throws Exception {
        int rows = 140_001; // 5 columns: 700,005 elements, no whole number of anything
        var model = new TinyModel().add("embed_tokens.weight", rows, TinyModel.EMBEDDING);
        model.config.put("vocab_size", rows);
        try (var checkpoint = Checkpoint.open(model.write(folder))) {
            var tiles = new TiledCsl(rows, TinyModel.EMBEDDING);
            var options = EncodeOptions.DEFAULT.withFormat(Format.TILED_CSL);
            var matrix = checkpoint.matrix("lm_head", options);
            assertEquals((matrix.nonzeros() + 3 * tiles.tiles()) / 4 * 16 + 4 * (tiles.tiles() + 1),
                    checkpoint.matrixBytes("lm_head", Format.TILED_CSL));
        }
        var bytes = ByteBuffer.wrap(model.data("embed_tokens.weight").bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int at : new int[]{700_004, 524_289, 524_288, 300_002, 262_143}) { // from the last to the first
            bytes.putShort(2 * at, (short) 0x7e00);
            try (var checkpoint = Checkpoint.open(model.write(folder))) {
                TinyModel.refused(() -> checkpoint.matrix("lm_head"), "NaN at [" + at / 5 + ", " + at % 5 + "]");
            }
        }
    }

    /** Numbers whose bits are nearly those of infinity are numbers. */
    @Test
    void theLargestNumbersAreFinite() throws Exception {
        for (var type : List.of("F16", "BF16")) {
            var model = new TinyModel(type);
            var bytes = ByteBuffer.wrap(model.data("layers.0.fc1.weight").bytes()).order(ByteOrder.LITTLE_ENDIAN);
            int largest = type.equals("F16") ? 0x7bff : 0x7f7f;
            for (int i = 0; i < 42; i++) bytes.putShort(2 * i, (short) (i % 2 == 0 ? largest : largest | 0x8000));
            try (var checkpoint = Checkpoint.open(model.write(folder))) {
                assertEquals(42, checkpoint.matrix("layers.0.fc1").nonzeros());
                assertEquals(type.equals("F16") ? 65504f : 0x1.fep127f,
                        checkpoint.tensor("layers.0.fc1.weight").floats()[0]);
            }
        }
    }

    /** The two that share eight bytes are looked at apart from each other. */
    @Test
    void theLargestNumbersOfFp32AreFinite() throws Exception {
        var model = new TinyModel("F32");
        var bytes = ByteBuffer.wrap(model.data("layers.0.fc1.bias").bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < TinyModel.FFN; i++) bytes.putFloat(4 * i, i % 3 == 0 ? -Float.MAX_VALUE : Float.MAX_VALUE);
        try (var checkpoint = Checkpoint.open(model.write(folder))) {
            assertEquals(Float.MAX_VALUE, checkpoint.tensor("layers.0.fc1.bias").floats()[6 - 1]);
        }
    }

    @Test
    void fp32IsRoundedOnceToFp16() throws Exception {
        var model = new TinyModel("F32");
        var bytes = ByteBuffer.wrap(model.data("layers.0.fc1.weight").bytes()).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putFloat(0, 1 + 0x1p-11f); // a tie: to even, down
        bytes.putFloat(4, 1 + 0x3p-11f); // a tie: to even, up
        bytes.putFloat(8, 65519); // the last that becomes 65,504
        bytes.putFloat(12, 0x1p-26f); // becomes zero
        try (var checkpoint = Checkpoint.open(model.write(folder))) {
            var matrix = checkpoint.matrix("layers.0.fc1");
            assertEquals(ValueType.F16, matrix.valueType());
            var decoded = new short[42];
            matrix.decode(MemorySegment.ofArray(decoded));
            assertEquals(0x3c00, decoded[0]);
            assertEquals(0x3c02, decoded[1]);
            assertEquals(0x7bff, decoded[2]);
            assertEquals(0, decoded[3]);
            assertEquals(1 + 0x1p-11f, checkpoint.tensor("layers.0.fc1.weight").floats()[0], "as it is in the file");
            assertTrue(matrix.encodedBytes() <= checkpoint.matrixBytes("layers.0.fc1", FormatChoice.FEWEST_BYTES));
            // what rounding makes zero does not change the format that the bound was of
            var asked = new ArrayList<Long>();
            FormatChoice choice = (m, k, nonzeros) -> {
                asked.add(nonzeros);
                return Format.DENSE;
            };
            assertEquals(8192, checkpoint.encodedBytes("layers.0.fc1", choice));
            assertEquals(Format.DENSE,
                    checkpoint.matrix("layers.0.fc1", EncodeOptions.DEFAULT.withFormat(choice)).format());
            assertEquals(List.of(matrix.nonzeros() + 1, matrix.nonzeros() + 1), asked);
        }
        bytes.putFloat(8, 65520).putFloat(16, -1e6f);
        try (var checkpoint = Checkpoint.open(model.write(folder))) {
            TinyModel.refused(() -> checkpoint.matrix("layers.0.fc1"),
                    "'model.decoder.layers.0.fc1.weight' has 2 weights",
                    "65,504");
        }
    }

    @Test
    void bf16StaysBf16() throws Exception {
        try (var checkpoint = Checkpoint.open(new TinyModel("BF16").write(folder))) {
            var tensor = checkpoint.tensor("layers.0.fc1.weight");
            assertEquals(DenseType.BF16, tensor.type());
            assertEquals(ValueType.BF16, checkpoint.matrix("layers.0.fc1").valueType());
            assertSame(tensor, checkpoint.matrix("layers.0.fc1"), "fc1");
            var part = new float[5];
            tensor.floats(7, part, 2, 3);
            assertArrayEquals(new float[]{0, 0, tensor.floats()[7], tensor.floats()[8], tensor.floats()[9]}, part);
            assertThrows(IndexOutOfBoundsException.class, () -> tensor.floats(40, part, 0, 3));
        }
    }

    @Test
    void aTensorIsAsLongAsItSaysAndCanNotBeWritten() {
        var data = MemorySegment.ofArray(new byte[12]);
        assertTrue(new Tensor("x", DenseType.F16, List.of(2L, 3L), data).data().isReadOnly());
        assertEquals(3, new Tensor("x", DenseType.F32, List.of(3L), data).elements());
        assertThrows(IllegalArgumentException.class, () -> new Tensor("x", DenseType.F16, List.of(3L), data));
    }

    @Test
    void filesFromMemory() throws Exception {
        new TinyModel().write(folder);
        var bytes = Files.readAllBytes(folder.resolve("model.safetensors"));
        var config = OptConfig.read(folder.resolve("config.json"));
        var file = Safetensors.of(Path.of("bundled/model.safetensors"), MemorySegment.ofArray(bytes));
        try (var model = Checkpoint.of(config, List.of(file));
                var same = Checkpoint.open(folder)) {
            assertEquals(Path.of("bundled"), model.folder());
            assertEquals(same.config(), model.config());
            assertEquals(-1, same.matrix("layers.1.fc2").section("entries").bytes()
                    .mismatch(model.matrix("layers.1.fc2", EncodeOptions.DEFAULT.withThreads(1)).section("entries")
                            .bytes()));
            TinyModel.refused(() -> CheckpointWriter.create(model, folder.resolve("out")),
                    "no config.json to copy");
        }
    }

    @Test
    void foldersThatAreNoCheckpoint() throws Exception {
        TinyModel.refused(folder.resolve("missing"), "no such folder");
        TinyModel.refused(folder, "is an empty folder");
        var gguf = Files.write(folder.resolve("model.gguf"), new byte[10]);
        TinyModel.refused(gguf, "is a file", "GGUF", "Hugging Face checkpoint");
        TinyModel.refused(folder, "no model.safetensors", "GGUF");
        Files.write(folder.resolve("pytorch_model.bin"), new byte[10]);
        TinyModel.refused(folder, "pytorch_model.bin", "save_pretrained(FOLDER, safe_serialization=True)");
        Files.delete(folder.resolve("pytorch_model.bin"));
        Files.write(folder.resolve("pytorch_model.bin.index.json"), new byte[10]);
        TinyModel.refused(folder, "safe_serialization=True");
        new TinyModel().write(folder);
        TinyModel.refused(folder.resolve("model.safetensors"), "is a file; give the folder");
        Files.delete(folder.resolve("config.json"));
        TinyModel.refused(folder, "config.json", "no such file");
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"gpt2\"}");
        TinyModel.refused(folder, "'gpt2'");
    }

    /** A hub's cache is made of links. */
    @Test
    void linksLeadToFiles() throws Exception {
        var real = new TinyModel().writeShards(folder.resolve("blobs"));
        var snapshot = Files.createDirectory(folder.resolve("snapshot"));
        try (var files = Files.list(real)) {
            for (var f : files.toList()) Files.createSymbolicLink(snapshot.resolve(f.getFileName()), f);
        }
        try (var model = Checkpoint.open(snapshot)) {
            assertEquals(TinyModel.FFN, model.matrix("layers.1.fc1").m());
        }
        Files.delete(real.resolve("model.safetensors.index.json"));
        TinyModel.refused(snapshot, "model.safetensors.index.json is a link to a file that is gone");
    }

    /** Whether it opens or not, nothing stays mapped. */
    @Test
    void nothingStaysMapped() throws Exception {
        var maps = Path.of("/proc/self/maps");
        assumeTrue(Files.isReadable(maps), "this system does not tell what is mapped");
        var tiny = new TinyModel();
        tiny.writeShards(folder);
        try (var model = Checkpoint.open(folder)) {
            assertEquals(TinyModel.HIDDEN, model.config().hidden());
            assertTrue(Files.readString(maps).contains(folder.toString()), "mapped while it is open");
        }
        assertFalse(Files.readString(maps).contains(folder.toString()), "mapped after it was closed");
        tiny.remove("layers.0.fc1.bias").writeShards(folder);
        TinyModel.refused(folder, "lacks");
        tiny.config.put("num_attention_heads", 5);
        tiny.writeShards(folder);
        TinyModel.refused(folder, "num_attention_heads");
        Files.write(folder.resolve("model-00002-of-00002.safetensors"), new byte[30]);
        tiny.config.put("num_attention_heads", 3);
        Files.writeString(folder.resolve("config.json"), tiny.config.toString());
        TinyModel.refused(folder, "model-00002-of-00002.safetensors");
        Files.delete(folder.resolve("config.json"));
        assertFalse(Files.readString(maps).contains(folder.toString()), "mapped after it was refused");
    }

    @Test
    void closingTwiceIsAllowed() throws Exception {
        var model = Checkpoint.open(new TinyModel().write(folder));
        var matrix = model.matrix("layers.0.fc1");
        model.close();
        model.close();
        assertEquals(42, matrix.m() * matrix.k());
        matrix.validate();
    }
}
