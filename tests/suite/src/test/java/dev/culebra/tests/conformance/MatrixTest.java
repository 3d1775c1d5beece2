package dev.culebra.tests.conformance;

import dev.culebra.driver.LaunchConfig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Section 9.7.14. Where an element lies is written down from the ISA's formulas, with groupID = laneid >> 2 and threadID_in_group =
 * laneid % 4, one a kind of fragment. Small whole numbers have sums that are exact in any order; for others the ISA leaves order and
 * rounding open, "with at least single precision" (half, where C and D are f16).
 */
class MatrixTest extends Conformance {

    private final List<Case> cases = new ArrayList<>();

    /** Row or column of element i of a fragment. */
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

    private record Fragment(Place row, Place column) {}

    // Matrices A, by shape: 9.7.14.5.6 to .10.
    private static final Fragment A_K4 = new Fragment((g, t, i) -> i == 0 ? g : g + 8, (g, t, i) -> t);
    private static final Fragment A_K8 = new Fragment((g, t, i) -> i < 2 ? g : g + 8, (g, t, i) -> t * 2 + (i & 1));
    private static final Fragment A_K8_TF32 = new Fragment((g, t, i) -> i == 0 || i == 2 ? g : g + 8,
            (g, t, i) -> i < 2 ? t : t + 4);
    private static final Fragment A_K16 = new Fragment((g, t, i) -> i < 2 || i >= 4 && i < 6 ? g : g + 8,
            (g, t, i) -> t * 2 + (i & 1) + (i < 4 ? 0 : 8));
    private static final Fragment A_K16_BYTES = new Fragment((g, t, i) -> i < 4 ? g : g + 8,
            (g, t, i) -> t * 4 + (i & 3));
    private static final Fragment A_K32 = new Fragment((g, t, i) -> i < 4 || i >= 8 && i < 12 ? g : g + 8,
            (g, t, i) -> t * 4 + (i & 3) + (i < 8 ? 0 : 16));
    // Matrices B.
    private static final Fragment B_K4 = new Fragment((g, t, i) -> t, (g, t, i) -> g);
    private static final Fragment B_K8 = new Fragment((g, t, i) -> t * 2 + i, (g, t, i) -> g);
    private static final Fragment B_K8_TF32 = new Fragment((g, t, i) -> i == 0 ? t : t + 4, (g, t, i) -> g);
    private static final Fragment B_K16 = new Fragment((g, t, i) -> t * 2 + (i & 1) + (i < 2 ? 0 : 8), (g, t, i) -> g);
    private static final Fragment B_K16_BYTES = new Fragment((g, t, i) -> t * 4 + i, (g, t, i) -> g);
    private static final Fragment B_K32 = new Fragment((g, t, i) -> t * 4 + (i & 3) + (i < 4 ? 0 : 16), (g, t, i) -> g);
    /** "row = groupID for ci where i < 2, groupID + 8 for i >= 2; col = (threadID_in_group * 2) + (i & 0x1)" for all shapes. */
    private static final Fragment C = new Fragment((g, t, i) -> i < 2 ? g : g + 8, (g, t, i) -> t * 2 + (i & 1));

    @Override
    List<Case> cases() {
        if (!cases.isEmpty()) return cases;
        for (String h : new String[]{"f16", "bf16"}) {
            products(8, h, "f32", A_K8, B_K8);
            products(16, h, "f32", A_K16, B_K16);
        }
        products(8, "f16", "f16", A_K8, B_K8);
        products(16, "f16", "f16", A_K16, B_K16);
        products(4, "tf32", "f32", A_K4, B_K4);
        products(8, "tf32", "f32", A_K8_TF32, B_K8_TF32);
        for (String a : new String[]{"s8", "u8"}) {
            for (String b : new String[]{"s8", "u8"}) {
                for (String sat : new String[]{"", ".satfinite"}) {
                    bytes(16, sat, a, b, A_K16_BYTES, B_K16_BYTES);
                    bytes(32, sat, a, b, A_K32, B_K32);
                }
            }
        }
        moves();
        wmma();
        return cases;
    }

