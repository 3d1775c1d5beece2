package dev.culebra.tests.gpubench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.culebra.driver.Cuda;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Stream;
import dev.culebra.jmh.gpu.DeviceProduct;
import dev.culebra.jmh.gpu.GpuGroup;
import dev.culebra.jmh.gpu.WrongResultException;
import dev.culebra.jmh.peer.GpuPeer;
import dev.culebra.jmh.peer.GpuPeers;
import dev.culebra.jmh.peer.PeerWeights;
import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.results.Shape;
import dev.culebra.jmh.run.Settings;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The group on the emulator: all that it does on a GPU, with small weights. */
class GpuGroupTest {

    private static final Settings QUICK = new Settings(true);

    private static Map<String, String> emulated(String... more) {
        Map<String, String> properties = new HashMap<>(Map.of("culebra.gpu.driver", "emulator"));
        for (int i = 0; i < more.length; i += 2) {
            properties.put("culebra.gpu." + more[i], more[i + 1]);
        }
        return properties;
    }

    private static GpuGroup group(Map<String, String> properties, UnaryOperator<DeviceProduct> around,
            GpuPeer... peers) {
        return new GpuGroup(properties::get, around,
                context -> new GpuPeers.Found(List.of(peers), List.of(new GpuPeers.Missing("cusparse", "not here"))));
    }

    private static Recorded run(GpuGroup group) throws Exception {
        Recorded recorded = new Recorded();
        assertTrue(group.skipReason().isEmpty());
        group.run(QUICK, recorded);
        assertEquals(recorded.steps - 1, recorded.done, "progress comes to its end");
        return recorded;
    }

    @Test
    void rowsHaveAllTheirFields() throws Exception {
        Recorded recorded = run(group(emulated("shapes", "100x72,64x136", "n", "8,1", "sparsity", "90,60"), p -> p));
        assertTrue(recorded.skipped.get("times").contains("'emulator'"), recorded.skipped::toString);
        for (Row row : recorded.rows) {
            assertEquals("gpu", row.group());
            assertEquals("emulator", row.driver(), "never to be taken for a measurement");
            assertTrue(row.checked() && row.timeUs() > 0 && row.spread() >= 0 && row.bytes() > 0, row::toString);
            assertEquals(row.bytes() / row.timeUs() / 1e3, row.gbPerS(), 1e-9 * row.gbPerS());
            assertNull(row.ratioToCublas(), "there is none");
        }
        List<Row> ours = recorded.by("culebra");
        TreeSet<String> made = new TreeSet<>();
        ours.forEach(r -> made.add(r.shape() + " " + r.format() + " " + r.sparsity() + " " + r.l2()));
        for (String shape : List.of("100x72", "64x136")) {
            for (int n : new int[]{1, 8}) {
                for (String weights : List.of("dense null", "tiled-csl 0.6", "tiled-csl 0.9", "bitmap 0.6",
                        "bitmap 0.9", "pairs 0.6", "pairs 0.9")) {
                    assertTrue(made.contains(shape + "x" + n + " " + weights + " cold"), made::toString);
                }
                assertTrue(made.contains(shape + "x" + n + " tiled-csl 0.9 warm"), made::toString);
            }
        }
        assertEquals(made.size(), ours.size(), "each once");
        assertTrue(ours.stream().allMatch(r -> r.benchmark().equals("multiply") && r.shareOfLimit() > 0));
        assertTrue(ours.stream().anyMatch(r -> r.kernel().startsWith("tiled_csl_f16_n8")), ours::toString);
        // dense 100 x 72 is 2 x 2 tiles of 8 KiB; 16 KiB stand for the L2 here
        assertFalse(made.contains("100x72x8 dense null warm"), made::toString);
        // 12 KB fit into it, but not into half of it
        assertFalse(made.contains("100x72x1 tiled-csl 0.6 warm"), made::toString);
        assertTrue(recorded.skipped.get("warm L2").contains("of 28 products"), recorded.skipped::toString);
    }

