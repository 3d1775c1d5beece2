package dev.culebra.tests.opt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.llm.opt.GenerateListener;
import dev.culebra.llm.opt.GenerateOptions;
import dev.culebra.llm.opt.OptModel;
import dev.culebra.spmm.CpuSpmm;
import dev.culebra.tests.models.Models;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** One model, many threads, each with sessions of its own. */
class ThreadsTest {
    @Test
    void threadsShareAModel() throws Exception {
        try (var device = CpuSpmm.open(2); var model = OptModel.load(Models.folder("opt-sharded-sparse70"), device)) {
            int[][] prompts = {{2}, {2, 323, 306, 145, 428}, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, {600, 2, 600}};
            var options = GenerateOptions.DEFAULT.withMaxNewTokens(20).withTemperature(0.8f).withSeed(4);
            var logits = new float[prompts.length][];
            var ids = new ArrayList<Object>();
            try (var session = model.newSession()) {
                for (int i = 0; i < prompts.length; i++) {
                    logits[i] = session.logits(prompts[i]);
                    ids.add(session.generate(prompts[i], options, GenerateListener.NONE).ids());
                }
            }
            var work = new ArrayList<Callable<Void>>();
            for (int thread = 0; thread < 8; thread++) {
                int first = thread;
                work.add(() -> {
                    for (int round = 0; round < 5; round++) {
                        try (var session = model.newSession(); var other = model.newSession()) {
                            for (int j = 0; j < prompts.length; j++) {
                                int i = (first + j) % prompts.length;
                                // to the last bit: a product's sums do not depend on what else runs
                                assertArrayEquals(logits[i], session.logits(prompts[i]));
                                assertEquals(ids.get(i),
                                        other.generate(prompts[i], options, GenerateListener.NONE).ids());
                            }
                        }
                    }
                    return null;
                });
            }
            try (var threads = Executors.newFixedThreadPool(8)) {
                for (var done : threads.invokeAll(work)) done.get();
            }
        }
    }
}