    /** Elements of a fragment in its registers: the lower index in the lower bits. */
    private static long[] pack(Fragment f, int elements, int bits, int lane, int columns, long[] matrix) {
        int per = 32 / bits;
        long[] registers = new long[elements / per];
        for (int i = 0; i < elements; i++) {
            int at = f.row.of(lane >> 2, lane % 4, i) * columns + f.column.of(lane >> 2, lane % 4, i);
            registers[i / per] |= (matrix[at] & (1L << bits) - 1) << bits * (i % per);
        }
        return registers;
    }

    /** Small whole numbers first, then numbers of different sizes. */
    private void products(int k, String t, String out, Fragment fa, Fragment fb) {
        for (boolean whole : new boolean[]{true, false}) {
            Ieee in = Ieee.of(t);
            Ieee acc = Ieee.of(out);
            int bits = t.equals("tf32") ? 32 : 16;
            int accBits = acc.width;
            List<long[]> tuples = new ArrayList<>();
            List<double[][]> matrices = new ArrayList<>();
            Random r = new Random(k + t.hashCode());
            for (int w = 0; w < 6; w++) {
                long[] a = numbers(in, 16 * k, r, whole);
                long[] b = numbers(in, k * 8, r, whole);
                long[] c = numbers(acc, 128, r, whole);
                matrices.add(new double[][]{values(in, a), values(in, b), values(acc, c)});
                for (int l = 0; l < 32; l++) {
                    tuples.add(join(pack(fa, 16 * k / 32, bits, l, k, a), pack(fb, 8 * k / 32, bits, l, 8, b),
                            pack(C, 4, accBits, l, 8, c)));
                }
            }
            int na = 16 * k / 32 * bits / 32;
            int nb = 8 * k / 32 * bits / 32;
            int nc = 4 * accBits / 32;
            String op = "mma.sync.aligned.m16n8k" + k + ".row.col." + out + "." + t + "." + t + "." + out;
            multiply("9.7.14.5.14/" + op + (whole ? "-exact" : "-bound"), op, na, nb, nc, tuples, (warp, out4) -> {
                double[][] m = matrices.get(warp);
                for (int l = 0; l < 32; l++) {
                    Tuples.Result[] e = new Tuples.Result[4];
                    for (int i = 0; i < 4; i++) {
                        int row = C.row.of(l >> 2, l % 4, i);
                        int column = C.column.of(l >> 2, l % 4, i);
                        double sum = m[2][row * 8 + column];
                        double sizes = Math.abs(sum);
                        for (int j = 0; j < k; j++) {
                            double p = m[0][row * k + j] * m[1][j * 8 + column];
                            sum += p;
                            sizes += Math.abs(p);
                        }
                        e[i] = new Tuples.Result(out);
                        // k + 1 additions, each off by one unit in the last place of at most the sum of all sizes, and the rounding.
                        double bound = (k + 2) * Math.scalb(sizes, 1 - acc.precision);
                        if (whole) e[i].isJust(encode(acc, sum));
                        else e[i].isFree(encode(acc, sum), Freedom.between(acc, sum - bound, sum + bound));
                    }
                    for (int i = 0; i < nc; i++) {
                        if (nc == 4) out4[l][i].isAs(e[i]);
                        else out4[l][i].isPair(e[2 * i], e[2 * i + 1]);
                    }
                }
            });
        }
    }

    static long encode(Ieee f, double v) { return f.round(Ieee.F64.decode(Double.doubleToRawLongBits(v)), 'n'); }

    /** What a warp's results are. */
    private interface OfWarp {
        /**
         * Sets the results.
         *
         * @param warp its number
         * @param out by lane, then register of D
         */
        void of(int warp, Tuples.Result[][] out);
    }

    private void multiply(String name, String op, int na, int nb, int nc, List<long[]> tuples, OfWarp answers) {
        String[] in = new String[na + nb + nc];
        Arrays.fill(in, "b32");
        String[] out = new String[nc];
        Arrays.fill(out, "b32");
        int[] warp = {0};
        cases.add(Tuples
                .of(name, op + " " + list("%o", 0, nc) + ", " + list("%i", 0, na) + ", " + list("%i", na, nb) + ", "
                        + list("%i", na + nb, nc) + ";")
                .in(in).out(out).over(tuples.toArray(long[][]::new))
                .answersOfWarps((v, r) -> answers.of(warp[0]++ % (tuples.size() / 32), r)));
    }