    @Test
    void memoryIsReadAndCopied() throws Exception {
        List<Row> rows = run(group(emulated("shapes", "64x64", "n", "1", "sparsity", "60"), p -> p)).by("memory");
        List<Row> cold = rows.stream().filter(r -> r.benchmark().equals("read") && r.l2().equals("cold")).toList();
        assertEquals(List.of(1L << 16, 1L << 13, 1L << 14, 1L << 15), cold.stream().map(Row::size).toList());
        assertEquals(1.0, cold.getFirst().shareOfLimit(), 1e-12, "the largest is the limit");
        assertEquals(List.of(1L << 13), rows.stream().filter(r -> r.l2().equals("warm")).map(Row::size).toList(),
                "half of what stands for the L2");
        assertTrue(rows.stream().allMatch(r -> r.kernel() != null || r.benchmark().equals("copy")));
        Row copy = rows.getLast();
        assertEquals("copy", copy.benchmark());
        assertEquals(2 * copy.size(), copy.bytes(), "read and written");
    }

    @Test
    void librariesAreMeasuredBeside() throws Exception {
        Recorded recorded = run(
                group(emulated("shapes", "100x72,64x60", "n", "1,8", "sparsity", "60", "peers", "all"),
                        p -> p, new HostPeer("cublaslt", "dense", false), new HostPeer("cusparselt", "2:4", false)));
        assertEquals("not here", recorded.skipped.get("cusparse"));
        Map<Shape, Double> cublas = new HashMap<>();
        for (Row row : recorded.by("cublaslt")) {
            assertEquals("dense", row.format());
            assertNull(row.sparsity());
            assertEquals("1.2.3: host", row.kernel());
            assertTrue(row.checked());
            assertEquals(1.0, row.ratioToCublas(), 1e-12);
            if (row.l2().equals("cold")) {
                cublas.put(row.shape(), row.timeUs());
            }
        }
        assertEquals(new TreeSet<>(List.of("100x72x8")),
                new TreeSet<>(cublas.keySet().stream().map(Shape::toString).toList()),
                "not of one token, nor where rows of activations have gaps");
        assertEquals("the library does not take 3 of the products", recorded.skipped.get("cublaslt at some sizes"));
        int held = 0;
        for (Row row : recorded.by("culebra")) {
            Double dense = row.l2().equals("cold") ? cublas.get(row.shape()) : null;
            if (dense != null) {
                assertEquals(dense / row.timeUs(), row.ratioToCublas(), 1e-9);
                held++;
            }
            assertTrue(row.shape().n() != 1 || row.ratioToCublas() == null, row::toString);
        }
        assertEquals(4, held, "dense, tiled-csl, bitmap, pairs");
        List<Row> pruned = recorded.by("cusparselt");
        assertTrue(pruned.stream().allMatch(r -> r.checked() && r.format().equals("2:4") && r.sparsity() == 0.5));
        assertNotNull(pruned.getFirst().ratioToCublas());
    }

    /** A quick run has other sparsities than those at which cuSPARSE is timed in a whole one. */
    @Test
    void cusparseIsTimedOnAFewProductsWhateverThePlan() throws Exception {
        Recorded recorded = run(group(emulated("shapes", "64x64,128x64", "n", "2,8,16", "sparsity", "60,80", "peers",
                "cusparse"), p -> p, new HostPeer("cusparse", "csr", false)));
        assertEquals(List.of("64x64x8 0.8"), recorded.by("cusparse").stream().filter(r -> r.l2().equals("cold"))
                .map(r -> r.shape() + " " + r.sparsity()).toList());
        assertEquals("it takes up to milliseconds, so it is timed on 64x64 with 8 tokens at 80% alone",
                recorded.skipped.get("cusparse elsewhere"));
    }

    @Test
    void aLibraryThatErrsIsLeftOut() throws Exception {
        Recorded recorded = run(group(emulated("shapes", "64x64", "n", "8", "sparsity", "60", "peers", "cublaslt"),
                p -> p, new HostPeer("cublaslt", "dense", true), new HostPeer("cusparselt", "2:4", false)));
        assertEquals(List.of(), recorded.by("cublaslt"));
        assertTrue(recorded.skipped.get("cublaslt dense 64x64x8").contains("y[0, 63] is 0.0"),
                recorded.skipped::toString);
        assertTrue(recorded.by("culebra").stream().allMatch(r -> r.ratioToCublas() == null));
        assertEquals(List.of(), recorded.by("cusparselt"), "nobody asked for it");
        assertFalse(recorded.skipped.containsKey("cusparse"), "nor for this one");
    }

