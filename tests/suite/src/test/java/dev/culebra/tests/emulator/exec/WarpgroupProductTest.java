package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.exec.PtxModule;
import dev.culebra.emulator.ptx.PtxException;
import dev.culebra.tests.conformance.WarpgroupProgram;
import dev.culebra.tests.conformance.WarpgroupProgram.Operand;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * wgmma.mma_async against products in double precision of the same matrices. Values are small whole numbers, whose sums are exact
 * in any order and in f16; how operands lie in shared memory is laid out by {@link WarpgroupProgram} from the PTX ISA's strides.
 */
class WarpgroupProductTest {

    private static double[][] random(Random random, int rows, int columns) {
        double[][] all = new double[rows][columns];
        for (double[] row : all) Arrays.setAll(row, i -> random.nextInt(-8, 9));
        return all;
    }

    /** D of one warpgroup, checked against A B + C by another way to add up. */
    private static void check(WarpgroupProgram program) throws DeviceFault {
        int depth = 16 * program.steps;
        Random random = new Random(program.n + depth);
        double[][] a = random(random, 64, depth);
        double[][] b = random(random, program.n, depth);
        double[][] c = random(random, 64, program.n);
        Rig rig = new Rig(program.text());
        boolean halves = program.out.equals("f16");
        long out = rig.zeros((halves ? 2 : 4) * program.count());
        rig.launch("k", Rig.dim(1), Rig.dim(128), program.sharedBytes(), rig.upload(program.input(a, b, c)), out);
        int sign = program.scaleA * program.scaleB;
        short[] shorts = rig.shorts(out);
        float[] floats = rig.floats(out);
        for (int i = 0; i < program.count(); i++) {
            int row = program.element(i) / program.n;
            int column = program.element(i) % program.n;
            double want = program.adds ? c[row][column] : 0;
            for (int k = program.adds ? 0 : depth - 16; k < depth; k++) { // without it the last step alone counts
                want += sign * a[row][k] * b[column][k];
            }
            double got = halves ? Float.float16ToFloat(shorts[i]) : floats[i];
            assertEquals(want, got, program + ", row " + row + ", column " + column);
        }
    }

    @Test
    void everyWidth() throws DeviceFault {
        for (int n = 8; n <= 256; n += 8) {
            check(new WarpgroupProgram(n));
        }
    }

    @ParameterizedTest
    @CsvSource({"f16, f32", "bf16, f32", "f16, f16"})
    void everyType(String in, String out) throws DeviceFault {
        for (int n : new int[]{8, 24, 64, 256}) {
            for (boolean registers : new boolean[]{true, false}) {
                WarpgroupProgram p = new WarpgroupProgram(n);
                p.in = in;
                p.out = out;
                p.aInRegisters = registers;
                check(p);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 32, 64, 128})
    void everySwizzle(int swizzle) throws DeviceFault {
        for (int n : new int[]{8, 40, 64, 128, 200}) {
            for (int transposed = 0; transposed < 4; transposed++) {
                WarpgroupProgram p = new WarpgroupProgram(n);
                p.aInRegisters = false;
                p.a = new Operand(swizzle, (transposed & 1) != 0);
                p.b = new Operand(swizzle, (transposed & 2) != 0);
                p.steps = 2;
                check(p);
            }
        }
    }

    /** Four steps in one tile of 128 bytes a row, each 32 bytes further, and two of 64. */
    @ParameterizedTest
    @CsvSource({"128, 4", "64, 2"})
    void stepsWithinATile(int swizzle, int steps) throws DeviceFault {
        for (int n : new int[]{8, 64}) {
            WarpgroupProgram p = new WarpgroupProgram(n);
            p.aInRegisters = n == 8;
            p.a = new Operand(swizzle, false);
            p.b = p.a;
            p.steps = steps;
            p.packed = true;
            check(p);
        }
    }

    /** sm_90a is a target of compute capability 9.0 alone, and wgmma of sm_90a. */
    @Test
    void noOtherArchitectureHasIt() throws PtxException {
        String text = new WarpgroupProgram(8).text();
        PtxModule.parse(text, 9, 0);
        for (int major : new int[]{8, 10, 12}) {
            assertEquals(PtxException.Kind.NO_BINARY_FOR_GPU,
                    assertThrows(PtxException.class, () -> PtxModule.parse(text, major, 0)).kind());
        }
        String later = text.replace(".version 8.0", ".version 8.8").replace("sm_90a", "sm_100a");
        String said = assertThrows(PtxException.class, () -> PtxModule.parse(later, 10, 0)).getMessage();
        assertTrue(said.contains("needs .target sm_90a, which alone has it; the module says sm_100"), said);
    }

    @Test
    void scales() throws DeviceFault {
        for (int i = 0; i < 8; i++) {
            WarpgroupProgram p = new WarpgroupProgram(32);
            p.adds = (i & 1) != 0;
            p.scaleA = (i & 2) != 0 ? 1 : -1;
            p.scaleB = (i & 4) != 0 ? 1 : -1;
            check(p);
        }
    }
}
