package dev.culebra.tests.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.culebra.cli.Culebra;
import dev.culebra.jmh.results.ResultFiles;
import dev.culebra.jmh.results.Results;
import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.results.RowBuilder;
import dev.culebra.jmh.results.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page as text: nothing is loaded, nothing is injected, and the figures are the right ones. */
class PageTest {

    private static final String SCRIPT = "</script><script>document.documentElement.dataset.hacked=1</script><!-- <script> ";
    private static final String IMAGE = "<img src=x onerror=\"document.documentElement.dataset.hacked=1\">";

    @TempDir
    private Path folder;

    /** What the page's script is given. */
    static JsonNode data(String page) throws IOException {
        String open = "<script type=\"application/json\" id=\"data\">";
        int at = page.indexOf(open) + open.length();
        return new ObjectMapper().readTree(page.substring(at, page.indexOf("</script>", at)));
    }

    /** A run whose every text tries something. */
    static Results hostile() {
        Row row = Row.of("gpu", "multiply", "culebra").driver(IMAGE).shape(64, 64, 8).weights(SCRIPT, 0.5).kernel(IMAGE)
                .bytes(4096).build(new Samples(2, 0, 1));
        Row other = Row.of(SCRIPT, IMAGE, "{{data}}\u2028{{library}}").build(new Samples(2, 0, 1));
        return new Results(SCRIPT, 1, IMAGE, SCRIPT, null, SCRIPT, "2026-11-20T10:00:00Z", IMAGE, SCRIPT, IMAGE, false,
                List.of(new Results.Skipped("host", IMAGE, SCRIPT)), List.of(row, other));
    }

    private JsonNode of(Results... results) throws IOException {
        List<Path> files = new ArrayList<>();
        for (Results one : results) {
            files.add(folder.resolve("run-" + files.size() + ".json"));
            ResultFiles.write(files.getLast(), one);
        }
        return data(Command.page(files));
    }

    private static Results run(String date, boolean quick, Row... rows) {
        return new Results("m", 2, "NVIDIA H200", "580", null, "25", date, "c-" + date, "v", null, quick,
                List.of(new Results.Skipped("cpu", "OpenBLAS", "libopenblas.so.0 was not found")), List.of(rows));
    }

    private static JsonNode section(JsonNode data, int machine, String id) {
        for (JsonNode section : data.at("/machines/" + machine + "/sections")) {
            if (section.get("id").asText().endsWith("-" + id)) return section;
        }
        throw new AssertionError("no section " + id + " in " + data.at("/machines/" + machine).findValuesAsText("id"));
    }

    @Test
    void thePageLoadsNothing() throws IOException {
        String page = Command.page(MadeUp.files(folder));
        assertTrue(page.contains("content=\"default-src 'none';"), "the policy forbids it");
        for (String loads : List.of("<link", "<img", "<iframe", "@import", "url\\(", "<script[^>]*src",
                "sourceMappingURL",
                "XMLHttpRequest", "fetch\\(", "import\\(", "WebSocket")) {
            assertFalse(Pattern.compile(loads).matcher(page).find(), loads);
        }
        assertTrue(page.contains("Chart.js v4.5.1"), "the library is in it");
        assertTrue(page.contains("Copyright (c) 2014-2024 Chart.js Contributors"), "and its licence");
        assertFalse(page.contains("{{"), "all is filled in");
    }

    @Test
    void textsOfFilesStayTexts() throws IOException {
        Path file = folder.resolve("hostile.json");
        ResultFiles.write(file, hostile());
        String page = Command.page(List.of(file));
        Path harmless = folder.resolve("harmless.json");
        ResultFiles.write(harmless, run("2026-11-20T10:00:00Z", false));
        String other = Command.page(List.of(harmless));
        for (String tag : List.of("<script", "</script", "<!--", "<img")) {
            assertEquals(count(other, tag), count(page, tag), tag);
        }
        assertFalse(page.contains("\u2028"));
        JsonNode data = data(page);
        assertTrue(data.toString().contains("{{data}}\u2028{{library}}"),
                "what looks like a place to fill in is not filled in");
        assertEquals(IMAGE, data.at("/machines/0/title").asText(), "texts are as they were");
    }

    private static int count(String text, String piece) { return text.split(Pattern.quote(piece), -1).length - 1; }

    @Test
    void theSameFilesGiveTheSameBytes() throws IOException {
        List<Path> files = new ArrayList<>(MadeUp.files(folder));
        String page = Command.page(files);
        Collections.reverse(files);
        assertTrue(page.equals(Command.page(files)), "in any order");
    }