    @Test
    void aLibraryForWhichMemoryIsTooSmallIsLeftOut() throws Exception {
        GpuPeer greedy = new HostPeer("cublaslt", "dense", false) {
            @Override
            public PeerWeights load(MemorySegment dense, int m, int k, int copies, Stream stream) {
                stream.context().allocate(1L << 50).close();
                throw new AssertionError("a petabyte was to be had");
            }
        };
        Recorded recorded = run(
                group(emulated("shapes", "64x64", "n", "8", "sparsity", "60", "peers", "cublaslt"), p -> p, greedy));
        assertTrue(recorded.skipped.get("cublaslt dense 64x64").contains("CUDA_ERROR_OUT_OF_MEMORY"),
                recorded.skipped::toString);
        assertFalse(recorded.by("culebra").isEmpty(), "the others go on");
    }

    /** What can be wrong with a result: all of it, or y[1, 5]. */
    enum Spoiled {
        ONLY_THE_FIRST_WRITES("y[0, 0] is NaN"), ONLY_ONE_COPY_WRITES("copy 1 alone: y[0, 0] is NaN"), ONE_COPY_IS_OFF(
                "copy 0 alone: y[1, 5] is"),
        A_LITTLE_OFF("y[1, 5] is"), OTHER_TOKEN("y[1, 5] is"),
        INFINITE("y[1, 5] is -Infinity");

        final String told;

        Spoiled(String told) { this.told = told; }
    }

    @ParameterizedTest
    @EnumSource
    void aWrongResultIsThrownAndNotRecorded(Spoiled how) {
        Recorded recorded = new Recorded();
        List<Integer> launched = new ArrayList<>();
        GpuGroup group = group(emulated("shapes", "64x64", "n", "2", "sparsity", "60"),
                product -> new Spoiling(product, how, launched));
        WrongResultException e = assertThrows(WrongResultException.class, () -> group.run(QUICK, recorded));
        assertTrue(
                e.getMessage().startsWith("culebra dense 64x64x2, cold, dense_f16_n8")
                        && e.getMessage().contains(how.told),
                e::getMessage);
        assertFalse(launched.isEmpty());
        assertEquals(List.of(), recorded.by("culebra"));
    }

    /** Does its work, notes which copy it took, and then spoils the result. */
    private static class Spoiling implements DeviceProduct {

        private final DeviceProduct right;
        private final Spoiled how;
        private final List<Integer> launched;

        Spoiling(DeviceProduct right, Spoiled how, List<Integer> launched) {
            this.right = right;
            this.how = how;
            this.launched = launched;
        }

        @Override
        public String kernel() { return right.kernel(); }

        @Override
        public long bytes() { return right.bytes(); }

        @Override
        public int copies() { return right.copies(); }

        @Override
        public boolean halfResult() { return right.halfResult(); }

        @Override
        public void launch(Stream stream, int copy, DeviceBuffer x, DeviceBuffer y) {
            launched.add(copy);
            boolean writes = how == Spoiled.ONLY_THE_FIRST_WRITES
                    ? launched.size() == 1
                    : how != Spoiled.ONLY_ONE_COPY_WRITES || copy == 0;
            if (writes) {
                right.launch(stream, copy, x, y);
            }
            if (how == null) {
                return;
            }
            DeviceBuffer element = y.slice(4 * (64 + 5), 4);
            switch (how) {
                case ONLY_THE_FIRST_WRITES, ONLY_ONE_COPY_WRITES -> {
                }
                case INFINITE -> stream.fill32(element, Float.floatToIntBits(Float.NEGATIVE_INFINITY));
                case OTHER_TOKEN -> stream.copy(y, 4 * 5, y, 4 * (64 + 5), 4);
                case A_LITTLE_OFF -> stream.fill(element.slice(1, 1), (byte) 0); // eight bits of the significand
                case ONE_COPY_IS_OFF -> {
                    if (copy == 0) {
                        stream.fill(element.slice(1, 1), (byte) 0);
                    }
                }
            }
        }

        @Override
        public void close() { right.close(); }
    }

