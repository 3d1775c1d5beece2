package dev.culebra.tests.cli;

import dev.culebra.driver.Cuda;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

class DemoAndInfoTest {
    @Test
    void demoRunsTheWholePath() throws Exception {
        var json = Run.json("demo", "--json");
        assertEquals("model.decoder.layers.0.fc1.weight", json.get("layer").asText());
        assertEquals(768, json.get("m").asInt());
        assertEquals(192, json.get("k").asInt());
        assertEquals(8, json.get("n").asInt());
        // floor(0.6 * 147456) = 88473 are zero at least; the trained weights have few zeros of their own.
        assertEquals(147_456 - 88_473, json.get("nonzeros").asInt());
        assertEquals(294_912, json.get("dense_bytes").asInt());
        assertTrue(json.get("encoded_bytes").asInt() >= 4 * json.get("nonzeros").asInt());
        assertEquals(Cuda.available().available() ? "cuda" : "cpu", json.get("device").asText());
        assertEquals("emulator", json.at("/emulator/device").asText());
        for (var prefix : new String[]{"", "/emulator"}) {
            assertFalse(json.at(prefix + "/kernel").asText().isEmpty());
            assertTrue(json.at(prefix + "/time_ms").asDouble() > 0);
            double relative = json.at(prefix + "/max_relative_error").asDouble(Double.NaN);
            assertTrue(relative > 0 && relative <= json.at(prefix + "/tolerance").asDouble(), json.toString());
            assertEquals(192 * 0x1p-23, json.at(prefix + "/tolerance").asDouble());
            // Products of weights of 0.1 and activations of 1, a hundred of them: an error of 1e-4 would be a wrong result.
            assertTrue(json.at(prefix + "/max_error").asDouble(Double.NaN) < 1e-4, json.toString());
        }
        var generation = json.get("generation");
        assertEquals("And God said", generation.get("prompt").asText());
        // Up to the end of the verse; a weight is two bytes, and an entry of a sparse one four.
        assertEquals(
                "And God said unto him, Thou shalt not go over the land of Egypt, but shalt not go over the land which the "
                        + "LORD thy God giveth thee.",
                generation.at("/dense/text").asText());
        long head = 1024 * 192;
        long layers = 5 * (4 * 192 * 192 + 2 * 768 * 192);
        assertEquals(2 * (head + layers), generation.at("/dense/weight_bytes").asLong());
        long pruned = generation.at("/pruned/weight_bytes").asLong() - 2 * head;
        boolean fasterDense = !Cuda.available().available() || Cuda.open().device(0).name().contains("H200"); // faster at 60%
        assertTrue(pruned >= 4 * 0.4 * layers && pruned <= 1.05 * 4 * 0.4 * layers, generation.toString());
        var text = generation.at("/pruned/text").asText();
        assertTrue(text.startsWith("And God said ") && text.length() > 30, text);
        for (var form : new String[]{"/dense", "/pruned"}) {
            assertTrue(generation.at(form + "/tokens_per_second").asDouble() > 0, generation.toString());
            assertTrue(generation.at(form + "/new_tokens").asInt() > 5, generation.toString());
        }

        var table = Run.ok("demo").out();
        assertTrue(table.lines().allMatch(l -> l.length() <= 100), table);
        assertTrue(table.contains("Both are right"), table);
        assertTrue(table.replaceAll("\\s+", " ").contains(text), table);
        assertEquals(fasterDense, table.contains("load such a checkpoint dense"), table);
        assertTrue(
                table.contains("fc1.weight [768, 192]") && table.contains("60.0% zero") && table.contains("emulator"),
                table);
    }

    @Test
    void infoSaysWhatThereIsAndWhyNot() throws Exception {
        var json = Run.json("info", "--json");
        assertEquals(Runtime.version().toString(), json.at("/jvm/version").asText());
        assertEquals(Runtime.getRuntime().availableProcessors(), json.at("/cpu/threads").asInt());
        assertFalse(json.at("/cpu/description").asText().isEmpty());
        var cuda = Cuda.available();
        assertEquals(cuda.available(), json.at("/cuda/available").asBoolean());
        if (!cuda.available()) assertEquals(cuda.reason(), json.at("/cuda/reason").asText());
        assertTrue(json.at("/emulator/available").asBoolean(), json.toString());
        var device = json.at("/emulator/devices/0");
        var expected = Cuda.open("emulator").device(0);
        assertEquals(expected.name(), device.get("name").asText());
        assertEquals(expected.totalMemory(), device.get("memory_bytes").asLong());
        assertEquals(expected.computeCapability().major() + "." + expected.computeCapability().minor(),
                device.get("compute_capability").asText());
        assertEquals(expected.multiprocessors(), device.get("multiprocessors").asInt());
        assertTrue(device.get("l2_bytes").asLong() > 0 && device.get("shared_bytes_per_block").asLong() >= 48 << 10);

        var lines = Run.ok("info").out();
        for (var start : new String[]{"culebra ", "java ", "cpu ", "cuda ", "emulator "}) {
            assertTrue(lines.lines().anyMatch(l -> l.startsWith(start)), lines);
        }
    }
}