    private static RowBuilder product(long m, long k, long n, double sparsity, String l2) {
        return Row.of("gpu", "multiply", "culebra").driver("cuda").shape(m, k, n).weights("tiled-csl", sparsity).l2(l2);
    }

    @Test
    void meansSharesAndIntensitiesAreThoseOfTheRows() throws IOException {
        JsonNode data = of(run("2026-11-20T10:00:00Z", false,
                Row.of("gpu", "read", "memory").driver("cuda").l2("cold").bytes(4_000_000_000L)
                        .build(new Samples(1000, 0, 1)),
                product(1000, 2000, 8, 0.7, "cold").bytes(1_000_000).limit(4000).cublas(20)
                        .build(new Samples(10, 0, 1)),
                product(3000, 2000, 8, 0.7, "cold").bytes(3_000_000).limit(4000).cublas(5).build(new Samples(10, 0, 1)),
                product(3000, 2000, 8, 0.7, "warm").bytes(3_000_000).limit(4000).cublas(50)
                        .build(new Samples(10, 0, 1))));
        JsonNode heat = section(data, 0, "speedup").at("/parts/1");
        // The geometric mean of 2 and 0.5, without what was warm.
        assertEquals(1, heat.at("/rows/0/cells/0/value").asDouble(), 1e-12);
        assertEquals("1.00", heat.at("/rows/0/cells/0/text").asText());
        assertEquals("70%", heat.at("/rows/0/name").asText());
        assertEquals("8", heat.at("/columns/0").asText());
        // 1,000,000 B in 10 us are 100 GB/s, of 4000.
        JsonNode share = section(data, 0, "share").at("/parts/0/rows/0/cells/0/value");
        assertEquals(Math.sqrt(100 / 4000. * (300 / 4000.)), share.asDouble(), 1e-6);
        JsonNode roofline = section(data, 0, "roofline").at("/parts/0/variants/0/series");
        // 2 * 1000 * 2000 * 8 flops: 32 a byte, and 3.2 TFLOP/s.
        JsonNode points = roofline.get(2).get("points");
        assertEquals(32, points.get(0).get(0).asDouble(), 1e-9);
        assertEquals(3.2, points.get(0).get(1).asDouble(), 1e-9);
        assertEquals(2, points.size(), "what was warm does not come from memory");
        // The limits: 4 TB/s, which meet the Tensor Cores' 989.5 TFLOP/s at 247 flops a byte, right of all points.
        JsonNode memory = roofline.get(0).get("points").get(0);
        assertEquals(4, memory.get(1).asDouble() / memory.get(0).asDouble(), 1e-9);
        JsonNode peak = roofline.get(1).get("points").get(0);
        assertEquals(989.5, peak.get(1).asDouble(), 1e-9);
        assertEquals(989.5 / 4, peak.get(0).asDouble(), 1e-9);
        assertTrue(section(data, 0, "speedup").at("/parts/0/variants").findValuesAsText("name")
                .contains("3000x2000, warm cache"), "a layer alone can be looked at");
    }

    private static Row timesAsFast(RowBuilder row, double ratio) {
        return row.cublas(10 * ratio).bytes(1000).limit(4000).build(new Samples(10, 0, 1));
    }

    /** Of two layers one is missing at 80%: its 4 must not make 70% look better than 80%. */
    @Test
    void meansBesideEachOtherAreOfTheSameLayers() throws IOException {
        JsonNode data = of(run("2026-11-20T10:00:00Z", false, timesAsFast(product(64, 64, 8, 0.7, "cold"), 1),
                timesAsFast(product(128, 64, 8, 0.7, "cold"), 4), timesAsFast(product(64, 64, 8, 0.8, "cold"), 2)));
        JsonNode speedup = section(data, 0, "speedup");
        JsonNode curve = speedup.at("/parts/0/variants/0");
        assertEquals("geometric mean of the 1 layer of 2 that all have, cold cache", curve.get("name").asText());
        assertEquals(1, curve.at("/series/1/points/0/1").asDouble(), 1e-12);
        assertEquals(2, curve.at("/series/1/points/1/1").asDouble(), 1e-12);
        assertEquals("culebra tiled-csl, geometric mean of the 1 layer of 2 that all have, cold cache",
                speedup.at("/parts/1/title").asText());
        assertEquals(1, speedup.at("/parts/1/rows/0/cells/0/value").asDouble(), 1e-12);
        JsonNode share = section(data, 0, "share").at("/parts/0");
        assertTrue(share.get("title").asText().endsWith(", geometric mean of the 1 layer of 2 that all have"),
                share::toString);
        assertTrue(speedup.at("/parts/0/variants").findValuesAsText("name").contains("128x64, cold cache"),
                "what was left out of the mean can be looked at");
    }