    /** 64 x 64 at 90% is one tile: 410 entries or so of 4 bytes, so that 80 copies would be 8 times 16 KiB. */
    @Test
    void coldLaunchesTakeCopiesInTurnsThatPassTheCacheEightTimes() throws Exception {
        Map<String, List<Integer>> launched = new HashMap<>();
        Map<String, DeviceProduct> products = new HashMap<>();
        Recorded recorded = run(group(emulated("shapes", "64x64,128x64", "n", "8", "sparsity", "90"), product -> {
            List<Integer> copies = new ArrayList<>();
            launched.put(product.bytes() + "", copies);
            products.put(product.bytes() + "", product);
            return new Spoiling(product, null, copies);
        }));
        assertTrue(recorded.skipped.get("cold L2").startsWith("1 of 8 products: more than 64 copies"),
                recorded.skipped::toString);
        int cold = 0;
        for (Row row : recorded.by("culebra")) {
            DeviceProduct product = products.get(row.bytes() + "");
            if (row.l2().equals("cold")) {
                assertTrue(product.copies() * product.bytes() >= 8 * 16 << 10, row::toString);
                assertTrue((product.copies() - 1) * product.bytes() < 8 * 16 << 10, "and no more than it takes");
                List<Integer> all = launched.get(row.bytes() + "");
                int inTurns = 0;
                while (inTurns < all.size() && all.get(inTurns) == inTurns % product.copies()) {
                    inTurns++;
                }
                // two to warm up, two batches, which may be done again, each alone; the first that is warm is also the next in turn
                int rounds = inTurns / product.copies();
                assertTrue(rounds >= 5 && rounds <= 7, all::toString);
                assertTrue(all.subList(rounds * product.copies(), all.size()).stream().allMatch(copy -> copy == 0),
                        "warm");
                cold++;
            }
        }
        assertEquals(7, cold);
    }

    /** The host stands still when a batch has begun, as it does while code is compiled: the device waits for it. */
    @Test
    void aBatchThatTheDeviceWaitedInIsDoneAgain() throws Exception {
        List<Integer> launched = new ArrayList<>();
        List<DeviceProduct> dense = new ArrayList<>();
        Recorded recorded = run(group(emulated("shapes", "64x64", "n", "1", "sparsity", "60"), product -> {
            if (!dense.isEmpty()) {
                return product;
            }
            dense.add(product);
            return new Spoiling(product, null, launched) {
                @Override
                public void launch(Stream stream, int copy, DeviceBuffer x, DeviceBuffer y) {
                    super.launch(stream, copy, x, y);
                    int batch = (launched.size() - 1) / copies();
                    if (copy == 0 && batch >= 2 && batch < 4) { // after two to warm up the two that are timed
                        stream.synchronize();
                    }
                }
            };
        }));
        int ring = dense.getFirst().copies();
        assertTrue(ring > 1 && recorded.by("culebra").getFirst().format().equals("dense"));
        assertEquals(7 * ring, launched.size(), "two to warm up, two that waited, two again, each alone");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "shapes|7168|culebra.gpu.shapes is '7168'; give shapes of weights, such as 7168x7168,28672x7168",
        "shapes|0x8|culebra.gpu.shapes is '0x8'; give shapes of weights, such as 7168x7168,28672x7168",
        "n|1,,2|culebra.gpu.n is '1,,2'; give numbers of tokens from 1 to 4096, such as 1,8,32",
        "n|0|culebra.gpu.n is '0'; give numbers of tokens from 1 to 4096, such as 1,8,32",
        "sparsity|0.6|culebra.gpu.sparsity is '0.6'; give percentages of zeros from 0 to 99, such as 60,80",
        "peers|cublas|culebra.gpu.peers is 'cublas'; give all, none, or of cublaslt,cusparselt,cusparse"})
    void aPropertyThatMakesNoSenseIsNamed(String name, String value, String message) {
        GpuGroup group = group(emulated(name, value), p -> p);
        assertEquals(message, assertThrows(IllegalArgumentException.class, () -> group.run(QUICK, new Recorded()))
                .getMessage());
    }

    @Test
    void withoutADriverItSaysWhy() {
        String why = new GpuGroup(Map.of("culebra.gpu.driver", "another")::get, p -> p, GpuPeers::find).skipReason()
                .orElseThrow();
        assertTrue(why.startsWith("no GPU to be had from the driver 'another': no provider of this name"), why);
        assumeFalse(Cuda.available().available(), "there is a GPU");
        String reason = new GpuGroup(Map.<String, String>of()::get, p -> p, GpuPeers::find).skipReason().orElseThrow();
        assertTrue(reason.startsWith("no GPU to be had from the driver 'cuda': ") && reason.contains("libcuda"),
                reason);
        assertFalse(reason.contains("\n"));
    }
}