    private static String list(String name, int from, int n) {
        StringBuilder s = new StringBuilder("{");
        for (int i = 0; i < n; i++) s.append(i == 0 ? "" : ", ").append(name).append(from + i);
        return s + "}";
    }

    private static long[] join(long[]... parts) { return Stream.of(parts).flatMapToLong(Arrays::stream).toArray(); }

    /** Whole numbers of -8 to 8 (their sums are exact in f16 too), or of any fraction and sizes from 2^-4 to 2^4. */
    private static long[] numbers(Ieee f, int n, Random r, boolean whole) {
        long[] v = new long[n];
        for (int i = 0; i < n; i++) {
            v[i] = encode(f,
                    whole
                            ? r.nextInt(-8, 9)
                            : Math.scalb(r.nextDouble(1, 2), r.nextInt(-4, 5)) * (r.nextBoolean() ? 1 : -1));
        }
        return v;
    }

    private static double[] values(Ieee f, long[] bits) {
        double[] v = new double[bits.length];
        for (int i = 0; i < v.length; i++) v[i] = f.value(bits[i]);
        return v;
    }

    /** Sums of products of bytes, wrapping or "limited to MININT..MAXINT". */
    private void bytes(int k, String sat, String ta, String tb, Fragment fa, Fragment fb) {
        List<long[]> tuples = new ArrayList<>();
        List<long[][]> matrices = new ArrayList<>();
        Random r = new Random(k);
        for (int w = 0; w < 4; w++) {
            boolean ends = w == 3; // all at the ends of their range, and sums that leave 32 bits
            long[] a = r.longs(16L * k).map(v -> ends ? ta.equals("s8") ? 0x80 : 0xff : v & 0xff).toArray();
            long[] b = r.longs(8L * k).map(v -> ends ? tb.equals("s8") ? 0x80 : 0xff : v & 0xff).toArray();
            long[] c = r.longs(128).map(v -> ends ? v & 1 | 0x7fffff00L + (v >> 2 & 1) * 0x101 : v & 0xffffffffL)
                    .toArray();
            matrices.add(new long[][]{a, b, c});
            for (int l = 0; l < 32; l++) {
                tuples.add(join(pack(fa, 16 * k / 32, 8, l, k, a), pack(fb, 8 * k / 32, 8, l, 8, b),
                        pack(C, 4, 32, l, 8, c)));
            }
        }
        String op = "mma.sync.aligned.m16n8k" + k + ".row.col" + sat + ".s32." + ta + "." + tb + ".s32";
        multiply("9.7.14.5.14/" + op, op, 16 * k / 128, Math.max(1, 8 * k / 128), 4, tuples, (warp, out) -> {
            long[][] m = matrices.get(warp);
            for (int l = 0; l < 32; l++) {
                for (int i = 0; i < 4; i++) {
                    int row = C.row.of(l >> 2, l % 4, i);
                    int column = C.column.of(l >> 2, l % 4, i);
                    long sum = (int) m[2][row * 8 + column];
                    for (int j = 0; j < k; j++) {
                        sum += Whole.field(m[0][row * k + j], 0, 8, ta.equals("s8"))
                                * Whole.field(m[1][j * 8 + column], 0, 8, tb.equals("s8"));
                    }
                    out[l][i].is(sat.isEmpty() ? sum : Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, sum)));
                }
            }
        });
    }

    /** Lane l's 16 bytes are a row of eight elements; lanes address rows in another order than they wrote them. */
    private void moves() {
        long[][] rows = new long[64][];
        Random r = new Random(8);
        for (int i = 0; i < 64; i++) rows[i] = new long[]{r.nextLong(), r.nextLong()};
        String fill = """
                mov.u32 %r1, buffer; shl.b32 %r2, %r0, 4; add.u32 %r2, %r1, %r2; mad.lo.u32 %r3, %r0, 5, 3; and.b32 %r3, %r3, 31;
                shl.b32 %r3, %r3, 4; add.u32 %r3, %r1, %r3;
                """;
        for (int n : new int[]{1, 2, 4}) {
            for (String trans : new String[]{"", ".trans"}) {
                String[] out = new String[n];
                Arrays.fill(out, "b32");
                String op = "ldmatrix.sync.aligned.m8n8.x" + n + trans + ".shared.b16";
                cases.add(Tuples
                        .of("9.7.14.5.15/" + op,
                                fill + "st.shared.v2.b64 [%r2], {%i0, %i1}; bar.warp.sync -1; " + op + " "
                                        + list("%o", 0, n) + ", [%r3];")
                        .declare(".shared .align 16 .b8 buffer[512];\n").in("b64", "b64").out(out)
                        .over(rows).answersOfWarps((in, o) -> {
                            for (int l = 0; l < 32; l++) {
                                for (int m = 0; m < n; m++) {
                                    // "row l / 4, elements 2 (l % 4) and the next"; transposed, rows and columns change places
                                    long d = 0;
                                    for (int h = 0; h < 2; h++) {
                                        int row = trans.isEmpty() ? l / 4 : l % 4 * 2 + h;
                                        int column = trans.isEmpty() ? l % 4 * 2 + h : l / 4;
                                        long[] from = in[((8 * m + row) * 5 + 3) % 32];
                                        d |= (from[column / 4] >>> 16 * (column % 4) & 0xffff) << 16 * h;
                                    }
                                    o[l][m].is(d);
                                }
                            }
                        }));
                if (n == 4 || n == 1) store(n, trans, fill);
            }
        }
        cases.add(Tuples.of("9.7.14.5.17/movmatrix.sync.aligned.m8n8.trans.b16",
                "movmatrix.sync.aligned.m8n8.trans.b16 %o0, %i0;").target(80, "8.0").in("b32").out("b32").over(rows)
                .answersOfWarps((in, o) -> {
                    for (int l = 0; l < 32; l++) {
                        long d = 0;
                        for (int h = 0; h < 2; h++) { // element (l / 4, 2 (l % 4) + h) is what lay at (2 (l % 4) + h, l / 4)
                            int row = l % 4 * 2 + h;
                            int column = l / 4;
                            d |= (in[row * 4 + column / 2][0] >>> 16 * (column % 2) & 0xffff) << 16 * h;
                        }
                        o[l][0].is(d);
                    }
                }));
    }

    private void store(int n, String trans, String fill) {
        String op = "stmatrix.sync.aligned.m8n8.x" + n + trans + ".shared.b16";
        String[] in = new String[n];
        Arrays.fill(in, "b32");
        long[][] registers = new long[64][n];
        Random r = new Random(n);
        for (long[] t : registers) for (int i = 0; i < n; i++) t[i] = r.nextInt() & 0xffffffffL;
        cases.add(Tuples
                .of("9.7.14.5.16/" + op,
                        fill + "mov.b64 %l1, 0; st.shared.v2.b64 [%r2], {%l1, %l1}; bar.warp.sync -1; " + op
                                + " [%r3], " + list("%i", 0, n)
                                + "; bar.warp.sync -1; ld.shared.v2.b64 {%o0, %o1}, [%r2];")
                .target(90, "8.0")
                .declare(".shared .align 16 .b8 buffer[512];\n").in(in).out("b64", "b64").over(registers)
                .answersOfWarps((v, o) -> {
                    long[][] memory = new long[32][2];
                    for (int m = 0; m < n; m++) {
                        for (int l = 0; l < 32; l++) {
                            for (int h = 0; h < 2; h++) {
                                int row = trans.isEmpty() ? l / 4 : l % 4 * 2 + h;
                                int column = trans.isEmpty() ? l % 4 * 2 + h : l / 4;
                                memory[((8 * m + row) * 5 + 3) % 32][column / 4] |= (v[l][m] >>> 16 * h & 0xffff) << 16
                                        * (column % 4);
                            }
                        }
                    }
                    for (int l = 0; l < 32; l++) for (int i = 0; i < 2; i++) o[l][i].is(memory[l][i]);
                }));
    }

    /** Fragments of wmma have no layout that one may know: from memory to memory, with strides longer than rows. */
    private void wmma() {
        int[][] shapes = {{16, 16, 16}, {32, 8, 16}, {8, 32, 16}};
        for (int[] s : shapes) {
            for (String layouts : new String[]{"row.row", "row.col", "col.row", "col.col"}) {
                wmma(s, layouts, "f16", "f32", "row");
                wmma(s, layouts, "f16", "f16", "col");
                wmma(s, layouts, "bf16", "f32", "col");
            }
        }
    }

    private void wmma(int[] s, String layouts, String t, String out, String layoutC) {
        int m = s[0];
        int n = s[1];
        int k = s[2];
        boolean rowA = layouts.startsWith("row");
        boolean rowB = layouts.endsWith("row");
        boolean rowC = layoutC.equals("row");
        // A stride of 8 elements more than a row (or column) has.
        int strideA = (rowA ? k : m) + 8;
        int strideB = (rowB ? n : k) + 8;
        int strideC = (rowC ? n : m) + 8;
        int bytesC = out.equals("f32") ? 4 : 2;
        int atB = 2 * strideA * (rowA ? m : k);
        int atC = atB + 2 * strideB * (rowB ? k : n);
        int sizeC = bytesC * strideC * (rowC ? m : n);
        ByteBuffer in = ByteBuffer.allocate(atC + sizeC).order(ByteOrder.LITTLE_ENDIAN);
        Random r = new Random(m + 31L * layouts.hashCode());
        Ieee f = Ieee.of(t);
        Ieee fc = Ieee.of(out);
        long[] a = numbers(f, m * k, r, true);
        long[] b = numbers(f, k * n, r, true);
        long[] c = numbers(fc, m * n, r, true);
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < k; j++)
                in.putShort(2 * (rowA ? i * strideA + j : j * strideA + i), (short) a[i * k + j]);
        }
        for (int i = 0; i < k; i++) {
            for (int j = 0; j < n; j++)
                in.putShort(atB + 2 * (rowB ? i * strideB + j : j * strideB + i), (short) b[i * n + j]);
        }
        long[] bits = new long[sizeC / bytesC];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                int at = rowC ? i * strideC + j : j * strideC + i;
                if (bytesC == 4) in.putInt(atC + 4 * at, (int) c[i * n + j]);
                else in.putShort(atC + 2 * at, (short) c[i * n + j]);
                double sum = fc.value(c[i * n + j]);
                for (int x = 0; x < k; x++) sum += f.value(a[i * k + x]) * f.value(b[x * n + j]);
                bits[at] = encode(fc, sum);
            }
        }
        // Registers of a bf16 fragment: two elements each; of f16 always 8, as the ISA's table has it.
        int na = t.equals("f16") ? 8 : m * k / 64;
        int nb = t.equals("f16") ? 8 : k * n / 64;
        int nc = out.equals("f32") ? 8 : 4;
        String shape = "m" + m + "n" + n + "k" + k;
        String types = t.equals("f16") ? out + "." + out : "f32.bf16.bf16.f32";
        String ptx = Case.header(80, "8.0") + """
                .visible .entry k(.param .u64 in, .param .u64 out) {
                .reg .b64 %in, %out, %b, %c; .reg .b32 %A<8>, %B<8>, %C<8>, %D<8>;
                ld.param.u64 %in, [in]; ld.param.u64 %out, [out]; add.u64 %b, %in, ATB; add.u64 %c, %in, ATC;
                """.replace("ATB", "" + atB).replace("ATC", "" + atC)
                + "wmma.load.a.sync.aligned." + layouts.substring(0, 3) + "." + shape + ".global." + t + " "
                + list("%A", 0, na)
                + ", [%in], " + strideA + ";\nwmma.load.b.sync.aligned." + layouts.substring(4) + "." + shape
                + ".global." + t + " "
                + list("%B", 0, nb) + ", [%b], " + strideB + ";\nwmma.load.c.sync.aligned." + layoutC + "." + shape
                + ".global." + out
                + " " + list("%C", 0, nc) + ", [%c], " + strideC + ";\nwmma.mma.sync.aligned." + layouts + "." + shape
                + "." + types
                + " " + list("%D", 0, nc) + ", " + list("%A", 0, na) + ", " + list("%B", 0, nb) + ", "
                + list("%C", 0, nc)
                + ";\nwmma.store.d.sync.aligned." + layoutC + "." + shape + ".global." + out + " [%out], "
                + list("%D", 0, nc) + ", "
                + strideC + ";\nret; }";
        cases.add(Case.of("9.7.14.4/wmma." + layouts + "." + shape + "." + types, 80, ptx, LaunchConfig.of(1, 32),
                in.array(),
                new Answer(bytesC, bits, new Freedom[bits.length])));
    }
}
