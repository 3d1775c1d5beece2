package dev.culebra.tests.gpubench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.spmm.MeasuredFormats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The choice of a format for a GPU that was measured, held against the runs that it came from. */
class MeasuredFormatsTest {

    private static final double WITHIN = 1.05;

    private record Product(int m, int k, int n, double zeros) {}

    private static Path run(String name) {
        Path path = Path.of("jmh/results", name);
        return Files.exists(path) ? path : Path.of("../..").resolve(path); // Maven runs in the module's folder
    }

    @Test
    void isTheFastestOfTheRuns() throws IOException {
        Map<Product, Map<Format, Double>> times = new HashMap<>();
        List<JsonNode> rows = new ArrayList<>();
        for (String name : List.of("2026-11-21-h200-3.json", "wide/2026-11-21-h200-3.json")) {
            new ObjectMapper().readTree(run(name).toFile()).get("rows").forEach(rows::add);
        }
        for (JsonNode row : rows) {
            if (!row.path("benchmark").asText().equals("multiply") || !row.path("by").asText().equals("culebra")
                    || !row.path("l2").asText().equals("cold")) {
                continue;
            }
            JsonNode shape = row.get("shape");
            times.computeIfAbsent(
                    new Product(shape.get("m").asInt(), shape.get("k").asInt(), shape.get("n").asInt(),
                            row.path("sparsity").asDouble()),
                    p -> new EnumMap<>(Format.class))
                    .put(Format.of(row.get("format").asText()), row.get("time_us").asDouble());
        }
        int products = 0;
        Set<String> slower = new TreeSet<>();
        for (Product p : times.keySet()) {
            if (p.zeros == 0) {
                continue; // dense: the same time for any share of zeros
            }
            products++;
            Map<Format, Double> of = new EnumMap<>(times.get(p));
            of.put(Format.DENSE, times.get(new Product(p.m, p.k, p.n, 0)).get(Format.DENSE));
            Format chosen = MeasuredFormats.of("NVIDIA H200", p.n).choose(p.m, p.k,
                    Math.round((1 - p.zeros) * p.m * p.k));
            double best = of.values().stream().mapToDouble(t -> t).min().orElseThrow();
            if (of.get(chosen) > WITHIN * best) {
                slower.add(String.format(Locale.ROOT, "%d x %d, N = %d, %.0f%%: %s %.2f", p.m, p.k, p.n, 100 * p.zeros,
                        chosen.id(), of.get(chosen) / best));
            }
        }
        assertEquals(12 * 5 * 8, products); // shapes, shares of zeros, numbers of tokens
        assertEquals(Set.of(), slower);
    }

    @Test
    void othersTakeFewerBytes() {
        assertEquals(FormatChoice.FEWEST_BYTES, MeasuredFormats.of("NVIDIA H100 PCIe", 8));
        assertEquals(Format.DENSE, MeasuredFormats.of("NVIDIA H200", 8).choose(1000, 1000, 530_000));
        assertEquals(Format.BITMAP, MeasuredFormats.of("NVIDIA H200", 32).choose(10_000, 10_000, 50_000_000));
        assertEquals(Format.PAIRS, MeasuredFormats.of("NVIDIA H200", 1).choose(1000, 1000, 200_000));
        assertEquals(Format.DENSE, MeasuredFormats.of("NVIDIA H200", 64).choose(1000, 1000, 400_000));
        assertEquals(Format.BITMAP, MeasuredFormats.of("NVIDIA H200", 65).choose(1000, 1000, 400_000));
        String message = assertThrows(IllegalArgumentException.class, () -> MeasuredFormats.of("NVIDIA H200", 0))
                .getMessage();
        assertTrue(message.equals("n is 0; give 1 token or more"), message);
    }
}
