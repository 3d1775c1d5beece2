package dev.culebra.tests.opt;

import dev.culebra.llm.checkpoint.Activation;
import dev.culebra.llm.checkpoint.OptConfig;
import java.util.List;

/** Shapes that several tests use. */
final class TinyConfigs {
    /** Norms before, ReLU, a head of its own. */
    static final OptConfig PLAIN = plain(19, 40);

    private TinyConfigs() {}

    static OptConfig plain(int vocabulary, int positions) {
        return new OptConfig(vocabulary, 12, 12, 2, 3, 20, positions, true, true, true, true, false, Activation.RELU, 2,
                List.of(2), 1);
    }
}
