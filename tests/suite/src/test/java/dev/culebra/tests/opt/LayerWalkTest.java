package dev.culebra.tests.opt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.llm.checkpoint.Activation;
import dev.culebra.llm.checkpoint.OptConfig;
import dev.culebra.llm.checkpoint.OptTensors;
import dev.culebra.llm.opt.LayerWalk;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.spmm.CpuSpmm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What each layer is given, layer by layer, against the model in double precision. */
class LayerWalkTest {
    /** All tokens' inputs of each linear layer, in the order of the windows. */
    private static Map<String, List<float[]>> observe(LayerWalk walk) {
        var seen = new HashMap<String, List<float[]>>();
        walk.observe((linear, x, n) -> {
            int k = linear.equals("fc2") ? 20 : 12;
            var rows = seen.computeIfAbsent(linear, name -> new ArrayList<>());
            for (int i = 0; i < n; i++) rows.add(Arrays.copyOfRange(x, i * k, (i + 1) * k));
        });
        return seen;
    }

    private static void compare(TinyModel tiny, List<int[]> windows, int layer, Map<String, List<float[]>> seen) {
        assertEquals(Set.copyOf(OptTensors.LAYER_LINEARS), seen.keySet());
        var reference = new ReferenceOpt(tiny);
        int row = 0;
        for (var ids : windows) {
            reference.logits(ids);
            for (var linear : OptTensors.LAYER_LINEARS) {
                var expected = reference.inputs.get("layers." + layer + "." + linear);
                for (int t = 0; t < ids.length; t++) {
                    Worst.of(seen.get(linear).get(row + t), new double[][]{expected[t]})
                            .within(EveryOptionTest.TOLERANCE, layer + " " + linear + " row " + (row + t));
                }
            }
            row += ids.length;
        }
        for (var rows : seen.values()) assertEquals(row, rows.size());
    }

    private static List<int[]> windows(int... lengths) {
        var random = new Random(3);
        return IntStream.of(lengths).mapToObj(n -> random.ints(n, 0, 19).toArray()).toList();
    }

    @Test
    void layersSeeWhatTheModelGives() throws Exception {
        for (boolean before : new boolean[]{true, false}) {
            for (int embedding : new int[]{12, 7}) {
                var config = new OptConfig(19, 12, embedding, 3, 3, 20, 40, before, before, true, true, true,
                        Activation.GELU, 2, List.of(2), 1);
                var tiny = TinyModel.random(config, DenseType.F16, 21);
                var windows = windows(5, 1, 40, 17);
                try (var device = CpuSpmm.open(1);
                        var source = tiny.open();
                        var walk = new LayerWalk(source, device, windows)) {
                    for (int layer = 0; layer < 3; layer++) {
                        assertFalse(walk.done());
                        assertEquals(layer, walk.layer());
                        compare(tiny, windows, layer, observe(walk));
                        var seen = observe(walk);
                        compare(tiny, windows, layer, seen); // looking changes nothing
                        for (var linear : OptTensors.LAYER_LINEARS) {
                            var calls = new ArrayList<Integer>();
                            walk.observe(linear, (name, x, n) -> {
                                assertEquals(linear, name);
                                var all = seen.get(linear);
                                for (int i = 0; i < n; i++) {
                                    int k = all.get(i).length;
                                    assertArrayEquals(all.get(i), Arrays.copyOfRange(x, i * k, i * k + k));
                                }
                                calls.add(n);
                            });
                            assertEquals(List.of(63), calls);
                        }
                        walk.advance();
                    }
                    assertTrue(walk.done());
                    assertEquals(3, walk.layer());
                    assertThrows(IllegalStateException.class, walk::advance);
                    assertThrows(IllegalStateException.class, () -> walk.observe((linear, x, n) -> {}));
                }
            }
        }
    }

    /** Later layers, and later linear layers of the same one, see what replaced weights give; biases stay. */
    @Test
    void replacedWeightsTakeEffect() throws Exception {
        var tiny = TinyModel.random(TinyConfigs.PLAIN, DenseType.F16, 22);
        var other = TinyModel.random(TinyConfigs.PLAIN, DenseType.F16, 23);
        var windows = windows(9, 30);
        for (var linear : OptTensors.LAYER_LINEARS) {
            try (var device = CpuSpmm.open(1);
                    var source = tiny.open();
                    var walk = new LayerWalk(source, device, windows)) {
                String name = "layers.0." + linear + ".weight";
                int m = linear.equals("fc1") ? 20 : 12;
                int k = linear.equals("fc2") ? 20 : 12;
                var weights = other.tensors().get(name);
                walk.replace(linear, SparseMatrix.of(weights, m, k));
                var changed = tiny.with(name, weights);
                compare(changed, windows, 0, observe(walk));
                walk.advance();
                compare(changed, windows, 1, observe(walk));
            }
        }
    }

