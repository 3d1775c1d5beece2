package dev.culebra.tests.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.driver.Cuda;
import dev.culebra.kernel.Activation;
import dev.culebra.kernel.KernelCatalog;
import dev.culebra.kernel.KernelInstance;
import dev.culebra.kernel.LaunchPlan;
import dev.culebra.kernel.Planner;
import dev.culebra.kernel.Target;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every product kernel with every epilogue, K whole and split, on an emulated device with all checks on (with
 * {@code -Dculebra.tests.provider=cuda} on a real one). Where K is split each product is launched three times over the same
 * counters; see {@link KernelDevice}.
 */
class EpilogueTest {

    private static final Target TARGET = new Target(9, 0, 132, 227 * 1024);

    private static KernelDevice device;

    @BeforeAll
    static void open() {
        device = new KernelDevice(Cuda.open(System.getProperty("culebra.tests.provider", "emulator")).device(0));
    }

    @AfterAll
    static void close() { device.close(); }

    static Stream<String> kernels() { return KernelCatalog.all().stream().map(KernelInstance::name); }

    private static void check(KernelInstance kernel, int m, int k, int n, int splits, int mostRowBlocks,
            FusedProduct.Parts parts, int misaligned) {
        boolean narrow = parts.activation() == Activation.GELU;
        ExactProduct p = new ExactProduct(kernel.values(), m, k, n, 31L * m + 7L * k + n,
                ExactProduct.random(narrow ? .06 : .5, n), narrow ? 1 : 5);
        for (int token = 1; token < n; token += 4) {
            p.poison(token, token * 37 % k);
        }
        FusedProduct fused = new FusedProduct(p, parts, m + n);
        SparseMatrix a = p.weights(kernel.format());
        LaunchPlan full = Planner.plan(a, n, TARGET, kernel, splits);
        LaunchPlan plan = KernelDevice.fewerRows(full, mostRowBlocks);
        assertEquals(null,
                fused.difference(device.multiply(plan, a, p.activations(), p.ldx, n, fused.epilogue(), fused.held(),
                        misaligned, splits == 1 ? 1 : 3)),
                () -> kernel.name() + " in " + splits + " of " + fused + ", off by " + misaligned + " bytes");
    }

    /**
     * All 72 combinations on shapes just below, at and above what tiles and fours of rows are multiples of. Rows in fours go as
     * wide accesses where they are aligned, and one by one elsewhere, so some arrays are not.
     */
    @ParameterizedTest
    @MethodSource("kernels")
    void everyCombination(String name) {
        KernelInstance kernel = KernelCatalog.of(name);
        int[] tokens = {1, kernel.tileN() - 1, kernel.tileN() + 2, 5, 3};
        int[] rows = {64, 67, 1, 132, 63, 68, 130};
        // the value type has no part in it: a fifth for one of them
        for (int i = 0; i < 72; i += kernel.values() == ValueType.F16 ? 1 : 5) {
            // 5, 7, 3 and 4 have no common divisor with each other: a choice meets every other one
            FusedProduct.Parts parts = FusedProduct.Parts.of(i);
            check(kernel, rows[i % 7], 70 + 50 * (i % 2), tokens[i % 5], 1 + i % 3, 9, parts,
                    i % 4 == 3 ? parts.output().bytes() * (1 + i % 2) : 0);
        }
    }

    /** Every number of splits up to 17, each with sums of its own, in whole and ragged batches of splits and tokens; one with more. */
    @ParameterizedTest
    @MethodSource("kernels")
    void everyNumberOfSplits(String name) {
        KernelInstance kernel = KernelCatalog.of(name);
        for (int splits = 1; splits <= 17; splits++) {
            check(kernel, 65 + splits, 64 * splits - 9, 1 + splits * 7 % (kernel.tileN() + 3), splits, 9,
                    FusedProduct.Parts.of(splits * 13 % 72), 0);
        }
        check(kernel, 64, 300, kernel.tileN(), 33, 9, FusedProduct.Parts.of(1), 0);
    }

    /** Fewer blocks than rows of tiles, as with more than 65535: a block's tiles have a counter each. */
    @ParameterizedTest
    @MethodSource("kernels")
    void aBlockTakesSeveralRowsOfTiles(String name) {
        KernelInstance kernel = KernelCatalog.of(name);
        for (int splits = 1; splits <= 3; splits++) {
            check(kernel, 3 * kernel.tileM() + 5, 130, kernel.tileN() + 1, splits, 2, FusedProduct.Parts.of(7), 0);
        }
    }
}
