package dev.culebra.tests.evaluate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.culebra.llm.checkpoint.ModelSource;
import dev.culebra.llm.evaluate.Perplexity;
import dev.culebra.llm.evaluate.PerplexityListener;
import dev.culebra.llm.opt.OptModel;
import dev.culebra.llm.tokenizer.Tokenizer;
import dev.culebra.spmm.CpuSpmm;
import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class PerplexityTest {
    /**
     * The reference is printed with six digits, and is of fp32 logits as ours are: they differ by 1e-6 of the largest (some 20) or less, and
     * the mean of 26,797 such differences by much less than one. So what remains is the printing: half of 1e-4 of 18.2133.
     */
    private static final double TOLERANCE = 1e-5;

    private static final double CLOSED_FORM = 1e-12; // some tens of roundings of double, 1.1e-16 each

    @Test
    void isTheReferencesForTheTrainedModel() throws IOException {
        var folder = Models.folder(Models.KJV);
        var expected = new ObjectMapper().readTree(folder.resolve("expected.json").toFile()).get("perplexity");
        var text = Files.readString(folder.resolve("held-out.txt"));
        var heard = new ArrayList<Perplexity>();
        try (var device = CpuSpmm.open(); var model = OptModel.load(folder, device)) {
            var actual = Perplexity.of(model, text, expected.get("window").intValue(), (done, total) -> {
                heard.add(done);
                assertEquals(expected.get("dense").get(2).intValue(), total);
            });
            assertClose(expected.get("dense"), actual);
            assertEquals(actual, heard.getLast());
            assertEquals(IntStream.rangeClosed(1, actual.windows()).boxed().toList(),
                    heard.stream().map(Perplexity::windows).toList());
        }
    }

    private static void assertClose(JsonNode expected, Perplexity actual) {
        assertEquals(expected.get(2).intValue(), actual.windows());
        assertEquals(expected.get(0).doubleValue(), actual.perplexity(), TOLERANCE * expected.get(0).doubleValue());
        assertEquals(expected.get(1).doubleValue(), actual.nll(), TOLERANCE);
    }

    @Test
    void aModelThatKnowsNothingChoosesAmongAllTokens() {
        var windows = List.of(new int[7], new int[7], new int[7]);
        var measured = Perplexity.of(windows, w -> same(w.length - 1, Math.log(1.0 / 50)), PerplexityListener.NONE);
        assertEquals(50, measured.perplexity(), 50 * CLOSED_FORM);
        assertEquals(Math.log(50), measured.nll(), 4 * CLOSED_FORM);
        assertEquals(3, measured.windows());
    }

    @Test
    void isTheMeanOverWindowsOfMeans() {
        var windows = List.of(new int[]{1, 2, 3, 4}, new int[]{5, 6}, new int[]{7, 8, 9});
        var logs = List.of(new double[]{-1, -2, -6}, new double[]{-4}, new double[]{-0.25, -0.75});
        var calls = new ArrayList<int[]>();
        var measured = Perplexity.of(windows, w -> {
            calls.add(w);
            return logs.get(calls.size() - 1);
        }, PerplexityListener.NONE);
        assertEquals(windows, calls);
        assertEquals((3 + 4 + 0.5) / 3, measured.nll(), CLOSED_FORM);
        assertEquals(Math.exp(2.5), measured.perplexity(), 20 * CLOSED_FORM);
    }

    @Test
    void aTokenWithoutAChanceMakesItInfinite() {
        var measured = Perplexity.of(List.of(new int[2]), w -> new double[]{Double.NEGATIVE_INFINITY},
                PerplexityListener.NONE);
        assertEquals(new Perplexity(Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY, 1), measured);
    }

    @Test
    void refusesWindowsThatGiveNoFigure() {
        refused("no windows: there is nothing to measure", List.of(), 1);
        refused("a window must have 2 tokens or more, not 1", List.of(new int[3], new int[1]), 2);
        refused("a window of 3 tokens has 2 log likelihoods, not 3", List.of(new int[3]), 3);
    }

    private static void refused(String message, List<int[]> windows, int logs) {
        assertEquals(message, assertThrows(IllegalArgumentException.class,
                () -> Perplexity.of(windows, w -> new double[logs], PerplexityListener.NONE)).getMessage());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 0, -5, 257, Integer.MAX_VALUE})
    void refusesAWindowThatTheModelCanNotTake(int window) throws IOException {
        try (var device = CpuSpmm.open(); var model = OptModel.load(Models.folder(Models.KJV), device)) {
            assertEquals("a window must have 2 to 256 tokens, as many as the model has positions, not " + window,
                    refused(model, "In the beginning", window));
        }
    }

    @Test
    void takesTheShortestAndTheLongestWindow() throws IOException {
        try (var device = CpuSpmm.open(); var model = OptModel.load(Models.folder(Models.KJV), device)) {
            var two = Perplexity.of(model, "Selah\nSelah\n", 2, PerplexityListener.NONE); // 348 399 for " Selah": 8 ids
            assertEquals(4, two.windows());
            var all = Perplexity.of(model, "Selah\n".repeat(64), 256, PerplexityListener.NONE);
            assertEquals(1, all.windows());
            assertTrue(all.perplexity() < two.perplexity(), all + ": what comes again is known, " + two);
        }
    }

    @Test
    void refusesATextWithoutOneWindow() throws IOException {
        try (var device = CpuSpmm.open(); var model = OptModel.load(Models.folder(Models.KJV), device)) {
            for (var text : List.of("", "Selah", "In the beginning\n")) {
                assertEquals("the text is too short: it has less than one window of 128 tokens",
                        refused(model, text, 128));
            }
        }
    }

    @Test
    void refusesAModelWithoutATokenizer() throws IOException {
        try (var device = CpuSpmm.open();
                var source = ModelSource.open(Models.folder("opt-preln"));
                var model = OptModel.load(source, Optional.<Tokenizer>empty(), device)) {
            assertEquals("the model has no tokenizer for a text; put tokenizer.json beside it",
                    refused(model, "In the beginning", 2));
        }
    }

    private static String refused(OptModel model, String text, int window) {
        return assertThrows(IllegalArgumentException.class,
                () -> Perplexity.of(model, text, window, PerplexityListener.NONE)).getMessage();
    }

    private static double[] same(int length, double value) {
        return IntStream.range(0, length).mapToDouble(i -> value).toArray();
    }
}
