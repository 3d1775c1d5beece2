package dev.culebra.tests.opt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.llm.opt.GenerateListener;
import dev.culebra.llm.opt.GenerateOptions;
import dev.culebra.llm.opt.OptModel;
import dev.culebra.spmm.Spmm;
import dev.culebra.tests.models.Models;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The same model on the device's kernels, which the emulator runs, or with {@code -Dculebra.tests.provider=cuda} a real one. */
class EmulatorTest {
    /**
     * Each of a layer's products rounds its input to fp16, by up to 2^-11 of each number; with two layers and the head 13 products
     * follow each other, 4 of them (q, k, v beside each other) as one. Errors that all add up: 9 * 2^-11 = 4.4e-3 of the largest.
     */
    private static final double TOLERANCE = 4.4e-3;

    @Test
    void logitsAndTextAreThoseOfTheCpu() throws Exception {
        var expected = Expected.of("opt-preln").get(1);
        try (var device = Spmm.open(System.getProperty("culebra.tests.provider", "emulator"));
                var model = OptModel.load(Models.folder("opt-preln"), device);
                var session = model.newSession()) {
            var worst = Worst.of(session.logits(expected.ids()), expected.logits(), model.config().vocabulary());
            worst.within(TOLERANCE, "emulator");
            double most = 0;
            for (float v : expected.logits()) most = Math.max(most, Math.abs(v));
            int tokens = Math.min(3, expected.certain(TOLERANCE * most));
            var made = session.generate(expected.ids(), GenerateOptions.DEFAULT.withMaxNewTokens(3),
                    GenerateListener.NONE);
            int n = expected.ids().length + tokens;
            assertEquals(Arrays.stream(expected.greedy()).limit(n).boxed().toList(), made.ids().subList(0, n));
        }
    }
}
