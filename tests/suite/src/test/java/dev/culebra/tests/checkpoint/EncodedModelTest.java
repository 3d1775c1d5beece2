package dev.culebra.tests.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.culebra.llm.checkpoint.Checkpoint;
import dev.culebra.llm.checkpoint.EncodedModel;
import dev.culebra.llm.checkpoint.ModelSource;
import dev.culebra.llm.checkpoint.OptTensors;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

import static dev.culebra.tests.checkpoint.CheckpointWriterTest.names;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

class EncodedModelTest {
    @TempDir
    Path folder;

    private static EncodedModel.Summary encode(Path in, Path out) throws IOException {
        try (var source = Checkpoint.open(in)) {
            return EncodedModel.write(source, out, EncodeOptions.DEFAULT);
        }
    }

    private Path encodeTiny() throws IOException {
        encode(new TinyModel().write(folder.resolve("in")), folder.resolve("out"));
        return folder.resolve("out");
    }

    /** Takes everything that there is out of a model. */
    private static void readAll(Path out) throws IOException {
        try (var model = ModelSource.open(out)) {
            var shape = OptTensors.of(model.config());
            for (var linear : shape.linears()) model.matrix(linear.name());
            for (var name : shape.shapes().keySet()) model.find(name);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.culebra.tests.checkpoint.CheckpointTest#models")
    void whatIsReadIsWhatWasWritten(String name) throws Exception {
        var in = Models.folder(name);
        var out = folder.resolve("out");
        var summary = encode(in, out);
        assertEquals(List.of("out"), names(folder));
        try (var source = Checkpoint.open(in); var model = ModelSource.open(out)) {
            assertTrue(model instanceof EncodedModel);
            assertEquals(source.config(), model.config());
            assertEquals(summary, ((EncodedModel) model).summary());
            var shape = OptTensors.of(model.config());
            long nonzeros = 0;
            for (var linear : shape.linears()) {
                var before = source.matrix(linear.name());
                var after = model.matrix(linear.name());
                assertEquals(before.toString(), after.toString());
                for (int i = 0; i < before.sections().size(); i++) {
                    assertEquals(-1, before.sections().get(i).bytes().mismatch(after.sections().get(i).bytes()),
                            linear.name());
                }
                nonzeros += before.nonzeros();
                assertEquals(0, model.matrixBytes(linear.name(), Format.DENSE), "mapped");
                long bound = model.encodedBytes(linear.name(), Format.DENSE);
                assertTrue(bound >= after.encodedBytes() && bound < after.encodedBytes() + 1000, linear + ": " + bound);
            }
            assertEquals(nonzeros, summary.nonzeros());
            assertEquals(shape.linearElements(), summary.elements());
            assertEquals(2 * summary.elements(), summary.denseBytes());
            for (var tensor : shape.shapes().keySet()) {
                boolean weights = shape.linears().stream().anyMatch(l -> l.weight().equals(tensor));
                assertEquals(!weights, model.find(tensor).isPresent(), tensor);
                if (!weights) {
                    assertEquals(source.tensor(tensor).type(), model.tensor(tensor).type());
                    assertEquals(-1, source.tensor(tensor).data().mismatch(model.tensor(tensor).data()), tensor);
                }
            }
        }
        for (var file : names(in)) {
            boolean goesAlong = !file.startsWith("expected") && !file.startsWith("model")
                    && !file.matches("(cal|held).*");
            assertEquals(goesAlong, Files.exists(out.resolve(file)), file);
            if (goesAlong) assertEquals(-1, Files.mismatch(in.resolve(file), out.resolve(file)), file);
        }
    }

    @Test
    void theSameCheckpointGivesTheSameBytes() throws Exception {
        encodeTiny();
        encode(folder.resolve("in"), folder.resolve("again"));
        for (var file : names(folder.resolve("out"))) {
            assertEquals(-1, Files.mismatch(folder.resolve("out").resolve(file), folder.resolve("again").resolve(file)),
                    file);
        }
    }

    @Test
    void progressGoesThroughAllProducts() throws Exception {
        var seen = new ArrayList<Long>();
        try (var source = Checkpoint.open(new TinyModel("F32").write(folder.resolve("in")))) {
            var summary = EncodedModel.write(source, folder.resolve("out"),
                    EncodeOptions.DEFAULT.withProgress(seen::add));
            assertEquals(OptTensors.of(source.config()).linearElements(), seen.getLast());
            assertEquals(seen.stream().sorted().toList(), seen, "rising");
            assertEquals(4 * summary.elements(), summary.denseBytes());
        }
        try (var model = EncodedModel.open(folder.resolve("out"))) {
            assertEquals(DenseType.F32, model.tensor("layers.0.fc1.bias").type());
        }
    }

    @Test
    void badWeightsLeaveNothing() throws Exception {
        for (var name : List.of("layers.1.fc2.weight", "final_layer_norm.bias")) {
            var tiny = new TinyModel();
            tiny.data(name).bytes()[5] = 0x7c;
            tiny.write(folder.resolve("in"));
            TinyModel.refused(() -> encode(folder.resolve("in"), folder.resolve("out")),
                    "'model.decoder." + name + "'");
            assertEquals(List.of("in"), names(folder));
        }
        TinyModel.refused(() -> encode(folder.resolve("in"), folder.resolve("in/out")), "lies in");
    }

    @Test
    void theTwoKindsAreToldApart() throws Exception {
        var out = encodeTiny();
        TinyModel.refused(() -> Checkpoint.open(out), "is an encoded model", "checkpoint is needed");
        TinyModel.refused(() -> EncodedModel.open(folder.resolve("in")), "culebra.json", "no such file");
        TinyModel.refused(() -> EncodedModel.open(out.resolve("culebra.json")), "is a file");
        try (var model = ModelSource.open(out)) {
            TinyModel.refused(() -> model.tensor("layers.0.fc1.weight"), "no tensor 'layers.0.fc1.weight'");
            TinyModel.refused(() -> model.matrix("layers.7.fc1"), "no product 'layers.7.fc1'");
            TinyModel.refused(() -> model.matrixBytes("layers.7.fc1", Format.DENSE), "no product 'layers.7.fc1'");
            TinyModel.refused(() -> model.encodedBytes("layers.7.fc1", Format.DENSE), "no product 'layers.7.fc1'");
        }
    }

    /** Any byte of any file, changed in any way: refused, or without effect on anything that is read. */
    @Test
    void everyDamagedByteIsFound() throws Exception {
        var out = encodeTiny();
        var random = new SplittableRandom(11);
        var unharmed = new TreeSet<String>();
        for (var name : names(out)) {
            var file = out.resolve(name);
            var good = Files.readAllBytes(file);
            for (int i = 0; i < 30; i++) {
                var bad = good.clone();
                int at = random.nextInt(bad.length);
                bad[at] ^= (byte) (1 << random.nextInt(8));
                Files.write(file, bad);
                try {
                    readAll(out);
                    unharmed.add(name);
                } catch (IOException e) {
                    assertTrue(e.getMessage().contains(out.toString()), e.getMessage());
                }
            }
            Files.write(file, good);
        }
        // Between the sections of a matrix lie zeros that nobody reads; the manifest has white space.
        unharmed.removeIf(n -> n.endsWith(".culebra"));
        unharmed.remove("culebra.json");
        assertEquals(List.of(), List.copyOf(unharmed));
        readAll(out);
    }

    @Test
    void truncatedAndMissingFiles() throws Exception {
        var out = encodeTiny();
        for (var name : names(out)) {
            var file = out.resolve(name);
            var good = Files.readAllBytes(file);
            for (int length : new int[]{0, 1, good.length / 2, good.length - 1}) {
                Files.write(file, java.util.Arrays.copyOf(good, length));
                assertThrows(IOException.class, () -> ModelSource.open(out).close(), name + " of " + length + " bytes");
            }
            Files.delete(file);
            assertThrows(IOException.class, () -> ModelSource.open(out).close(), name);
            Files.write(file, good);
        }
        Files.delete(out.resolve("layers.1.fc1.culebra"));
        TinyModel.refused(out, "layers.1.fc1.culebra: no such file, but culebra.json names it");
    }

    /** Two matrices of one shape in each other's place are sound, and still the wrong ones. */
    @Test
    void filesThatWereSwapped() throws Exception {
        var out = encodeTiny();
        // Of one length too, or the lengths would tell.
        var sizes = new java.util.HashMap<Long, Path>();
        for (var p : List.of("q_proj", "k_proj", "v_proj", "out_proj")) {
            var file = out.resolve("layers.0.self_attn." + p + ".culebra");
            var other = sizes.putIfAbsent(Files.size(file), file);
            if (other == null) continue;
            var bytes = Files.readAllBytes(file);
            Files.write(file, Files.readAllBytes(other));
            Files.write(other, bytes);
            var name = file.getFileName().toString().replace(".culebra", "");
            try (var model = ModelSource.open(out)) {
                TinyModel.refused(() -> model.matrix(name), "beginning is damaged", "CRC32C");
            }
            return;
        }
        throw new AssertionError("no two of one length: " + sizes);
    }

    /** A process that opens many models one after another must not run out of addresses. */
    @Test
    void nothingButMatricesStaysMapped() throws Exception {
        var maps = Path.of("/proc/self/maps");
        assumeTrue(Files.isReadable(maps), "this system does not tell what is mapped");
        var out = encodeTiny();
        try (var model = ModelSource.open(out)) {
            assertTrue(Files.readString(maps).contains(out + "/rest.safetensors"), "mapped while it is open");
            assertEquals(TinyModel.HIDDEN, model.config().hidden());
        }
        // A configuration that fits the matrices, but not the rest.
        var config = Files.readString(out.resolve("config.json")).replaceFirst("(max_position_embeddings\" : )9",
                "$18");
        Files.writeString(out.resolve("config.json"), config);
        var crc = new CRC32C();
        crc.update(config.getBytes(StandardCharsets.UTF_8));
        change(out,
                root -> ((ObjectNode) root.at("/files/config.json")).put("crc32c", "%08x".formatted(crc.getValue())));
        TinyModel.refused(out, "rest.safetensors: tensor 'embed_positions.weight' is [11, 6]", "[10, 6]");
        assertFalse(Files.readString(maps).contains(out + "/rest.safetensors"),
                "mapped after it was closed or refused");
    }

    private void change(Path out, Consumer<ObjectNode> change) throws IOException {
        var file = out.resolve("culebra.json");
        var root = (ObjectNode) new ObjectMapper().readTree(file.toFile());
        change.accept(root);
        Files.writeString(file, root.toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "/version|2|version is '2'|reads version 1", "/version|\"1\"|version is|reads version 1",
        "/version|1.5|version is|reads version 1", "/kind|\"x\"|kind is 'x'|culebra-model",
        "/files|[]|files must be an object|", "/products|3|products must be an object|",
        "/files/config.json/bytes|-1|'config.json': bytes is '-1'|whole number",
        "/files/config.json/bytes|77|has|says 77",
        "/files/config.json/crc32c|\"00000000\"|config.json: the file is damaged|says 00000000",
        "/files/config.json/crc32c|7|crc32c is '7'|hexadecimal",
        "/files/..~1x|{}|'../x' is no plain name|", "/files/x|{\"bytes\":1,\"crc32c\":\"00000000\"}|x: no such file|",
        "/products/lm_head/bytes|3|lm_head.culebra: has|says 3", "/products/lm_head/format|\"zip\"|format is|tiled-csl",
        "/products/lm_head/type|\"F32\"|type is|F16", "/products/lm_head/source_type|null|source_type is|F32",
        "/products/lm_head/type|\"BF16\"|lm_head.culebra: is|says BF16",
        "/products/lm_head/nonzeros|1|lm_head.culebra: is|1 nonzeros",
        "/products/extra|{\"bytes\":1,\"head_crc32c\":\"00000000\",\"format\":\"tiled-csl\",\"type\":\"F16\",\"source_type\":\"F16\",\"nonzeros\":1}|products has 'extra'|"})
    void aManifestThatIsWrong(String at, String value, String word, String other) throws Exception {
        var out = encodeTiny();
        var json = new ObjectMapper().readTree(value);
        change(out, root -> {
            var pointer = com.fasterxml.jackson.core.JsonPointer.compile(at);
            ((ObjectNode) root.at(pointer.head())).set(pointer.last().getMatchingProperty(), json);
        });
        TinyModel.refused(() -> readAll(out), word, other == null ? "" : other);
    }

    @Test
    void aFormatThatTheFileIsNotIn() throws Exception {
        var out = encodeTiny();
        change(out, root -> {
            var head = (ObjectNode) root.at("/products/lm_head");
            head.put("format", head.get("format").asText().equals("dense") ? "tiled-csl" : "dense");
        });
        TinyModel.refused(() -> readAll(out), "lm_head.culebra: is 11 x 5", "but culebra.json says");
    }

    @Test
    void aManifestThatLacksSomething() throws Exception {
        var out = encodeTiny();
        change(out, root -> ((ObjectNode) root.get("products")).remove("project_in"));
        TinyModel.refused(out, "products lacks 'project_in'");
        change(out, root -> ((ObjectNode) root.get("files")).remove("rest.safetensors"));
        TinyModel.refused(out, "files lacks 'rest.safetensors'");
    }

    /** A configuration that was changed afterwards does not fit, even with its checksum corrected. */
    @Test
    void aConfigurationOfAnotherModel() throws Exception {
        var out = encodeTiny();
        var tiny = new TinyModel();
        tiny.config.put("ffn_dim", 8);
        tiny.remove("layers.0.fc1.bias", "layers.1.fc1.bias").add("layers.0.fc1.bias", 8).add("layers.1.fc1.bias", 8);
        for (int i = 0; i < 2; i++) {
            tiny.add("layers." + i + ".fc1.weight", 8, 6).add("layers." + i + ".fc2.weight", 6, 8);
        }
        encode(tiny.write(folder.resolve("other-in")), folder.resolve("other"));
        var other = new ObjectMapper().readTree(folder.resolve("other/culebra.json").toFile());
        for (var file : List.of("config.json", "rest.safetensors")) {
            Files.copy(folder.resolve("other").resolve(file), out.resolve(file),
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            change(out, root -> ((ObjectNode) root.get("files")).set(file, other.get("files").get(file)));
        }
        try (var model = ModelSource.open(out)) {
            TinyModel.refused(() -> model.matrix("layers.0.fc1"), "is [7, 6], but config.json makes it [8, 6]");
        }
    }
}