    /** As cuSPARSE, which is timed on two layers of twelve. */
    @Test
    void aLibraryOnFewLayersIsShownBesideTheOthersOnThese() throws IOException {
        List<Row> rows = new ArrayList<>();
        for (long m : new long[]{64, 128}) {
            rows.add(timesAsFast(
                    Row.of("gpu", "multiply", "cublaslt").shape(m, 64, 8).weights("dense", null).l2("cold"), 1));
            rows.add(timesAsFast(product(m, 64, 8, 0.7, "cold"), m == 64 ? 1 : 4));
        }
        rows.add(timesAsFast(Row.of("gpu", "multiply", "cusparse").shape(64, 64, 8).weights("csr", 0.7).l2("cold"),
                0.5));
        JsonNode variants = section(of(run("2026-11-20T10:00:00Z", false, rows.toArray(Row[]::new))), 0, "peers")
                .at("/parts/0/variants");
        assertEquals(List.of("N = 8, geometric mean of 2 layers, cold cache",
                "N = 8, geometric mean of the 1 layer of 2 that all have, cold cache"),
                List.of(variants.at("/0/name").asText(), variants.at("/1/name").asText()));
        assertEquals(List.of("cublaslt dense", "culebra tiled-csl"), variants.at("/0/series").findValuesAsText("name"));
        assertEquals(2, variants.at("/0/series/1/points/0/1").asDouble(), 1e-12);
        assertEquals(List.of("cublaslt dense", "culebra tiled-csl", "cusparse csr"),
                variants.at("/1/series").findValuesAsText("name"));
        assertEquals(1, variants.at("/1/series/1/points/0/1").asDouble(), 1e-12);
        assertEquals(0.5, variants.at("/1/series/2/points/0/1").asDouble(), 1e-12);
    }

    @Test
    void aLimitThatNobodyKnowsIsNotDrawn() throws IOException {
        Row row = product(64, 64, 8, 0.5, "cold").bytes(4096).build(new Samples(2, 0, 1));
        JsonNode data = of(new Results("m", 2, "NVIDIA Q1", "580", null, "25", "2026-11-20T10:00:00Z", "c", "v", null,
                false, List.of(), List.of(row)));
        JsonNode roofline = section(data, 0, "roofline").at("/parts/0");
        assertEquals(1, roofline.at("/variants/0/series").size());
        assertTrue(roofline.get("note").asText().contains("no pure read was measured"));
        assertTrue(roofline.get("note").asText().contains("does not know that of NVIDIA Q1"));
        assertTrue(
                section(data, 0, "speedup").at("/parts/0/text").asText().startsWith("No row has a ratio to cuBLAS."));
        assertTrue(section(data, 0, "peers").at("/parts/0/text").asText()
                .startsWith("Not measured: cublaslt, cusparse, cusparselt."));
    }

    @Test
    void thisVersionIsComparedWithTheLast() throws IOException {
        JsonNode data = of(
                run("2026-11-20T10:00:00Z", false, product(64, 64, 1, 0.5, "cold").build(new Samples(10, 0, 1)),
                        product(64, 64, 2, 0.5, "cold").build(new Samples(10, 0, 1))),
                run("2026-11-21T10:00:00+02:00", false, product(64, 64, 1, 0.5, "cold").build(new Samples(20, 0, 1)),
                        product(64, 64, 2, 0.5, "cold").build(new Samples(5, 0, 1))),
                run("2026-11-19T10:00:00Z", false, product(64, 64, 1, 0.5, "cold").build(new Samples(1, 0, 1))));
        JsonNode parts = section(data, 0, "versions").get("parts");
        JsonNode mean = parts.at("/3/rows/0");
        assertEquals(2, mean.get(3).asInt());
        assertEquals(1, mean.get(0).asDouble(), 1e-12, "twice and half");
        assertEquals(1, mean.get(1).asInt());
        assertEquals(1, mean.get(2).asInt());
        assertTrue(parts.at("/1/title").asText().startsWith("Slower"));
        assertEquals("gpu multiply culebra on cuda 64x64x1 50% tiled-csl cold", parts.at("/1/rows/0/4").asText());
        assertEquals("gpu multiply culebra on cuda 64x64x2 50% tiled-csl cold", parts.at("/2/rows/0/4").asText());
        JsonNode run = data.at("/machines/0/about/2/rows/0");
        assertEquals("2026-11-20T10:00:00Z (c-2026-11-20T10:00:00Z)", run.get(5).asText(),
                "not with the one before that");
    }

