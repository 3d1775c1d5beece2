package dev.culebra.tests.opt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.llm.opt.GenerateListener;
import dev.culebra.llm.opt.GenerateOptions;
import dev.culebra.llm.opt.OptModel;
import dev.culebra.llm.opt.StopReason;
import dev.culebra.sparse.DenseType;
import dev.culebra.spmm.CpuSpmm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Sequences that share passes, of different lengths and different ends. */
class BatchTest {
    private static final GenerateOptions OPTIONS = GenerateOptions.DEFAULT.withMaxNewTokens(15);

    /** Each sequence's logits, step by step, as it has them alone. */
    @Test
    void eachSequenceIsAsIfAlone() throws Exception {
        var config = TinyConfigs.PLAIN;
        var tiny = TinyModel.random(config, DenseType.F16, 5);
        var random = new Random(6);
        int[] lengths = {7, 1, 33, 40, 2, 36, 1, 20};
        int[] stopAfter = {99, 1, 7, 99, 9, 99, 99, 2};
        var prompts = IntStream.of(lengths).mapToObj(n -> random.ints(n, 0, config.vocabulary()).toArray()).toList();
        try (var cpu = CpuSpmm.open(2);
                var device = new HeadRecorder(cpu, config.vocabulary());
                var source = tiny.open();
                var model = OptModel.load(source, Optional.empty(), device);
                var session = model.newSession()) {
            var alone = new ArrayList<List<float[]>>();
            var aloneIds = new ArrayList<List<Integer>>();
            for (int i = 0; i < lengths.length; i++) {
                device.rows.clear();
                aloneIds.add(session.generate(prompts.get(i), OPTIONS, stop(stopAfter[i])).ids());
                alone.add(List.copyOf(device.rows));
            }
            device.rows.clear();
            device.calls.clear();
            var together = session.generate(prompts, OPTIONS, stop(stopAfter));

            // the prompt of 40 fills the positions; 36 leaves 4; others end by the listener or after 15
            int[] made = {15, 1, 7, 0, 9, 4, 15, 2};
            var reasons = List.of(StopReason.MAX_NEW_TOKENS, StopReason.LISTENER, StopReason.LISTENER,
                    StopReason.POSITIONS, StopReason.LISTENER, StopReason.POSITIONS, StopReason.MAX_NEW_TOKENS,
                    StopReason.LISTENER);
            int row = 0;
            for (int step = 0; step < 15; step++) {
                int now = step;
                // who has ended is not computed any more
                assertEquals(IntStream.of(made).filter(n -> n > now).count(), (long) device.calls.get(step));
                for (int i = 0; i < lengths.length; i++) {
                    if (made[i] <= step) continue;
                    Worst.of(device.rows.get(row++), alone.get(i).get(step), config.vocabulary())
                            .within(EveryOptionTest.TOLERANCE, "sequence " + i + " step " + step);
                }
            }
            assertEquals(device.rows.size(), row);
            for (int i = 0; i < lengths.length; i++) {
                assertEquals(made[i], together.get(i).newTokens(), "sequence " + i);
                assertEquals(reasons.get(i), together.get(i).stopReason(), "sequence " + i);
                assertEquals(aloneIds.get(i), together.get(i).ids(), "sequence " + i);
                assertEquals(lengths[i], together.get(i).promptTokens());
            }
        }
    }

    /** Ends each sequence after so many tokens; one number is that of all. */
    private static GenerateListener stop(int... after) {
        var seen = new int[after.length];
        return (sequence, id, text) -> ++seen[sequence] < after[sequence];
    }

    /** More than 16,384 tokens, the most rows of a pass: prompts are cut in their middle. */
    @Test
    void manyTokensGoThroughInSeveralPasses() throws Exception {
        var config = TinyConfigs.plain(19, 200);
        var tiny = TinyModel.random(config, DenseType.BF16, 7);
        var random = new Random(8);
        var prompts = IntStream.range(0, 90).mapToObj(i -> random.ints(190 - i % 7, 0, 19).toArray()).toList();
        try (var cpu = CpuSpmm.open(2);
                var device = new HeadRecorder(cpu, config.vocabulary());
                var source = tiny.open();
                var model = OptModel.load(source, Optional.empty(), device);
                var session = model.newSession()) {
            var together = session.generate(prompts, GenerateOptions.DEFAULT.withMaxNewTokens(2),
                    GenerateListener.NONE);
            assertTrue(device.calls.size() > 2, () -> device.calls + " are no more passes than prefill and one step");
            var rows = List.copyOf(device.rows);
            // the 88th is cut: 16,384 tokens end within it
            for (int i : new int[]{0, 86, 87, 88, 89}) {
                device.rows.clear();
                var alone = session.generate(prompts.get(i), GenerateOptions.DEFAULT.withMaxNewTokens(2),
                        GenerateListener.NONE);
                Worst.of(rows.get(i), device.rows.get(0), 19).within(EveryOptionTest.TOLERANCE, "sequence " + i);
                Worst.of(rows.get(90 + i), device.rows.get(1), 19).within(EveryOptionTest.TOLERANCE, "sequence " + i);
                assertEquals(alone.ids(), together.get(i).ids());
            }
        }
    }

    /** A vocabulary whose logits of all positions are more than 16 MiB: the head takes some rows at a time. */
    @Test
    void logitsOfManyPositionsAndTokensAreRight() throws Exception {
        var config = TinyConfigs.plain(9001, 700);
        var tiny = TinyModel.random(config, DenseType.F16, 9);
        int[] ids = new Random(10).ints(700, 0, 9001).toArray();
        try (var cpu = CpuSpmm.open(2);
                var device = new HeadRecorder(cpu, config.vocabulary());
                var source = tiny.open();
                var model = OptModel.load(source, Optional.empty(), device);
                var session = model.newSession()) {
            var expected = new ReferenceOpt(tiny).logits(ids);
            Worst.of(session.logits(ids), expected).within(EveryOptionTest.TOLERANCE, "logits");
            assertTrue(device.calls.size() > 1);
            var likelihoods = session.logLikelihoods(ids);
            assertEquals(699, likelihoods.length);
            for (int t = 0; t < 699; t++) {
                double sum = 0;
                for (double v : expected[t]) sum += Math.exp(v);
                // the largest logit is about 5: it and the log of the sum are each off by TOLERANCE of it
                assertEquals(expected[t][ids[t + 1]] - Math.log(sum), likelihoods[t], 1e-4, "position " + t);
            }
        }
    }

    @Test
    void noPromptsGiveNoResults() throws Exception {
        try (var device = CpuSpmm.open(1);
                var source = TinyModel.random(TinyConfigs.PLAIN, DenseType.F16, 1).open();
                var model = OptModel.load(source, Optional.empty(), device);
                var session = model.newSession()) {
            assertEquals(List.of(), session.generate(List.<int[]>of(), OPTIONS, GenerateListener.NONE));
        }
    }
}
