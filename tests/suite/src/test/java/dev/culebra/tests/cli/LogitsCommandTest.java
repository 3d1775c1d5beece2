package dev.culebra.tests.cli;

import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.llm.checkpoint.TensorType;
import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** {@code logits}: the file holds what Hugging Face's own OPT computes. */
class LogitsCommandTest {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    @TempDir
    Path folder;

    static List<String> random() { return Models.RANDOM; }

    static float[] floats(MemorySegment data) {
        var floats = new float[(int) (data.byteSize() / 4)];
        for (int i = 0; i < floats.length; i++) floats[i] = data.get(FLOAT, 4L * i);
        return floats;
    }

    private static String ids(Safetensors expected, String name) throws IOException {
        var tensor = expected.tensor(name);
        var data = expected.data(tensor);
        var ids = new ArrayList<Integer>();
        for (long i = 0; i < tensor.elements(); i++) {
            ids.add(tensor.type() == TensorType.I64
                    ? (int) data.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 8 * i)
                    : data.get(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 4 * i));
        }
        return GenerateCommandTest.commas(ids);
    }

    /** Within 1e-4 of the largest absolute logit, the bound that the issue sets; a wrong GELU is off by 2e-4. */
    @ParameterizedTest
    @MethodSource("random")
    void theFileHoldsHuggingFacesLogits(String model) throws IOException {
        var output = folder.resolve("logits.safetensors");
        try (var expected = Safetensors.open(Models.folder(model).resolve("expected.safetensors"))) {
            for (int c = 0;; c++) {
                var name = "case" + c + ".logits";
                if (expected.tensors().stream().noneMatch(t -> t.name().equals(name))) {
                    assertTrue(c > 0, "no case in " + model);
                    break;
                }
                var json = Run.json("logits", Models.folder(model), "--ids", ids(expected, "case" + c + ".input_ids"),
                        "--output", output, "--device", "cpu", "--json");
                var tensor = expected.tensor(name);
                assertEquals(tensor.shape(), List.of(json.get("tokens").asLong(), json.get("vocabulary").asLong()));
                assertEquals("cpu", json.get("device").asText());
                var wanted = floats(expected.data(tensor));
                try (var file = Safetensors.open(output)) {
                    var made = file.onlyTensor();
                    assertEquals("logits", made.name());
                    assertEquals(TensorType.F32, made.type());
                    assertEquals(tensor.shape(), made.shape());
                    compare(wanted, floats(file.data(made)), model + " " + name);
                }
            }
        }
    }

    private static void compare(float[] wanted, float[] made, String what) {
        double largest = 0;
        for (float w : wanted) largest = Math.max(largest, Math.abs(w));
        int worst = 0;
        for (int i = 0; i < wanted.length; i++) {
            // Written so that a NaN is the worst.
            if (!(Math.abs(made[i] - wanted[i]) <= Math.abs(made[worst] - wanted[worst]))) worst = i;
        }
        assertTrue(Math.abs(made[worst] - wanted[worst]) <= 1e-4 * largest,
                what + ": element " + worst + " is " + made[worst] + ", wanted " + wanted[worst] + ", largest "
                        + largest);
    }

    @Test
    void anExistingFileIsReplacedAndALineSaysWhat() throws IOException {
        var output = Files.writeString(folder.resolve("l"), "old");
        var line = Run.ok("logits", Models.folder("opt-preln"), "--ids", "2,3", "--output", output).out();
        assertTrue(line.startsWith(output + ": logits [2, "), line);
        assertEquals(1, line.lines().count());
        try (var file = Safetensors.open(output)) {
            assertEquals("culebra logits", file.metadata().get("made_by"));
        }
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count(), "leftovers");
        }
    }

    @Test
    void theModelsOwnFilesAreNotOverwritten() throws IOException {
        var model = Models.copy("opt-preln", Files.createDirectory(folder.resolve("m")));
        var weights = model.resolve("model.safetensors");
        Run.of("logits", model, "--ids", "2", "--output", weights).failed(1,
                weights + ": is also read by this command");
        assertEquals(-1, Files.mismatch(weights, Models.folder("opt-preln").resolve("model.safetensors")));
    }
}