    /** Groups that were run apart are shown together; runs of another kind or machine are not mixed with them. */
    @Test
    void theNewestRunOfEachGroupIsShown() throws IOException {
        JsonNode data = of(
                run("2026-11-20T10:00:00Z", false, product(64, 64, 1, 0.5, "cold").build(new Samples(10, 0, 1))),
                run("2026-11-21T10:00:00Z", false,
                        Row.of("host", "launch", "culebra").driver("no-op").build(new Samples(0.05, 0, 1))),
                run("2026-11-22T10:00:00Z", true,
                        Row.of("host", "launch", "culebra").driver("no-op").build(new Samples(0.07, 0, 1))));
        assertEquals(2, data.get("machines").size(), "full and quick");
        JsonNode rows = section(data, 0, "rows").at("/parts/0/rows");
        assertEquals(2, rows.size());
        assertEquals(0.05 * 1e3, section(data, 0, "host").at("/parts/0/variants/0/series/0/points/0/1").asDouble(),
                1e-9);
        assertEquals(0.07 * 1e3, section(data, 1, "host").at("/parts/0/variants/0/series/0/points/0/1").asDouble(),
                1e-9);
    }

    @Test
    void whatIsEmptySaysWhy() throws IOException {
        JsonNode data = of(run("2026-11-20T10:00:00Z", false));
        assertEquals("The group cpu was skipped: OpenBLAS: libopenblas.so.0 was not found.",
                section(data, 0, "cpu").at("/parts/0/text").asText());
        assertTrue(section(data, 0, "gpu").at("/parts/0/text").asText().contains("./culebra bench gpu measures it"));
        assertEquals("No row was measured.", section(data, 0, "rows").at("/parts/0/text").asText());
        assertTrue(section(data, 0, "versions").at("/parts/0/text").asText().startsWith("There is no earlier run"));
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        Path bad = folder.resolve("bad.json");
        Files.writeString(bad, "{}");
        Path page = folder.resolve("page.html");
        Command.of("report", bad, "--out", page).failed(Culebra.FAILED, "bad.json: ");
        Command.of("report", folder.resolve("missing.json"), "--out", page).failed(Culebra.FAILED, "no such file");
        assertFalse(Files.exists(page), "nothing half-written");
        Command.of("report", bad, "--out", bad).failed(Culebra.FAILED, "is also read");
        assertEquals("{}", Files.readString(bad));
    }

    @Test
    void aSlowCallerStandsBesideAFastOne() throws IOException {
        JsonNode calls = section(of(run("2026-11-20T10:00:00Z", false,
                Row.of("host", "launch", "culebra").driver("cuda").build(new Samples(3, 0, 1)),
                Row.of("host", "launch", "jcuda").driver("cuda").build(new Samples(9, 0, 1)),
                Row.of("host", "round-trip", "culebra").driver("cuda").build(new Samples(15, 0, 1)))), 0, "host");
        JsonNode series = calls.at("/parts/0/variants/0/series");
        assertEquals(List.of("culebra", "jcuda"), series.findValuesAsText("name"));
        assertEquals(9000, series.at("/1/points/0/1").asDouble(), 1e-6, "in nanoseconds");
        assertEquals(1, series.at("/0/points").size(), "the round trip is in the table");
    }

    @Test
    void machinesWithAGpuComeFirst() throws IOException {
        Results without = new Results("no gpu", 2, null, null, null, "25", "2026-11-21T10:00:00Z", "c", "v", null,
                false, List.of(), List.of(Row.of("host", "launch", "culebra").build(new Samples(3, 0, 1))));
        JsonNode data = of(without, run("2026-11-20T10:00:00Z", true), run("2026-11-20T10:00:00Z", false));
        List<String> titles = new ArrayList<>();
        data.get("machines").forEach(machine -> titles.add(machine.get("title").asText()));
        assertEquals(List.of("NVIDIA H200", "NVIDIA H200, quick look", "no gpu"), titles);
    }
}