    /** More tokens than one pass holds. */
    @Test
    void manyWindows() throws Exception {
        var tiny = TinyModel.random(TinyConfigs.plain(19, 400), DenseType.F16, 24);
        var windows = windows(IntStream.range(0, 50).map(i -> 400 - i).toArray()); // 18,775 tokens; a pass takes 16,384
        try (var device = CpuSpmm.open(2);
                var source = tiny.open();
                var walk = new LayerWalk(source, device, windows)) {
            var calls = new ArrayList<Integer>();
            walk.observe((linear, x, n) -> {
                if (linear.equals("fc2")) calls.add(n);
            });
            assertEquals(2, calls.size());
            assertEquals(18_775, calls.get(0) + calls.get(1));
            walk.advance();
            compare(tiny, windows, 1, observe(walk));
        }
    }

    @Test
    void whatIsNotAsItShouldBeIsRefused() throws Exception {
        try (var device = CpuSpmm.open(1); var source = TinyModel.random(TinyConfigs.PLAIN, DenseType.F16, 1).open()) {
            assertThrows(IllegalArgumentException.class, () -> new LayerWalk(source, device, List.of()));
            assertThrows(IllegalArgumentException.class, () -> new LayerWalk(source, device, List.of(new int[0])));
            assertThrows(IllegalArgumentException.class, () -> new LayerWalk(source, device, List.of(new int[41])));
            assertThrows(IllegalArgumentException.class, () -> new LayerWalk(source, device, List.of(new int[]{19})));
            var walk = new LayerWalk(source, device, List.of(new int[]{2}));
            var e = assertThrows(IllegalArgumentException.class,
                    () -> walk.replace("fc1", SparseMatrix.of(new float[12 * 20], 12, 20)));
            assertEquals("fc1 is 20 x 12 and the new weights are 12 x 20", e.getMessage());
            e = assertThrows(IllegalArgumentException.class,
                    () -> walk.observe("fc3", (linear, x, n) -> {}));
            e = assertThrows(IllegalArgumentException.class,
                    () -> walk.replace("fc3", SparseMatrix.of(new float[12 * 20], 12, 20)));
            assertEquals("no linear layer 'fc3' in a decoder layer; there is self_attn.q_proj, self_attn.k_proj, "
                    + "self_attn.v_proj, self_attn.out_proj, fc1, fc2", e.getMessage());
            walk.close();
            walk.close();
            assertEquals("this walk is closed",
                    assertThrows(IllegalStateException.class, () -> walk.observe((linear, x, n) -> {})).getMessage());
        } // the device would not close with weights on it
    }

    /** It would go on with what the other left. */
    @Test
    void anObserverMayNotCallTheWalk() throws Exception {
        try (var device = CpuSpmm.open(1);
                var source = TinyModel.random(TinyConfigs.PLAIN, DenseType.F16, 5).open();
                var walk = new LayerWalk(source, device, windows(3))) {
            var fc1 = source.matrix("layers.0.fc1");
            List<Executable> calls = List.of(() -> walk.observe((a, b, c) -> {}),
                    () -> walk.observe("fc2", (a, b, c) -> {}), () -> walk.replace("fc1", fc1), walk::advance,
                    walk::close);
            walk.observe((linear, x, n) -> calls.forEach(call -> assertEquals(
                    "this walk is being observed; use it when that has returned",
                    assertThrows(IllegalStateException.class, call).getMessage())));
            assertThrows(ArithmeticException.class, () -> walk.observe((linear, x, n) -> {
                throw new ArithmeticException();
            }));
            walk.advance(); // nothing is left of it
            assertEquals(1, walk.layer());
        }
    }

    /** The feed-forward part of one window, 45,000 * 49,152 numbers, is over 2^31. */
    @Test
    void aWindowWhoseActivationsNoArrayHoldsIsRefused() throws Exception {
        var config = new OptConfig(2, 1, 1, 1, 1, 49_152, 45_000, true, true, false, false, true, Activation.RELU, -1,
                List.of(), -1);
        try (var device = CpuSpmm.open(1); var source = TinyModel.random(config, DenseType.F16, 1).open()) {
            var e = assertThrows(IllegalArgumentException.class,
                    () -> new LayerWalk(source, device, List.of(new int[45_000])));
            assertEquals("what a layer makes of a window of 45000 tokens has 2211840000 elements; an array holds "
                    + "2147483639", e.getMessage());
        }
    }

    @Test
    void aTextWhoseStatesNoHeapHoldsIsRefused() throws Exception {
        var config = new OptConfig(19, 256, 256, 1, 4, 8, 400, true, true, true, true, true, Activation.RELU, 2,
                List.of(2),
                1);
        // 256 features of 4 bytes a token; the same 400 tokens over and over
        int many = Math.toIntExact(Runtime.getRuntime().maxMemory() / (400 * 1024) + 1);
        try (var device = CpuSpmm.open(1); var source = TinyModel.random(config, DenseType.F16, 1).open()) {
            var e = assertThrows(IllegalArgumentException.class,
                    () -> new LayerWalk(source, device, Collections.nCopies(many, new int[400])));
            assertTrue(e.getMessage()
                    .matches(many * 400L + " tokens of text take [0-9.]+ [MG]iB for hidden states, and the heap "
                            + "is at most [0-9.]+ [MG]iB; give a shorter text, or Java (-Xmx[0-9]+[mg]) \\(the command: CULEBRA_JAVA_OPTIONS=\\1\\)"),
                    e::getMessage);
        }
    }
}
