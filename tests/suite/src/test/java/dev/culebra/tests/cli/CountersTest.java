package dev.culebra.tests.cli;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** {@code --counters}: what it says, and who can not say it. */
class CountersTest {
    private static final int M = 64;
    private static final int K = 192;
    private static final int N = 8;

    @TempDir
    Path folder;

    private Path weights;
    private Path input;
    private Path output;

    @BeforeEach
    void files() {
        weights = folder.resolve("w.safetensors");
        input = folder.resolve("x.safetensors");
        output = folder.resolve("y.safetensors");
        Run.ok("synth", weights, "--shape", M + "," + K, "--sparsity", "0.6");
        Run.ok("synth", input, "--shape", K + "," + N, "--sparsity", "0");
    }

    private Run spmm(Object... more) {
        var all = new ArrayList<Object>(List.of("spmm", "--weights", weights, "--input", input, "--output", output));
        all.addAll(List.of(more));
        return Run.of(all.toArray());
    }

    private JsonNode json(Object... more) throws Exception {
        var run = spmm(more);
        assertEquals(0, run.code(), run.err());
        return new com.fasterxml.jackson.databind.ObjectMapper().readTree(run.out());
    }

    private static List<String> names(JsonNode node) {
        var names = new ArrayList<String>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Test
    void asJson() throws Exception {
        var c = json("--device", "emulator", "--json", "--counters").get("counters");
        assertEquals(List.of("launches", "warp_instructions", "lane_instructions", "thread_instructions",
                "instructions", "shared_wavefronts", "shared_wavefronts_fewest", "shared_bank_conflicts",
                "global_sectors", "global_sectors_fewest", "barriers", "divergent_branches", "bytes", "elements",
                "lane_instructions_per_element", "popc_per_element", "shared_wavefronts_per_element",
                "global_bytes_per_element"), names(c));
        long elements = (long) M * K;
        assertEquals(elements, c.get("elements").asLong());
        long warps = c.get("warp_instructions").asLong();
        assertEquals(32 * warps, c.get("lane_instructions").asLong());
        long ofClasses = 0;
        for (var n : c.get("instructions")) ofClasses += n.asLong();
        assertEquals(warps, ofClasses);
        long ofLaunches = 0;
        for (var l : c.get("launches")) ofLaunches += l.get("warp_instructions").asLong();
        assertEquals(warps, ofLaunches);
        assertEquals("tiled_csl_f16_n8", c.get("launches").get(0).get("kernel").asText());
        assertEquals(3, c.get("launches").get(0).get("grid").size());
        assertTrue(c.get("thread_instructions").asLong() <= 32 * warps);
        // One matrix product of m16n8k16 for each 16 x 16 of the weight, and those that judge the activations.
        assertTrue(c.get("instructions").get("matrix").asLong() >= elements / 256);
        assertEquals(32.0 * warps / elements, c.get("lane_instructions_per_element").asDouble(), 1e-9);
        assertEquals(32.0 * c.get("instructions").path("popc").asLong() / elements,
                c.get("popc_per_element").asDouble(), 1e-9);
        assertEquals(c.get("shared_wavefronts").asLong() / (elements / 32.0),
                c.get("shared_wavefronts_per_element").asDouble(), 1e-9);
        assertEquals(c.get("shared_wavefronts").asLong(),
                c.get("shared_wavefronts_fewest").asLong() + c.get("shared_bank_conflicts").asLong());
        var global = c.get("bytes").get("global");
        assertEquals((double) (global.get("read").asLong() + global.get("written").asLong()) / elements,
                c.get("global_bytes_per_element").asDouble(), 1e-9);
        // The output is written once at least, every weight and every activation read once at least.
        assertTrue(global.get("written").asLong() >= 4L * M * N);
        assertTrue(global.get("read").asLong() >= 2L * K * N + 4 * elements * 3 / 10);
        assertTrue(c.get("global_sectors").asLong() >= c.get("global_sectors_fewest").asLong());
        // However often it is run, and however often the product was repeated for its time.
        assertEquals(c, json("--device", "emulator", "--json", "--counters").get("counters"));
        assertFalse(json("--device", "emulator", "--json").has("counters"));
    }

    @Test
    void forPeopleATable() {
        var run = spmm("--device", "emulator", "--counters");
        assertEquals(0, run.code(), run.err());
        for (var piece : new String[]{"counters of ", " x tiled_csl_f16_n8", "executed PTX instructions",
            "lanes/element", "  matrix ", "100.0%", "shared-memory wavefronts", " by bank conflicts",
            "global sectors", "barriers", "divergent branches", "global bytes read"}) {
            assertTrue(run.out().contains(piece), "no '" + piece + "' in:\n" + run.out());
        }
        assertTrue(run.out().lines().allMatch(l -> l.length() <= 140), run.out());
    }

    /** Said before anything is read or written. */
    @ParameterizedTest
    @ValueSource(strings = {"cpu", "auto", "cuda", "cuda:1"})
    void whoCanNotCountSaysSo(String device) throws Exception {
        spmm("--device", device, "--counters").failed(2, "--counters", "'" + device + "'", "--device emulator");
        assertTrue(Files.notExists(output));
        Files.delete(weights);
        spmm("--device", device, "--counters", "--json").failed(2, "--counters", "'" + device + "'");
    }
}
