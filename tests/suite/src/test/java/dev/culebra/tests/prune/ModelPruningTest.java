package dev.culebra.tests.prune;

import dev.culebra.llm.checkpoint.Checkpoint;
import dev.culebra.llm.checkpoint.CheckpointException;
import dev.culebra.llm.checkpoint.OptTensors;
import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.llm.checkpoint.SafetensorsWriter;
import dev.culebra.llm.checkpoint.TensorType;
import dev.culebra.llm.opt.OptModel;
import dev.culebra.llm.prune.MagnitudePruning;
import dev.culebra.llm.prune.ModelPruning;
import dev.culebra.llm.prune.PruneListener;
import dev.culebra.llm.prune.PruneMethod;
import dev.culebra.llm.prune.PruneOptions;
import dev.culebra.llm.prune.PruneReport;
import dev.culebra.sparse.DenseType;
import dev.culebra.spmm.Spmm;
import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Whole models of random weights: which tensors change, how many zeros they get, what is refused. */
class ModelPruningTest {
    @TempDir
    Path folder;

    /** Text of random tokens, in windows of different lengths. */
    private static List<int[]> windows(Path model) throws IOException {
        try (var source = Checkpoint.open(model)) {
            var random = new SplittableRandom(3);
            int vocabulary = source.config().vocabulary();
            return Stream.of(32, 1, 20, 32, 7).map(n -> random.ints(n, 0, vocabulary).toArray()).toList();
        }
    }

    private static PruneReport prune(Path model, PruneMethod method, double sparsity, Path out) throws IOException {
        try (var device = Spmm.open("cpu")) {
            return ModelPruning.prune(model, new PruneOptions(method, sparsity), windows(model), out, device,
                    PruneListener.NONE);
        }
    }

    static Stream<Arguments> modelsAndMethods() {
        return Models.RANDOM.stream().flatMap(m -> Stream.of(PruneMethod.values()).map(p -> Arguments.of(m, p)));
    }

    @ParameterizedTest
    @MethodSource("modelsAndMethods")
    void theLayersProductsBecomeSparseAndNothingElseChanges(String model, PruneMethod method) throws IOException {
        double sparsity = model.contains("sparse70") ? 0.8 : 0.63;
        var out = folder.resolve("out");
        var report = prune(Models.folder(model), method, sparsity, out);
        long elements = 0;
        long zeros = 0;
        try (var before = Checkpoint.open(Models.folder(model)); var after = Checkpoint.open(out)) {
            assertEquals(before.config(), after.config());
            var tensors = OptTensors.of(before.config());
            for (var name : tensors.shapes().keySet()) {
                var linear = tensors.linears().stream().filter(l -> l.weight().equals(name) && l.pruned()).findFirst();
                var now = after.tensor(name);
                assertEquals(before.tensor(name).type(), now.type(), name);
                if (linear.isEmpty()) {
                    assertEquals(-1, before.tensor(name).data().mismatch(now.data()), name);
                    continue;
                }
                int m = linear.get().m();
                int k = linear.get().k();
                var values = Matrix.values(now.data(), now.type(), m, k);
                int found = Matrix.zeros(values);
                switch (method) {
                    case MAGNITUDE -> {
                        assertEquals((int) Math.floor(sparsity * m * k), found, name);
                        var expected = MemorySegment.ofArray(before.tensor(name).data().toArray(ValueLayout.JAVA_BYTE));
                        MagnitudePruning.prune(expected, now.type(), sparsity);
                        assertEquals(-1, expected.mismatch(now.data()), name);
                    }
                    case WANDA -> {
                        var dense = Matrix.values(before.tensor(name).data(), now.type(), m, k);
                        for (int r = 0; r < m; r++) {
                            // A row that was sparser stays so.
                            int wanted = Math.max((int) Math.floor(sparsity * k), Matrix.zeros(dense[r]));
                            assertEquals(wanted, Matrix.zeros(values[r]), name + " row " + r);
                            for (int j = 0; j < k; j++) {
                                if (values[r][j] != 0)
                                    assertEquals(dense[r][j], values[r][j], name + " " + r + "," + j);
                            }
                        }
                    }
                    // One that stays may round to zero.
                    case SPARSEGPT -> assertEquals(Math.floor(sparsity * m * k), found, 2, name);
                }
                elements += (long) m * k;
                zeros += found;
            }
        }
        assertEquals(new PruneReport(elements, zeros), report);
        try (var device = Spmm.open("cpu");
                var loaded = OptModel.load(out, device);
                var session = loaded.newSession()) {
            for (float logit : session.logits(new int[]{2, 5, 7})) assertTrue(Float.isFinite(logit));
        }
    }

