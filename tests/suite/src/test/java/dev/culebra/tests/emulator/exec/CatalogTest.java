package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.kernel.KernelCatalog;
import dev.culebra.kernel.KernelInstance;
import dev.culebra.kernel.LaunchPlan;
import dev.culebra.kernel.Planner;
import dev.culebra.kernel.Target;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Section;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every product of the catalog, from its committed PTX, on small integers: then each sum is exact, whatever its order. */
class CatalogTest {

    static Stream<KernelInstance> products() { return KernelCatalog.all().stream().filter(k -> k.format() != null); }

    @ParameterizedTest
    @MethodSource("products")
    void productsAreExactOnSmallIntegers(KernelInstance kernel) throws Exception {
        Rig rig = new Rig(KernelCatalog.ptx(kernel));
        rig.workers = 2;
        for (int[] shape : List.of(new int[]{1, 1, 1, 100}, new int[]{65, 130, kernel.tileN() + 3, 40},
                new int[]{64, 192, 5, 0})) {
            check(rig, kernel, shape[0], shape[1], shape[2], shape[3]);
        }
    }

    private static short bits(ValueType type, int v) {
        return type == ValueType.F16 ? Float.floatToFloat16(v) : (short) (Float.floatToRawIntBits(v) >>> 16);
    }

    private static void check(Rig rig, KernelInstance kernel, int m, int k, int n, int percent) throws Exception {
        Random random = new Random(m * 31L + k);
        int ldx = k + 7 & -8;
        int[] a = new int[m * k];
        short[] dense = new short[m * k];
        for (int i = 0; i < a.length; i++) {
            a[i] = random.nextInt(100) < percent ? random.nextInt(1, 9) * (random.nextBoolean() ? 1 : -1) : 0;
            dense[i] = bits(kernel.values(), a[i]);
        }
        int[] x = new int[n * ldx];
        short[] activations = new short[n * ldx];
        for (int i = 0; i < x.length; i++) {
            x[i] = random.nextInt(-8, 9);
            activations[i] = bits(kernel.values(), x[i]);
        }
        SparseMatrix matrix = SparseMatrix.encode(MemorySegment.ofArray(dense), kernel.values().dense(), m, k,
                kernel.values(), EncodeOptions.DEFAULT.withFormat(kernel.format()));
        List<Object> arguments = new ArrayList<>();
        matrix.sections().forEach(section -> arguments.add(upload(rig, section)));
        long y = rig.upload(new float[n * m]);
        arguments.addAll(List.of(rig.upload(activations), y, m, k, n, ldx, 0L, 0L, 0L, 0L, 0));
        arguments.addAll(KernelCatalog.lastParameters(matrix));
        LaunchPlan plan = Planner.plan(matrix, n, new Target(9, 0, 132, 227 * 1024), kernel, 1);
        rig.launch(kernel.name(), Rig.dim(plan.gridX(), plan.gridY()), Rig.dim(plan.threads()), plan.sharedBytes(),
                arguments.toArray());
        float[] got = rig.floats(y);
        for (int t = 0; t < n; t++) {
            for (int r = 0; r < m; r++) {
                int sum = 0;
                for (int c = 0; c < k; c++) {
                    sum += a[r * k + c] * x[t * ldx + c];
                }
                assertTrue(Math.abs(sum) < 1 << 24, "exact in fp32");
                assertEquals(sum, got[t * m + r],
                        kernel.name() + " " + m + "x" + k + "x" + n + " row " + r + " token " + t);
            }
        }
    }

    private static long upload(Rig rig, Section section) {
        byte[] bytes = section.bytes().toArray(ValueLayout.JAVA_BYTE);
        return rig.upload(bytes.length == 0 ? new byte[16] : bytes);
    }
}
