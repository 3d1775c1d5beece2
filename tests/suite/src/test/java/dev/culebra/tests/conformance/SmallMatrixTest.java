package dev.culebra.tests.conformance;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Section 9.7.14, the types that {@link MatrixTest} has not: f64, FP8, integers of 4 bits, single bits, and the shapes of 8 rows.
 * Where an element lies comes from the ISA's formulas for each shape; a lane gives its elements, lower index in lower bits.
 */
class SmallMatrixTest extends Conformance {

    private final List<Case> cases = new ArrayList<>();

    /** Row or column, from groupID, threadID_in_group and the element. */
    private interface Place {
        /**
         * The place.
         *
         * @param g groupID
         * @param t threadID_in_group
         * @param i the element
         * @return a row or a column
         */
        int of(int g, int t, int i);
    }

    /** Rows of A's elements, columns of A's elements (rows of B's); columns of B's are groupID. */
    private record Shape(int m, int k, Place rowA, Place columnA, Place rowB) {
        String name() { return "m" + m + "n8k" + k; }
    }

    /** One row a group: "row = groupID". */
    private static Shape eight(int k, int each) {
        return new Shape(8, k, (g, t, i) -> g, (g, t, i) -> t * each + i, (g, t, i) -> t * each + i);
    }

    /**
     * Of 16 rows with {@code each} elements a register: "row = groupID for ai where i < each || 2 each <= i < 3 each, else groupID + 8;
     * col = threadID_in_group * each + (i & each - 1), + 4 each for i >= 2 each"; of B + 4 each for i >= each.
     */
    private static Shape sixteen(int k, int each) {
        return new Shape(16, k, (g, t, i) -> i / each % 2 == 0 ? g : g + 8,
                (g, t, i) -> t * each + i % each + i / (2 * each) * 4 * each,
                (g, t, i) -> t * each + i % each + i / each * 4 * each);
    }

    @Override
    List<Case> cases() {
        if (!cases.isEmpty()) return cases;
        for (String a : new String[]{"s8", "u8"}) {
            whole(eight(16, 4), a, "s8", 8, "");
            whole(eight(16, 4), a, "u8", 8, ".satfinite");
        }
        for (String a : new String[]{"s4", "u4"}) {
            for (String b : new String[]{"s4", "u4"}) {
                whole(eight(32, 8), a, b, 4, "");
                whole(sixteen(32, 8), a, b, 4, ".satfinite");
                whole(sixteen(64, 8), a, b, 4, "");
            }
        }
        for (Shape s : new Shape[]{eight(128, 32), sixteen(128, 32), sixteen(256, 32)}) {
            bits(s, "xor");
            bits(s, "and");
        }
        doubles(eight(4, 1), 80);
        // "row = groupID for a0 and a2 ...": one element a register in all double shapes of 16 rows.
        for (int k : new int[]{4, 8, 16}) doubles(sixteen(k, 1), 90);
        for (String a : new String[]{"e4m3", "e5m2"}) for (String b : new String[]{"e4m3", "e5m2"}) bytes(a, b);
        return cases;
    }

    private static int elements(Shape s, boolean a) { return (a ? s.m : 8) * s.k / 32; }

    private static long[] pack(Shape s, boolean ofA, int lane, int bits, long[] matrix) {
        int n = elements(s, ofA);
        int per = Math.max(1, 32 / bits);
        long[] registers = new long[(n + per - 1) / per];
        for (int i = 0; i < n; i++) {
            int g = lane >> 2;
            int t = lane % 4;
            int at = ofA ? s.rowA.of(g, t, i) * s.k + s.columnA.of(g, t, i) : s.rowB.of(g, t, i) * 8 + g;
            long mask = bits == 64 ? -1 : (1L << bits) - 1;
            registers[i / per] |= (matrix[at] & mask) << bits * (i % per) % 32;
        }
        return registers;
    }

