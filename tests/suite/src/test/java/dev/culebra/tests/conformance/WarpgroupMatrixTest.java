package dev.culebra.tests.conformance;

import dev.culebra.driver.LaunchConfig;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Section 9.7.15: wgmma, one warpgroup a program. Small whole numbers have sums that are exact in any order; for others the ISA
 * leaves order and rounding open, as for mma.
 */
class WarpgroupMatrixTest extends Conformance {

    private final List<Case> cases = new ArrayList<>();

    @Override
    List<Case> cases() {
        if (!cases.isEmpty()) return cases;
        for (int n : new int[]{32, 64, 128}) {
            add("registers", new WarpgroupProgram(n), true);
        }
        add("registers", new WarpgroupProgram(64), false);
        for (int n : new int[]{8, 96, 256}) {
            WarpgroupProgram p = new WarpgroupProgram(n);
            p.aInRegisters = false;
            add("descriptors", p, true);
        }
        WarpgroupProgram brain = new WarpgroupProgram(64);
        brain.in = "bf16";
        add("registers", brain, true);
        add("registers", brain, false);
        WarpgroupProgram halves = new WarpgroupProgram(64);
        halves.out = "f16";
        add("registers", halves, true);
        WarpgroupProgram fresh = new WarpgroupProgram(32);
        fresh.adds = false;
        add("no-scale-d", fresh, true);
        WarpgroupProgram negative = new WarpgroupProgram(32);
        negative.scaleB = -1;
        add("negative", negative, true);
        WarpgroupProgram steps = new WarpgroupProgram(64);
        steps.steps = 4;
        steps.packed = true;
        add("four-steps", steps, true);
        for (int swizzle : new int[]{0, 32, 64, 128}) {
            for (int transposed = 0; transposed < 2; transposed++) {
                WarpgroupProgram p = new WarpgroupProgram(128);
                p.aInRegisters = false;
                p.a = new WarpgroupProgram.Operand(swizzle, transposed == 1);
                p.b = p.a;
                add((transposed == 1 ? "transposed-" : "straight-") + "swizzle-" + swizzle, p, true);
            }
        }
        return cases;
    }

    private static double[][] numbers(Random r, int rows, int columns, boolean whole, Ieee type) {
        double[][] all = new double[rows][columns];
        for (double[] row : all) {
            Arrays.setAll(row, i -> whole
                    ? r.nextInt(-8, 9)
                    : type.value(type.round(
                            Ieee.Number.of(r.nextBoolean(), BigInteger.valueOf(r.nextInt(1, 2048)), r.nextInt(-15, -6)),
                            'n')));
        }
        return all;
    }

    private void add(String what, WarpgroupProgram p, boolean whole) {
        int depth = 16 * p.steps;
        Random r = new Random(p.n + depth);
        Ieee in = Ieee.of(p.in);
        double[][] a = numbers(r, 64, depth, whole, in);
        double[][] b = numbers(r, p.n, depth, whole, in);
        double[][] c = numbers(r, 64, p.n, whole, in);
        String name = "9.7.15/wgmma.m64n" + p.n + "k16." + p.out + "." + p.in + "-" + what
                + (whole ? "-exact" : "-bound");
        LaunchConfig shape = LaunchConfig.of(1, 128).withShared(p.sharedBytes());
        cases.add(new Case(name, 90, p.text(), shape, p.input(a, b, c), new Object[0], () -> answer(p, whole, a, b, c),
                i -> "row " + p.element(i) / p.n + ", column " + p.element(i) % p.n));
    }

    private static Answer answer(WarpgroupProgram p, boolean whole, double[][] a, double[][] b, double[][] c) {
        Ieee out = Ieee.of(p.out);
        long[] bits = new long[p.count()];
        Freedom[] freedoms = new Freedom[bits.length];
        int sign = p.scaleA * p.scaleB;
        for (int i = 0; i < bits.length; i++) {
            int row = p.element(i) / p.n;
            int column = p.element(i) % p.n;
            double sum = p.adds ? c[row][column] : 0;
            double sizes = Math.abs(sum);
            for (int k = 0; k < 16 * p.steps; k++) {
                double product = sign * a[row][k] * b[column][k];
                sum += product;
                sizes += Math.abs(product);
            }
            bits[i] = MatrixTest.encode(out, sum);
            // 17 additions a step, each off by one unit in the last place of at most the sum of all sizes, and the rounding.
            double bound = 18 * p.steps * Math.scalb(sizes, 1 - out.precision);
            freedoms[i] = whole ? null : Freedom.between(out, sum - bound, sum + bound);
        }
        return new Answer(out.width / 8, bits, freedoms);
    }
}
