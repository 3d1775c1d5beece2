package dev.culebra.tests.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.kernel.KernelCatalog;
import dev.culebra.kernel.KernelInstance;
import dev.culebra.kernel.LaunchPlan;
import dev.culebra.kernel.Planner;
import dev.culebra.kernel.Target;
import dev.culebra.sparse.Format;
import java.util.stream.IntStream;
import java.lang.foreign.MemorySegment;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.ValueType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A plan covers the product, fits the device, and says why. */
class PlannerTest {

    static final Target H200 = new Target(9, 0, 132, 227 * 1024);
    static final Target RTX3090 = new Target(8, 6, 82, 99 * 1024);

    private static LaunchPlan plan(int m, int k, int n, Target target) {
        return Planner.plan(Format.TILED_CSL, ValueType.F16, m, k, (long) (.3 * m * k), n, target);
    }

    private static LaunchPlan dense(int m, int k, int n, Target target) {
        return Planner.plan(Format.DENSE, ValueType.F16, m, k, (long) m * k, n, target);
    }

    @ParameterizedTest
    @CsvSource({"1,8", "2,8", "8,8", "9,16", "16,16", "17,32", "33,64", "64,64", "65,64", "1000,64"})
    void tileIsTheNarrowestThatTakesAllTokens(int n, int tile) {
        for (Format format : List.of(Format.TILED_CSL, Format.DENSE)) {
            for (ValueType type : ValueType.values()) {
                LaunchPlan plan = Planner.plan(format, type, 4096, 4096, 1 << 22, n, H200);
                assertEquals(format.id().replace('-', '_') + "_" + type.id() + "_n" + tile, plan.kernel().name());
                assertEquals((n + tile - 1) / tile, plan.gridX());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "17,33,5", "300,1000,33", "28672,7168,8", "7168,28672,16", "1024,4096,64", "64,1000000,8",
        "12288,49152,64", "5000000,64,8", "2147483647,1,1", "1,2147483647,1"})
    void everyPlanIsSound(int m, int k, int n) {
        for (Target target : new Target[]{H200, RTX3090, new Target(8, 0, 1, 163 * 1024)}) {
            isSound(plan(m, k, n, target), m, k, n, target);
            isSound(dense(m, k, n, target), m, k, n, target);
        }
    }

    private static void isSound(LaunchPlan p, int m, int k, int n, Target target) {
        long rows = (m - 1) / p.kernel().tileM() + 1;
        long tiles = (k - 1) / 64 + 1;
        assertEquals(Math.min(rows, 65535), p.gridY());
        assertEquals(p.splits(), p.gridZ());
        assertTrue(p.splits() >= 1 && p.splits() <= tiles && p.splits() <= 65535, "splits " + p.splits());
        assertTrue(p.sharedBytes() == p.kernel().sharedBytes() || p.sharedBytes() == p.kernel().mostSharedBytes());
        assertTrue(p.sharedBytes() <= target.sharedPerBlockOptIn());
        long tilesOfY = rows * p.gridX();
        boolean whole = p.splits() == 1;
        assertEquals(whole ? 0 : 4 * tilesOfY * p.splits() * p.kernel().tileM() * p.kernel().tileN(),
                p.workspaceBytes());
        assertEquals(whole ? 0 : 4 * tilesOfY, p.zeroedBytes());
        assertTrue(p.why().contains(p.kernel().name()) && !p.why().contains("\n"), p.why());
    }

    /** A square layer alone has too few rows of tiles for 132 multiprocessors; splitting K brings near a whole wave. */
    @Test
    void fewRowsAreSplitUntilTheDeviceIsFull() {
        LaunchPlan plan = plan(7168, 7168, 8, H200);
        assertEquals(4, plan.splits(), plan.why());
        assertEquals(
                "tiled_csl_f16_n8 since 8 tokens fit its 8; K in 4 of its 112 tiles, so that 448 blocks make 0.85 waves"
                        + " of the 528 that fit",
                plan.why());
        assertEquals(1, plan(28672, 7168, 8, H200).splits(), "448 rows of tiles nearly fill the 528 places");
    }

    /**
     * What was fastest of what was measured on an H200, or within 1% of it (ptx/NOTES.md). Few blocks do not split K but have
     * more on their way each; many have enough together; at 32 tokens and more a block has two rows of tiles, so that there
     * are fewer, and K is split again.
     */
    @ParameterizedTest
    @CsvSource({"50272,4096,8,1,27648", "28672,7168,16,1,30720", "7168,7168,8,1,73728", "7168,28672,8,1,73728",
        "7168,7168,16,1,81920", "4096,4096,8,2,73728", "28672,7168,32,1,61440", "16384,4096,32,1,81920",
        "4096,4096,32,4,81920", "28672,7168,64,1,73728", "12288,12288,64,4,73728"})
    void denseProductsAreAsMeasured(int m, int k, int n, int splits, int shared) {
        LaunchPlan plan = dense(m, k, n, H200);
        assertEquals(splits, plan.splits(), plan.why());
        assertEquals(shared, plan.sharedBytes(), plan.why());
    }

    @Test
    void denseChoicesAreExplained() {
        assertEquals(
                "dense_f16_n8 since 8 tokens fit its 8; K whole, so that 448 blocks make 0.42 waves of the 1056 that"
                        + " fit",
                dense(28672, 7168, 8, H200).why());
        assertEquals(
                "dense_f16_n8 since 8 tokens fit its 8; K whole, so that 112 blocks make 0.28 waves of the 396 that"
                        + " fit with 72 KB each, to have more on its way",
                dense(7168, 7168, 8, H200).why());
    }

    /** 99 KB hold either; a device that holds no more than the least of it is served with that. */
    @Test
    void moreSharedMemoryOnlyWhereThereIs() {
        assertEquals(73728, dense(64, 7168, 8, RTX3090).sharedBytes());
        assertEquals(27648, dense(64, 7168, 8, new Target(8, 0, 108, 48 * 1024)).sharedBytes());
    }

    @Test
    void aCallersChoiceStands() {
        KernelInstance n32 = KernelCatalog.of("tiled_csl_bf16_n32");
        LaunchPlan plan = Planner.plan(Format.TILED_CSL, ValueType.BF16, 300, 1000, 10, 5, H200, n32, 7);
        assertSame(n32, plan.kernel());
        assertEquals(7, plan.splits());
        assertEquals(4L * 7 * 32 * (5 * 64), plan.workspaceBytes(), "7 parts of 5 tiles of 64 x 32");
        assertEquals(4L * 5, plan.zeroedBytes());
        assertTrue(plan.why().startsWith("tiled_csl_bf16_n32 as asked; K in 7 as asked"), plan.why());
    }

    private static void refused(String part, org.junit.jupiter.api.function.Executable action) {
        String message = assertThrows(IllegalArgumentException.class, action).getMessage();
        assertTrue(message.contains(part), message);
    }

    @Test
    void refusals() {
        refused("M 0, K 1, N 1", () -> plan(0, 1, 1, H200));
        refused("N 0", () -> plan(1, 1, 0, H200));
        refused("needs sm_80 or later; the device is sm_75", () -> plan(1, 1, 1, new Target(7, 5, 40, 64 * 1024)));
        refused("needs 51200 bytes of shared memory a block; the device gives 49152",
                () -> plan(1, 1, 1, new Target(8, 0, 108, 48 * 1024)));
        refused("is not for tiled-csl weights of f16", () -> Planner.plan(Format.TILED_CSL, ValueType.F16, 1, 1, 1, 1,
                H200, KernelCatalog.of("tiled_csl_bf16_n8"), 0));
        refused("is not for tiled-csl weights of f16", () -> Planner.plan(Format.TILED_CSL, ValueType.F16, 1, 1, 1, 1,
                H200, KernelCatalog.of("dense_f16_n8"), 0));
        refused("splits 65536", () -> Planner.plan(Format.TILED_CSL, ValueType.F16, 1, 1, 1, 1, H200, null, 65536));
        refused("pass 2^63 bytes", () -> Planner.plan(Format.TILED_CSL, ValueType.F16, Integer.MAX_VALUE, 1, 1,
                Integer.MAX_VALUE, H200, null, 65535));
        refused("0 multiprocessors", () -> new Target(9, 0, 0, 1));
    }

    /** Where the widest does not fit, the next one serves. */
    @Test
    void aNarrowerTileWhereSharedMemoryIsShort() {
        assertEquals(32, plan(64, 64, 64, new Target(8, 0, 108, 60 * 1024)).kernel().tileN());
    }

    /** Crews share all segments alike; how many have parts of one group of rows is counted by going through the units. */
    @Test
    void lanesListsAreSharedAlike() {
        for (int multiprocessors : new int[]{1, 2, 5, 132}) {
            for (int m : new int[]{1, 256, 257, 1300}) {
                for (int n : new int[]{3, 16, 32, 70}) {
                    short[] dense = new short[m * 700];
                    for (int i = 0; i < dense.length; i += 3) {
                        dense[i] = 0x3c00;
                    }
                    SparseMatrix a = SparseMatrix.encode(MemorySegment.ofArray(dense), DenseType.F16, m, 700,
                            ValueType.F16,
                            EncodeOptions.DEFAULT.withFormat(Format.BITMAP).withSegment(2));
                    LaunchPlan plan = Planner.plan(a, n, new Target(9, 0, multiprocessors, 227 * 1024));
                    int tile = plan.kernel().tileN();
                    assertEquals(n <= 8 ? 8 : n <= 16 ? 16 : n <= 32 ? 32 : 64, tile, plan.why());
                    assertEquals((n + tile - 1) / tile, plan.gridX());
                    int groups = (m + 255) / 256;
                    int units = groups * 6; // 11 k-tiles, two a segment
                    int crews = plan.threads() / 128;
                    int intervals = plan.gridY() * crews;
                    assertTrue(crews >= 1 && crews <= 3 && intervals <= units
                            && plan.gridY() * plan.gridX() <= Math.max(plan.gridX(), multiprocessors), plan.why());
                    int[] sharing = new int[groups];
                    int unit = 0; // dealt out among blocks one by one, then among a block's crews
                    for (int block = 0; block < plan.gridY(); block++) {
                        int mine = units / plan.gridY() + (block < units % plan.gridY() ? 1 : 0);
                        for (int crew = 0; crew < crews; crew++) {
                            boolean[] has = new boolean[groups];
                            for (int u = mine * crew / crews; u < mine * (crew + 1) / crews; u++) {
                                has[(unit + u) / 6] = true;
                            }
                            for (int g = 0; g < groups; g++) {
                                sharing[g] += has[g] ? 1 : 0;
                            }
                        }
                        unit += mine;
                    }
                    assertEquals(IntStream.of(sharing).max().orElseThrow(), plan.splits(), plan.why());
                    int parts = IntStream.of(sharing).filter(x -> x > 1).sum();
                    assertTrue(plan.zeroedBytes() >= 4L * parts * plan.gridX() * tile * 256, plan.why());
                    assertEquals(plan.splits() == 1, plan.zeroedBytes() == 0);
                    assertEquals(0, plan.workspaceBytes());
                }
            }
        }
    }
}
