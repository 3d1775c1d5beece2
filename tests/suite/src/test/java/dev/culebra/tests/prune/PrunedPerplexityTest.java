package dev.culebra.tests.prune;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.culebra.llm.evaluate.Perplexity;
import dev.culebra.llm.evaluate.PerplexityListener;
import dev.culebra.llm.evaluate.Windows;
import dev.culebra.llm.opt.OptModel;
import dev.culebra.llm.prune.ModelPruning;
import dev.culebra.llm.prune.PruneListener;
import dev.culebra.llm.prune.PruneMethod;
import dev.culebra.llm.prune.PruneOptions;
import dev.culebra.llm.tokenizer.Tokenizer;
import dev.culebra.spmm.Spmm;
import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * The perplexity of the small trained model, pruned, against the figures that come with it, which were made by another
 * implementation. Four of the twelve, of each method the hardest at least; {@code -Dculebra.pruning=all} runs them all.
 */
class PrunedPerplexityTest {
    private static final int WINDOW = 128;

    @TempDir
    Path folder;

    static Stream<Arguments> figures() {
        var some = Stream.of(Arguments.of(PruneMethod.MAGNITUDE, 80), Arguments.of(PruneMethod.WANDA, 80),
                Arguments.of(PruneMethod.SPARSEGPT, 50), Arguments.of(PruneMethod.SPARSEGPT, 80));
        var all = Stream.of(PruneMethod.values())
                .flatMap(m -> Stream.of(50, 60, 70, 80).map(percent -> Arguments.of(m, percent)));
        return "all".equals(System.getProperty("culebra.pruning")) ? all : some;
    }

    @ParameterizedTest
    @MethodSource("figures")
    void isThatOfTheReference(PruneMethod method, int percent) throws IOException {
        var model = Models.folder(Models.KJV);
        var tokenizer = Tokenizer.find(model).orElseThrow();
        var out = folder.resolve("out");
        try (var device = Spmm.open("cpu")) {
            ModelPruning.prune(model, new PruneOptions(method, percent / 100.0),
                    Windows.cut(Files.readString(model.resolve("calibration.txt")), tokenizer, 2, WINDOW), out, device,
                    PruneListener.NONE);
            try (var pruned = OptModel.load(out, device)) {
                double actual = Perplexity
                        .of(pruned, Files.readString(model.resolve("held-out.txt")), WINDOW, PerplexityListener.NONE)
                        .perplexity();
                double expected = new ObjectMapper().readTree(model.resolve("expected.json").toFile())
                        .at("/perplexity/" + percent + "%/" + method.id() + "/0").asDouble();
                System.out.printf("perplexity at %d%% by %s: %.4f, reference %.4f%n", percent, method.id(), actual,
                        expected);
                // The first two choose by one definition; the third has choices of its own, ours being better at each.
                if (method == PruneMethod.SPARSEGPT) assertTrue(actual < expected, actual + " against " + expected);
                else assertEquals(expected, actual, 0.005 * expected);
            }
        }
    }
}
