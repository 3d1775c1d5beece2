package dev.culebra.tests.opt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.llm.opt.GenerateListener;
import dev.culebra.llm.opt.GenerateOptions;
import dev.culebra.llm.opt.OptModel;
import dev.culebra.llm.opt.StopReason;
import dev.culebra.spmm.CpuSpmm;
import dev.culebra.tests.models.Models;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Logits, ids and texts of Hugging Face's own OPT (README.md beside the data says how they were made). */
class HuggingFaceTest {
    /**
     * Both sides compute in fp32. What a wrong model gives is far from it: a tanh in place of GELU's erf is off by 2e-4 of the largest
     * logit. Rounding alone is well under 2e-6: sums over up to 768 terms, sqrt(768) * 2^-24 = 1.7e-6 of a sum's typical size.
     */
    private static final double TOLERANCE = 1e-4;
    /** What rounding explains: see EveryOptionTest. Ours is 7e-7 at the most. */
    private static final double ROUNDING = 5e-6;

    static List<String> random() { return Models.RANDOM; }

    @ParameterizedTest
    @MethodSource("random")
    void logitsAgree(String name) throws Exception {
        try (var device = CpuSpmm.open(1);
                var model = OptModel.load(Models.folder(name), device);
                var session = model.newSession()) {
            var all = Expected.of(name);
            assertEquals(3, all.size());
            for (var expected : all) {
                String what = name + " " + Arrays.toString(expected.ids());
                var worst = Worst.of(session.logits(expected.ids()), expected.logits(), model.config().vocabulary());
                worst.within(TOLERANCE, what);
                worst.within(ROUNDING, what);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("random")
    void greedyContinuationsAgree(String name) throws Exception {
        try (var device = CpuSpmm.open(2);
                var model = OptModel.load(Models.folder(name), device);
                var session = model.newSession()) {
            var all = Expected.of(name);
            var together = session.generate(all.stream().map(Expected::ids).toList(),
                    GenerateOptions.DEFAULT.withMaxNewTokens(16), GenerateListener.NONE);
            for (int i = 0; i < all.size(); i++) {
                var expected = all.get(i);
                double most = 0;
                for (float v : expected.logits()) most = Math.max(most, Math.abs(v));
                int certain = expected.ids().length + expected.certain(TOLERANCE * most);
                var alone = session.generate(expected.ids(), GenerateOptions.DEFAULT.withMaxNewTokens(16),
                        GenerateListener.NONE);
                assertEquals(StopReason.MAX_NEW_TOKENS, alone.stopReason());
                assertEquals(16, alone.newTokens());
                var wanted = Arrays.stream(expected.greedy()).limit(certain).boxed().toList();
                assertEquals(expected.ids().length + 16, certain, "all margins are wide");
                assertEquals(wanted, alone.ids().subList(0, certain), name + " case " + i);
                assertEquals(wanted, together.get(i).ids().subList(0, certain), name + " case " + i + " in a batch");
            }
        }
    }

    /** With and without the vector module: other products, the same text. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void trainedModelWritesTheSameText(boolean vectors) throws Exception {
        try (var device = CpuSpmm.open(2, vectors);
                var model = OptModel.load(Models.folder(Models.KJV), device);
                var session = model.newSession()) {
            assertEquals(Set.of(2), model.defaultOptions().stopTokens());
            var all = Expected.kjv();
            assertEquals(3, all.size());
            for (var expected : all) {
                var text = new StringBuilder();
                var rest = new ArrayList<String>();
                var made = session.generate(model.tokenizer().orElseThrow().decode(without(expected.ids())),
                        GenerateOptions.DEFAULT.withMaxNewTokens(40), new GenerateListener() {
                            @Override
                            public boolean token(int sequence, int id, String part) {
                                text.append(part);
                                return true;
                            }

                            @Override
                            public void finished(int sequence, String part, StopReason reason) { rest.add(part); }
                        });
                assertEquals(Arrays.stream(expected.greedy()).boxed().toList(), made.ids());
                assertEquals(expected.text(), made.text());
                assertEquals(List.of(""), rest);
                assertTrue(made.text().endsWith(text.toString()));
                assertEquals(model.tokenizer().orElseThrow().decode(made.newIds().stream().mapToInt(i -> i).toArray()),
                        text.toString());
            }
        }
    }

    private static int[] without(int[] ids) { return Arrays.copyOfRange(ids, 1, ids.length); }
}
