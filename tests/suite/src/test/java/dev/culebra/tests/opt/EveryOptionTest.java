package dev.culebra.tests.opt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.llm.checkpoint.Activation;
import dev.culebra.llm.checkpoint.OptConfig;
import dev.culebra.llm.opt.GenerateListener;
import dev.culebra.llm.opt.GenerateOptions;
import dev.culebra.llm.opt.OptModel;
import dev.culebra.llm.opt.StopReason;
import dev.culebra.sparse.DenseType;
import dev.culebra.spmm.CpuSpmm;
import dev.culebra.spmm.Spmm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Every form that an OPT can have, against the same in double precision; sizes that fill no tile and no vector. */
class EveryOptionTest {
    /**
     * A sum of K fp32 products errs by up to K * 2^-24 of its terms' magnitudes, by chance by sqrt(K) * 2^-24. With K up to 70 and
     * some 14 such sums one after another, a norm between them that may enlarge an error by about 3: 3 * sqrt(14 * 70) * 6e-8 is
     * 6e-6 of what is typical. A tanh in place of GELU's erf is off by 1e-4 and more.
     */
    static final double TOLERANCE = 2e-5;

    private static List<OptConfig> configs() {
        var all = new ArrayList<OptConfig>();
        boolean[] both = {false, true};
        for (boolean before : both) {
            for (boolean finalNorm : before ? both : new boolean[]{false}) {
                for (boolean bias : both) {
                    for (boolean affine : both) {
                        for (boolean tied : both) {
                            for (int embedding : new int[]{30, 13}) {
                                for (var activation : Activation.values()) {
                                    all.add(new OptConfig(67, 30, embedding, 2, 5, 70, 23, before, finalNorm, bias,
                                            affine,
                                            tied, activation, 2, List.of(2), 1));
                                }
                            }
                        }
                    }
                }
            }
        }
        return all;
    }

    @Test
    void logitsOfPrefillAndOfDecodingAreRight() throws Exception {
        int[] ids = {2, 66, 0, 13, 13, 41, 7, 30, 5, 64, 1};
        int count = 0;
        for (var config : configs()) {
            for (var type : DenseType.values()) {
                String what = config + " " + type;
                var tiny = TinyModel.random(config, type, 31 + count++);
                double[][] expected = new ReferenceOpt(tiny).logits(ids);
                try (Spmm cpu = CpuSpmm.open(1);
                        var device = new HeadRecorder(cpu, config.vocabulary());
                        var source = tiny.open();
                        var model = OptModel.load(source, Optional.empty(), device);
                        var session = model.newSession()) {
                    float[] logits = session.logits(ids);
                    Worst.of(logits, expected).within(TOLERANCE, what);

                    // Decoding: the model continues by itself; what it saw is compared afterwards.
                    device.rows.clear();
                    device.calls.clear();
                    var made = session.generate(new int[]{2, 66, 0}, GenerateOptions.DEFAULT.withMaxNewTokens(8),
                            GenerateListener.NONE);
                    assertEquals(8, made.newTokens(), what);
                    int[] all = made.ids().stream().limit(10).mapToInt(i -> i).toArray(); // the last one went nowhere
                    double[][] again = new ReferenceOpt(tiny).logits(all);
                    assertEquals(8, device.rows.size(), what); // of the prompt's tokens, the last one's logits alone
                    for (int step = 0; step < 8; step++) {
                        Worst.of(device.rows.get(step), new double[][]{again[2 + step]})
                                .within(TOLERANCE, what + " step " + step);
                    }
                }
            }
        }
        assertEquals(96 * 3, count);
    }

    /** Vocabulary, hidden, embedding, layers, heads, ffn, positions: as small as can be, and where a tile's, a vector's or a block's end is. */
    private static final int[][] SHAPES = {{1, 1, 1, 1, 1, 1, 1}, {2, 1, 3, 1, 1, 5, 2}, {1, 3, 3, 2, 3, 2, 4},
        {10, 66, 66, 1, 66, 3, 33}, {65, 80, 16, 1, 1, 130, 34}, {130, 64, 200, 1, 8, 64, 64},
        {129, 65, 65, 1, 5, 65, 65}, {50_272, 4, 2, 1, 2, 4, 3}};

    /** A prompt as long as the model has positions; and one token, which is continued to there. */
    @Test
    void oddShapesUpToTheLastPosition() throws Exception {
        for (int[] n : SHAPES) {
            var config = new OptConfig(n[0], n[1], n[2], n[3], n[4], n[5], n[6], true, true, true, true, true,
                    Activation.GELU, -1, List.of(), -1);
            var tiny = TinyModel.random(config, DenseType.F16, n[0]);
            int[] ids = new Random(n[1]).ints(config.positions(), 0, config.vocabulary()).toArray();
            try (Spmm device = CpuSpmm.open(1);
                    var source = tiny.open();
                    var model = OptModel.load(source, Optional.empty(), device);
                    var session = model.newSession()) {
                Worst.of(session.logits(ids), new ReferenceOpt(tiny).logits(ids)).within(TOLERANCE, config);
                var full = session.generate(ids, GenerateOptions.DEFAULT, GenerateListener.NONE);
                assertEquals(StopReason.POSITIONS, full.stopReason());
                assertEquals(0, full.newTokens());
                var made = session.generate(new int[]{ids[0]},
                        GenerateOptions.DEFAULT.withMaxNewTokens(Integer.MAX_VALUE), GenerateListener.NONE);
                assertEquals(StopReason.POSITIONS, made.stopReason());
                assertEquals(config.positions() - 1, made.newTokens());
            }
        }
    }

    /** Embeddings of some 1e-3, whose variance is a tenth of the epsilon in the norm's root. */
    @Test
    void quietTokensAreNotBlownUp() throws Exception {
        var tiny = TinyModel.random(TinyConfigs.PLAIN, DenseType.F32, 77);
        for (var name : List.of("embed_tokens.weight", "embed_positions.weight")) {
            var values = tiny.tensors().get(name).clone();
            for (int i = 0; i < values.length; i++) values[i] *= 1e-3f;
            tiny = tiny.with(name, values);
        }
        int[] ids = {3, 1, 4, 1, 5};
        try (Spmm device = CpuSpmm.open(1);
                var source = tiny.open();
                var model = OptModel.load(source, Optional.empty(), device);
                var session = model.newSession()) {
            Worst.of(session.logits(ids), new ReferenceOpt(tiny).logits(ids)).within(TOLERANCE, "quiet");
        }
    }
}