    /** "row = groupID for i < 2, groupID + 8 else; col = threadID_in_group * 2 + (i & 1)". */
    private static int placeOfC(int lane, int i) {
        return ((lane >> 2) + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2;
    }

    /** What a warp's element of D is. */
    private interface Element {
        /**
         * Sets one element.
         *
         * @param m the matrices' bits: A, B, C
         * @param row of D
         * @param column of D
         * @param out the result
         */
        void of(long[][] m, int row, int column, Tuples.Result out);
    }

    private void add(String op, String suffix, int target, Shape s, int bits, int bitsOfC, String typeOfC,
            List<long[][]> matrices, Element element) {
        List<long[]> tuples = new ArrayList<>();
        int nc = s.m * 8 / 32;
        for (long[][] m : matrices) {
            for (int l = 0; l < 32; l++) {
                long[] c = new long[nc];
                for (int i = 0; i < nc; i++) c[i] = m[2][placeOfC(l, i)];
                List<Long> all = new ArrayList<>();
                for (long[] part : new long[][]{pack(s, true, l, bits, m[0]), pack(s, false, l, bits, m[1]), c}) {
                    for (long v : part) all.add(v);
                }
                tuples.add(all.stream().mapToLong(v -> v).toArray());
            }
        }
        int na = pack(s, true, 0, bits, matrices.get(0)[0]).length;
        int nb = pack(s, false, 0, bits, matrices.get(0)[1]).length;
        String[] in = new String[na + nb + nc];
        Arrays.fill(in, 0, na + nb, bits == 64 ? "b64" : "b32");
        Arrays.fill(in, na + nb, in.length, "b" + bitsOfC);
        String[] out = new String[nc];
        Arrays.fill(out, typeOfC);
        int[] warp = {0};
        cases.add(Tuples
                .of("9.7.14.5.14/" + op + suffix,
                        op + list("%o", 0, nc) + "," + list("%i", 0, na) + "," + list("%i", na, nb) + ","
                                + list("%i", na + nb, nc) + ";")
                .target(target, target == 90 ? "8.4" : "8.0").in(in).out(out)
                .over(tuples.toArray(long[][]::new)).answersOfWarps((v, r) -> {
                    long[][] m = matrices.get(warp[0]++ % matrices.size());
                    for (int l = 0; l < 32; l++) {
                        for (int i = 0; i < nc; i++) element.of(m, placeOfC(l, i) / 8, placeOfC(l, i) % 8, r[l][i]);
                    }
                }));
    }

    private static String list(String name, int from, int n) {
        StringBuilder s = new StringBuilder(" {");
        for (int i = 0; i < n; i++) s.append(i == 0 ? "" : ", ").append(name).append(from + i);
        return s + "}";
    }

    private static long[][] random(Shape s, Random r) {
        return new long[][]{r.longs((long) s.m * s.k).toArray(), r.longs(8L * s.k).toArray(),
            r.longs(8L * s.m).toArray()};
    }

    private void whole(Shape s, String ta, String tb, int bits, String sat) {
        List<long[][]> matrices = new ArrayList<>();
        Random r = new Random(s.k);
        for (int w = 0; w < 4; w++) {
            long[][] m = random(s, r);
            for (int i = 0; i < m[2].length; i++) m[2][i] = w == 3 ? 0x7fffffffL - (i & 3) : m[2][i] & 0xffffffffL;
            matrices.add(m);
        }
        add("mma.sync.aligned." + s.name() + ".row.col" + sat + ".s32." + ta + "." + tb + ".s32", "", 80, s, bits, 32,
                "s32", matrices,
                (m, row, column, out) -> {
                    long sum = (int) m[2][row * 8 + column];
                    for (int j = 0; j < s.k; j++) {
                        sum += Whole.field(m[0][row * s.k + j], 0, bits, Whole.signed(ta))
                                * Whole.field(m[1][j * 8 + column], 0, bits, Whole.signed(tb));
                    }
                    out.is(sat.isEmpty() ? sum : Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, sum)));
                });
    }

    /** "The product is XOR or AND of bits, and the sum counts them." */
    private void bits(Shape s, String op) {
        List<long[][]> matrices = List.of(random(s, new Random(1)), random(s, new Random(2)));
        for (long[][] m : matrices) for (int i = 0; i < m[2].length; i++) m[2][i] &= 0xffffffffL;
        add("mma.sync.aligned." + s.name() + ".row.col.s32.b1.b1.s32." + op + ".popc", "", 80, s, 1, 32, "s32",
                matrices,
                (m, row, column, out) -> {
                    long sum = m[2][row * 8 + column];
                    for (int j = 0; j < s.k; j++) {
                        long both = (m[0][row * s.k + j] & 1) + (m[1][j * 8 + column] & 1);
                        sum += op.equals("xor") ? both % 2 : both / 2;
                    }
                    out.is(sum);
                });
    }

    /** Whole numbers, exact in any order; others within k roundings: "identical to that of .f64 fused multiply-add". */
    private void doubles(Shape s, int target) {
        for (boolean exact : new boolean[]{true, false}) {
            Random r = new Random(s.k);
            List<long[][]> matrices = new ArrayList<>();
            for (int w = 0; w < 3; w++) {
                long[][] m = random(s, r);
                for (long[] v : m) {
                    Arrays.setAll(v,
                            i -> Double.doubleToRawLongBits(exact ? r.nextInt(-99, 100) : r.nextDouble(-4, 4)));
                }
                matrices.add(m);
            }
            String op = "mma.sync.aligned." + s.name() + ".row.col.f64.f64.f64.f64";
            add(op, exact ? "" : "-bound", target, s, 64, 64, "f64", matrices, (m, row, column, out) -> {
                BigDecimal sum = new BigDecimal(Double.longBitsToDouble(m[2][row * 8 + column]));
                double sizes = Math.abs(sum.doubleValue());
                for (int j = 0; j < s.k; j++) {
                    double a = Double.longBitsToDouble(m[0][row * s.k + j]);
                    double b = Double.longBitsToDouble(m[1][j * 8 + column]);
                    sum = sum.add(new BigDecimal(a).multiply(new BigDecimal(b)));
                    sizes += Math.abs(a * b);
                }
                double v = sum.doubleValue();
                double bound = (s.k + 1) * Math.scalb(sizes, -53);
                if (exact) out.isJust(Double.doubleToRawLongBits(v + 0.0));
                else out.isFree(Double.doubleToRawLongBits(v), Freedom.between(Ieee.F64, v - bound, v + bound));
            });
        }
    }

    /** A finite FP8 number's value: e4m3 with bias 7, e5m2 with bias 15. */
    private static double small(String type, long bits) {
        int fraction = type.equals("e4m3") ? 3 : 2;
        int bias = type.equals("e4m3") ? 7 : 15;
        int field = (int) (bits >> fraction & (1 << 7 - fraction) - 1);
        long f = bits & (1 << fraction) - 1;
        double v = Math.scalb(field == 0 ? f : f + (1 << fraction), Math.max(field, 1) - bias - fraction);
        return (bits & 0x80) != 0 ? -v : v;
    }

    /** Numbers of sizes from 1/8 to 8, with sums in f32; products are exact there. */
    private void bytes(String ta, String tb) {
        Shape s = sixteen(32, 4);
        Random r = new Random(9);
        List<long[][]> matrices = new ArrayList<>();
        for (int w = 0; w < 4; w++) {
            long[][] m = random(s, r);
            int whole = w;
            for (int k = 0; k < 2; k++) {
                String t = k == 0 ? ta : tb;
                int fraction = t.equals("e4m3") ? 3 : 2;
                int bias = t.equals("e4m3") ? 7 : 15;
                for (int i = 0; i < m[k].length; i++) {
                    long v = (long) (bias + r.nextInt(-3, 4)) << fraction | r.nextInt(1 << fraction)
                            | (r.nextBoolean() ? 0x80 : 0);
                    m[k][i] = whole == 0 ? v & -(1L << fraction) : v; // powers of two first
                }
            }
            for (int i = 0; i < m[2].length; i++)
                m[2][i] = Float.floatToRawIntBits(r.nextInt(-64, 64) / 64f) & 0xffffffffL;
            matrices.add(m);
        }
        add("mma.sync.aligned.m16n8k32.row.col.f32." + ta + "." + tb + ".f32", "", 90, s, 8, 32, "f32", matrices,
                (m, row, column, out) -> {
                    double sum = Float.intBitsToFloat((int) m[2][row * 8 + column]);
                    double sizes = Math.abs(sum);
                    for (int j = 0; j < s.k; j++) {
                        double p = small(ta, m[0][row * s.k + j]) * small(tb, m[1][j * 8 + column]);
                        sum += p;
                        sizes += Math.abs(p);
                    }
                    // "At least single precision": off by a unit in the last place for each of k + 1 additions.
                    double bound = (s.k + 2) * Math.scalb(sizes, -23);
                    out.isFree(Float.floatToRawIntBits((float) sum),
                            Freedom.between(Ieee.F32, sum - bound, sum + bound));
                });
    }
}
