package dev.culebra.tests.prune;

import dev.culebra.llm.checkpoint.Checkpoint;
import dev.culebra.llm.checkpoint.OptTensors;
import dev.culebra.llm.opt.LayerWalk;
import dev.culebra.spmm.Spmm;
import dev.culebra.tests.models.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** A walk that stops at one product's input sees there what a whole pass over the layer sees, and leaves no trace. */
class PartialWalkTest {
    private static final List<int[]> WINDOWS = List.of(new int[]{2, 5, 7, 11}, new int[]{3}, new int[]{100, 2, 9});

    @ParameterizedTest
    @ValueSource(strings = {"opt-preln", "opt-postln-proj"})
    void seesWhatAWholePassSees(String model) throws IOException {
        try (var source = Checkpoint.open(Models.folder(model));
                var device = Spmm.open("cpu");
                var walk = new LayerWalk(source, device, WINDOWS)) {
            for (; !walk.done(); walk.advance()) {
                var whole = new HashMap<String, float[]>();
                walk.observe((name, x, n) -> add(whole, name, x, n, k(source, walk, name)));
                assertEquals(OptTensors.LAYER_LINEARS.size(), whole.size());
                var backwards = new ArrayList<>(OptTensors.LAYER_LINEARS).reversed();
                for (var linear : backwards) {
                    var seen = new HashMap<String, float[]>();
                    walk.observe(linear, (name, x, n) -> add(seen, name, x, n, k(source, walk, name)));
                    assertEquals(List.of(linear), List.copyOf(seen.keySet()));
                    assertArrayEquals(whole.get(linear), seen.get(linear), linear);
                    assertEquals(8 * k(source, walk, linear), seen.get(linear).length);
                }
            }
        }
    }

    private static int k(Checkpoint source, LayerWalk walk, String name) {
        return OptTensors.of(source.config()).linear("layers." + walk.layer() + "." + name).k();
    }

    private static void add(Map<String, float[]> seen, String name, float[] x, int n, int k) {
        var before = seen.getOrDefault(name, new float[0]);
        var all = Arrays.copyOf(before, before.length + n * k);
        System.arraycopy(x, 0, all, before.length, n * k);
        seen.put(name, all);
    }

    @Test
    void refusesAProductThatThereIsNot() throws IOException {
        try (var source = Checkpoint.open(Models.folder("opt-preln"));
                var device = Spmm.open("cpu");
                var walk = new LayerWalk(source, device, WINDOWS)) {
            var e = assertThrows(IllegalArgumentException.class, () -> walk.observe("fc3", (name, x, n) -> {}));
            assertTrue(e.getMessage().contains("fc3") && e.getMessage().contains("fc2"), e.getMessage());
        }
    }
}