    /** Pruned on what a text makes of it, a model of random weights stays nearer to what it was. */
    @ParameterizedTest
    @EnumSource(names = {"MAGNITUDE", "WANDA"})
    void sparseGptStaysNearer(PruneMethod other) throws IOException {
        var model = Models.folder("opt-postln-proj");
        prune(model, other, 0.6, folder.resolve("other"));
        prune(model, PruneMethod.SPARSEGPT, 0.6, folder.resolve("sparsegpt"));
        var ids = windows(model).getFirst();
        var dense = logits(model, ids);
        double distance = distance(dense, logits(folder.resolve("sparsegpt"), ids));
        double others = distance(dense, logits(folder.resolve("other"), ids));
        assertTrue(distance < others, distance + " against " + others);
    }

    private static float[] logits(Path model, int[] ids) throws IOException {
        try (var device = Spmm.open("cpu");
                var loaded = OptModel.load(model, device);
                var session = loaded.newSession()) {
            return session.logits(ids);
        }
    }

    private static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) sum += Math.pow(a[i] - (double) b[i], 2);
        return Math.sqrt(sum);
    }

    @ParameterizedTest
    @EnumSource
    void noneAndAll(PruneMethod method) throws IOException {
        var model = Models.folder("opt-postln-proj");
        var none = prune(model, method, 0, folder.resolve("none"));
        assertEquals(-1, Files.mismatch(model.resolve("model.safetensors"), folder.resolve("none/model.safetensors")));
        var all = prune(model, method, 1, folder.resolve("all"));
        assertEquals(none.elements(), all.zeros());
        assertEquals(1, all.sparsity());
    }

    @ParameterizedTest
    @EnumSource
    void fp32(PruneMethod method) throws IOException {
        var half = Models.folder("opt-preln");
        var single = inFp32(half, Files.createDirectory(folder.resolve("fp32")));
        prune(half, method, 0.5, folder.resolve("half"));
        prune(single, method, 0.5, folder.resolve("single"));
        try (var a = Checkpoint.open(folder.resolve("half")); var b = Checkpoint.open(folder.resolve("single"))) {
            for (var linear : OptTensors.of(a.config()).linears()) {
                if (!linear.pruned()) continue;
                var tensor = b.tensor(linear.weight());
                assertEquals(DenseType.F32, tensor.type());
                var expected = Matrix.values(a.tensor(linear.weight()).data(), DenseType.F16, linear.m(), linear.k());
                var actual = Matrix.values(tensor.data(), DenseType.F32, linear.m(), linear.k());
                if (method != PruneMethod.SPARSEGPT) {
                    for (int r = 0; r < linear.m(); r++) assertArrayEquals(expected[r], actual[r], linear.name());
                    continue;
                }
                // Rounding to F16 in the layers before moves a choice here and there.
                assertEquals(Math.floor(0.5 * linear.elements()), Matrix.zeros(actual), 2, linear.name());
                if (linear.layer() == 0 && linear.name().endsWith("q_proj")) {
                    // The first sees the same inputs: half of F16's spacing between, which is 2^-11 of the value, or 2^-25.
                    for (int r = 0; r < linear.m(); r++) {
                        for (int j = 0; j < linear.k(); j++) {
                            assertEquals(actual[r][j], expected[r][j], 0x1p-25 + 0x1.1p-11 * Math.abs(actual[r][j]));
                        }
                    }
                }
            }
        }
    }

    private static Path inFp32(Path half, Path out) throws IOException {
        Files.writeString(out.resolve("config.json"),
                Files.readString(half.resolve("config.json")).replace("float16", "float32"));
        try (var source = Safetensors.open(half.resolve("model.safetensors"));
                var writer = SafetensorsWriter.create(out.resolve("model.safetensors"), source.metadata(),
                        source.tensors().stream()
                                .map(t -> new SafetensorsWriter.Declaration(t.name(), TensorType.F32, t.shape()))
                                .toArray(SafetensorsWriter.Declaration[]::new))) {
            for (var target : writer.tensors()) {
                var from = source.data(source.tensor(target.name()));
                var to = MemorySegment.ofArray(new byte[Math.toIntExact(2 * from.byteSize())]);
                for (long i = 0; i < from.byteSize() / 2; i++) {
                    to.set(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 4 * i,
                            Float.float16ToFloat(
                                    from.get(ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN),
                                            2 * i)));
                }
                writer.write(target, 0, to);
            }
            writer.commit();
        }
        return out;
    }

    @Test
    void tellsOfEachMatrixInOrder() throws IOException {
        var model = Models.folder("opt-preln");
        var told = new ArrayList<String>();
        try (var device = Spmm.open("cpu")) {
            ModelPruning.prune(model, new PruneOptions(PruneMethod.SPARSEGPT, 0.5), windows(model),
                    folder.resolve("out"), device,
                    (linear, done, total) -> told.add(linear + " " + done + "/" + total));
        }
        var expected = new ArrayList<String>();
        for (int layer = 0; layer < 2; layer++) {
            for (var name : OptTensors.LAYER_LINEARS) {
                expected.add("layers." + layer + "." + name + " " + (expected.size() + 1) + "/12");
            }
        }
        assertEquals(expected, told);
    }

    @Test
    void magnitudeNeedsNeitherTextNorDevice() throws IOException {
        var report = ModelPruning.prune(Models.folder("opt-preln"), new PruneOptions(PruneMethod.MAGNITUDE, 0.5),
                List.of(),
                folder.resolve("out"), null, PruneListener.NONE);
        assertEquals(0.5, report.sparsity());
    }

    private String refused(Path model, PruneMethod method, List<int[]> windows) throws IOException {
        var out = folder.resolve("out");
        try (var device = Spmm.open("cpu")) {
            var e = assertThrows(IllegalArgumentException.class, () -> ModelPruning.prune(model,
                    new PruneOptions(method, 0.5), windows, out, device, PruneListener.NONE));
            assertFalse(Files.exists(out));
            try (var left = Files.list(folder)) {
                assertEquals(List.of(), left.filter(p -> !p.equals(model)).toList());
            }
            return e.getMessage();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"WANDA", "SPARSEGPT"})
    void refusesATextThatWillNotDo(PruneMethod method) throws IOException {
        var model = Models.folder("opt-preln");
        assertEquals(method.id() + " needs a calibration text of at least one window",
                refused(model, method, List.of()));
        assertTrue(refused(model, method, List.of(new int[]{1, 999_999})).contains("999999"));
        assertTrue(refused(model, method, List.of(new int[100_000])).contains("100000"));
        // 2^20 references to one window: hidden states of 2^20 * 2^14 * 128 * 4 bytes, 8 TiB.
        var much = refused(model, method, Collections.nCopies(1 << 20, new int[1 << 14]));
        assertTrue(much.contains("17179869184 tokens take ") && much.contains(" GiB") && much.contains("-Xmx"), much);
    }

    @Test
    void refusesWeightsThatAreNoNumbers() throws IOException {
        var model = Models.copy("opt-preln", Files.createDirectory(folder.resolve("model")));
        try (var file = Safetensors.open(model.resolve("model.safetensors"))) {
            var tensor = file.tensors().stream().filter(t -> t.name().endsWith("layers.1.fc2.weight")).findFirst()
                    .orElseThrow();
            var bytes = Files.readAllBytes(model.resolve("model.safetensors"));
            long header = 8 + MemorySegment.ofArray(bytes)
                    .get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
            bytes[(int) (header + tensor.begin()) + 7] = 0x7e; // element 3
            Files.write(model.resolve("model.safetensors"), bytes);
        }
        for (var method : PruneMethod.values()) {
            var e = assertThrows(CheckpointException.class, () -> prune(model, method, 0.5, folder.resolve("out")));
            assertTrue(e.getMessage().contains("layers.1.fc2.weight") && e.getMessage().contains("NaN"),
                    e.getMessage());
            assertFalse(Files.exists(folder.resolve("out")));
        }
    }

    @Test
    void refusesActivationsThatAreNoNumbers() throws IOException {
        // 3.2e38 and its negative in turn are finite in bf16, and what they make of anything is not.
        var model = Models.copy("opt-gelu-nobias-untied-bf16", Files.createDirectory(folder.resolve("model")));
        try (var file = Safetensors.open(model.resolve("model.safetensors"))) {
            var bytes = Files.readAllBytes(model.resolve("model.safetensors"));
            long header = 8 + MemorySegment.ofArray(bytes)
                    .get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
            var tensor = file.tensors().stream().filter(t -> t.name().endsWith("layers.0.fc1.weight")).findFirst()
                    .orElseThrow();
            for (long i = 1; i < tensor.bytes(); i += 2) {
                bytes[(int) (header + tensor.begin() + i)] = (byte) (i % 4 == 1 ? 0x7f : 0xff);
                bytes[(int) (header + tensor.begin() + i) - 1] = 0x70;
            }
            Files.write(model.resolve("model.safetensors"), bytes);
        }
        for (var method : new PruneMethod[]{PruneMethod.WANDA, PruneMethod.SPARSEGPT}) {
            var message = refused(model, method, windows(model));
            assertTrue(message.contains("layers.0.fc2: input ") || message.contains("layers.0.fc1: row "), message);
        }
    }

    @Test
    void refusesATargetThatIsThere() throws IOException {
        var out = Files.createDirectory(folder.resolve("out"));
        Files.writeString(out.resolve("precious"), "text");
        assertThrows(CheckpointException.class,
                () -> prune(Models.folder("opt-preln"), PruneMethod.MAGNITUDE, 0.5, out));
        assertEquals("text", Files.readString(out.resolve("precious")));
    }

    @Test
    void refusesASparsityThatIsNone() {
        for (double sparsity : new double[]{-0.1, 1.01, Double.NaN}) {
            assertThrows(IllegalArgumentException.class, () -> new PruneOptions(PruneMethod.WANDA, sparsity));
        }
    }
}
