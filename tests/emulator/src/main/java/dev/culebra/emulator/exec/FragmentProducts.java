package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.B32;
import static dev.culebra.emulator.ptx.PtxType.B64;

import dev.culebra.emulator.ptx.Operand;
import java.util.List;

/**
 * {@code mma.sync} of the types that {@link TensorOps} does not have: FP8, f64, integers of 4 bits, single bits, and the shapes
 * of 8 rows. With g = lane / 4, t = lane % 4 and e elements in a register:
 * <ul>
 * <li>A's register i, element j, of 16 rows: row g + 8 (i % 2), column e t + j + 4 e (i / 2); of 8 rows: row g, column
 * e t + j + 4 e i;
 * <li>B's register i, element j: row e t + j + 4 e i, column g;
 * <li>C's and D's register i: row g + 8 (i / 2), column 2 t + i % 2; of two f16: row g + 8 i, columns 2 t and 2 t + 1.
 * </ul>
 * The one exception is m8n8k4 of f16: four products, each of eight lanes. Numerics are those of {@link TensorOps}; f64 is a chain
 * of fused products, k ascending, from C on.
 */
final class FragmentProducts {

    private FragmentProducts() {}

    /**
     * A shape.
     *
     * @param m rows of A and C
     * @param k columns of A
     */
    private record Shape(int m, int k) {
        static Shape take(Decoding x) {
            String s = x.takeAny("m8n8k4", "m8n8k16", "m8n8k32", "m8n8k128", "m16n8k4", "m16n8k8", "m16n8k16",
                    "m16n8k32",
                    "m16n8k64", "m16n8k128", "m16n8k256");
            return s == null
                    ? null
                    : new Shape(s.startsWith("m8") ? 8 : 16, Integer.parseInt(s.substring(s.lastIndexOf('k') + 1)));
        }
    }

    /** Decodes what is its own; false where {@link TensorOps} goes on. */
    static boolean decode(Decoding x) {
        List<String> m = x.instruction.modifiers();
        if (x.has("block_scale")) {
            throw x.refuse("products with scaled blocks (.block_scale) are not supported");
        }
        boolean own = m.contains("m8n8k4") || m.contains("m8n8k16") || m.stream().anyMatch(s -> switch (s) {
            case "f64", "e4m3", "e5m2", "e2m3", "e3m2", "e2m1", "s4", "u4", "b1" -> true;
            default -> false;
        });
        if (!own) {
            return false;
        }
        boolean known = x.take("sync") & x.take("aligned");
        Shape shape = Shape.take(x);
        String layoutA = x.takeAny("row", "col");
        String layoutB = x.takeAny("row", "col");
        boolean kind = x.take("kind::f8f6f4");
        boolean satfinite = x.take("satfinite");
        String bitOp = x.takeAny("xor", "and");
        boolean popc = x.take("popc");
        MatrixElement td = MatrixElement.take(x);
        MatrixElement ta = MatrixElement.take(x);
        MatrixElement tb = MatrixElement.take(x);
        MatrixElement tc = MatrixElement.take(x);
        if (ta == MatrixElement.F64) {
            x.take("rn");
        }
        x.done(4);
        if (!known || shape == null || layoutB == null || (bitOp != null) != (ta == MatrixElement.B1)
                || popc != (bitOp != null)
                || satfinite && !ta.integral() || satfinite && ta == MatrixElement.B1) {
            throw x.refuse("unknown instruction");
        }
        if (ta == MatrixElement.F16) {
            quads(x, shape, layoutA.equals("row"), layoutB.equals("row"), td, tb, tc);
            return true;
        }
        if (!layoutA.equals("row") || !layoutB.equals("col") || !fits(x, shape, kind, td, ta, tb, tc)) {
            throw x.refuse("unknown instruction: these types do not go with this shape");
        }
        int perA = ta.perRegister();
        int[] a = registers(x, 1, shape.m * shape.k / 32 / perA, ta, false);
        int[] b = registers(x, 2, 8 * shape.k / 32 / perA, tb, false);
        int n = shape.m * 8 / 32 / (td == MatrixElement.F16 ? 2 : 1);
        int[] c = registers(x, 3, n, tc, false);
        int[] d = registers(x, 0, n, td, true);
        x.emitSplit(new Product(shape, ta, tb, td, "and".equals(bitOp), satfinite, a, b, c, d));
        return true;
    }

    /** Whether the shape is one of the type's, with its target. */
    private static boolean fits(Decoding x, Shape s, boolean kind, MatrixElement td, MatrixElement ta, MatrixElement tb,
            MatrixElement tc) {
        if (td != tc) {
            return false;
        }
        switch (ta) {
            case F64 -> {
                x.require(s.m == 8 ? 80 : 90, s.m == 8 ? 70 : 78);
                return tb == ta && td == ta && !kind && (s.m == 8 ? s.k == 4 : s.k == 4 || s.k == 8 || s.k == 16);
            }
            case E4M3, E5M2, E2M3, E3M2, E2M1 -> {
                boolean fp8 = ta.bits == 8 && (ta == MatrixElement.E4M3 || ta == MatrixElement.E5M2)
                        && (tb == MatrixElement.E4M3 || tb == MatrixElement.E5M2);
                if (kind) {
                    x.requireSpecific(120, 87);
                }
                x.require(89, kind || s.k == 16 || td == MatrixElement.F16 ? 87 : 84);
                return tb.small() && (kind || fp8) && s.m == 16 && (s.k == 32 || s.k == 16 && !kind)
                        && (td == MatrixElement.F32 || td == MatrixElement.F16);
            }
            case S8, U8 -> {
                x.require(75, 65);
                return (tb == MatrixElement.S8 || tb == MatrixElement.U8) && td == MatrixElement.S32 && s.m == 8
                        && s.k == 16;
            }
            case S4, U4 -> {
                x.require(s.m == 8 ? 75 : 80, s.m == 8 ? 65 : 70);
                return (tb == MatrixElement.S4 || tb == MatrixElement.U4) && td == MatrixElement.S32
                        && (s.k == 32 || s.m == 16 && s.k == 64);
            }
            case B1 -> {
                boolean and = x.instruction.modifiers().contains("and");
                x.require(s.m == 16 || and ? 80 : 75, and ? 71 : s.m == 16 ? 70 : 65);
                return tb == ta && td == MatrixElement.S32 && (s.k == 128 || s.m == 16 && s.k == 256);
            }
            default -> {
                return false;
            }
        }
    }

    private static int[] registers(Decoding x, int operand, int n, MatrixElement t, boolean destination) {
        List<Operand> all = x.vector(operand);
        if (all.size() != n) {
            throw x.refuse("operand " + (operand + 1) + " has " + all.size() + " registers, " + n + " are wanted");
        }
        var type = t == MatrixElement.F64 ? B64 : B32;
        return all.stream().mapToInt(o -> destination ? x.dst(o, type) : x.src(o, type)).toArray();
    }

    /** A product of one shape and any types. */
    private static final class Product extends WarpSync {
        private final Shape shape;
        private final MatrixElement ta;
        private final MatrixElement tb;
        private final MatrixElement td;
        private final boolean and;
        private final boolean clamp;
        private final int[] a;
        private final int[] b;
        private final int[] c;
        private final int[] d;

        Product(Shape shape, MatrixElement ta, MatrixElement tb, MatrixElement td, boolean and, boolean clamp, int[] a,
                int[] b, int[] c, int[] d) {
            this.shape = shape;
            this.ta = ta;
            this.tb = tb;
            this.td = td;
            this.and = and;
            this.clamp = clamp;
            this.a = a;
            this.b = b;
            this.c = c;
            this.d = d;
        }

        private long rawA(Warp w, int row, int k) {
            int e = ta.perRegister();
            int step = k / (4 * e);
            int register = shape.m == 16 ? 2 * step + row / 8 : step;
            return ta.bits(w, a, register, (row & 7) * 4 + k / e % 4, k % e);
        }

        private long rawB(Warp w, int k, int column) {
            int e = tb.perRegister();
            return tb.bits(w, b, k / (4 * e), column * 4 + k / e % 4, k % e);
        }

        @Override
        void perform(Warp w, int mask) {
            TensorOps.wantAll(w, mask, "mma.sync");
            boolean pairs = td == MatrixElement.F16;
            long[][] results = new long[shape.m][8];
            double[] rowA = new double[shape.k];
            double[][] columns = ta.integral() ? null : new double[8][shape.k];
            for (int j = 0; columns != null && j < 8; j++) {
                for (int k = 0; k < shape.k; k++) {
                    columns[j][k] = tb.value(rawB(w, k, j));
                }
            }
            for (int row = 0; row < shape.m; row++) {
                for (int k = 0; columns != null && k < shape.k; k++) {
                    rowA[k] = ta.value(rawA(w, row, k));
                }
                for (int j = 0; j < 8; j++) {
                    int lane = (row & 7) * 4 + j / 2;
                    int register = pairs ? row / 8 : row / 8 * 2 + j % 2;
                    long old = td.bits(w, c, register, lane, pairs ? j % 2 : 0);
                    results[row][j] = ta.integral()
                            ? integers(w, row, j, (int) old)
                            : floats(rowA, columns[j], td.value(old));
                }
            }
            for (int row = 0; row < shape.m; row++) {
                for (int j = 0; j < 8; j++) {
                    int lane = (row & 7) * 4 + j / 2;
                    if (td == MatrixElement.F64) {
                        w.q[d[row / 8 * 2 + j % 2]][lane] = results[row][j];
                    } else if (!pairs) {
                        w.r[d[row / 8 * 2 + j % 2]][lane] = (int) results[row][j];
                    } else if (j % 2 == 0) {
                        w.r[d[row / 8]][lane] = (int) results[row][j] | (int) results[row][j + 1] << 16;
                    }
                }
            }
        }

        private long floats(double[] u, double[] v, double add) {
            if (td == MatrixElement.F64) {
                double sum = add;
                for (int k = 0; k < u.length; k++) {
                    sum = Math.fma(u[k], v[k], sum);
                }
                return Double.doubleToRawLongBits(sum);
            }
            double sum = 0;
            for (int k = 0; k < u.length; k++) {
                sum += u[k] * v[k];
            }
            sum += add;
            return td == MatrixElement.F16
                    ? Rounding.encode(sum, dev.culebra.emulator.ptx.PtxType.F16, Rounding.NEAREST)
                    : Rounding.bits((float) sum);
        }

        private long integers(Warp w, int row, int column, int add) {
            long sum = add;
            for (int k = 0; k < shape.k; k++) {
                int u = ta.integer(rawA(w, row, k));
                int v = tb.integer(rawB(w, k, column));
                sum += ta != MatrixElement.B1 ? (long) u * v : and ? u & v : u ^ v;
            }
            return clamp ? IntegerOps.clamp(sum) : (int) sum;
        }
    }

    /**
     * m8n8k4 of f16: lanes 4 q to 4 q + 3 and 16 more do product q. With l = lane % 4 and h = 4 for the upper sixteen lanes,
     * else 0, A by rows has row l + h, columns 0 to 3; by columns column l, rows h to h + 3. B by columns has column l + h,
     * rows 0 to 3; by rows row l, columns h to h + 3. C of f16 has row l + h, columns 0 to 7; of f32 element i is in row
     * (l & 1) + (i & 2) + h, column (i & 4) + (l & 2) + (i & 1).
     */
    private static void quads(Decoding x, Shape shape, boolean rowsA, boolean rowsB, MatrixElement td, MatrixElement tb,
            MatrixElement tc) {
        boolean types = tb == MatrixElement.F16 && (td == MatrixElement.F16 || td == MatrixElement.F32)
                && (tc == MatrixElement.F16 || td == MatrixElement.F32 && tc == MatrixElement.F32);
        if (shape.m != 8 || shape.k != 4 || !types) {
            throw x.refuse("unknown instruction: these types do not go with this shape");
        }
        x.require(70, 64);
        int[] a = registers(x, 1, 2, MatrixElement.F16, false);
        int[] b = registers(x, 2, 2, MatrixElement.F16, false);
        int[] c = registers(x, 3, tc == MatrixElement.F16 ? 4 : 8, tc, false);
        int[] d = registers(x, 0, td == MatrixElement.F16 ? 4 : 8, td, true);
        x.emitSplit(new WarpSync() {
            private double half(Warp w, int[] registers, int lane, int i) {
                return MatrixElement.F16.value(MatrixElement.F16.bits(w, registers, i / 2, lane, i % 2));
            }

            @Override
            void perform(Warp w, int mask) {
                TensorOps.wantAll(w, mask, "mma.sync");
                int[][] results = new int[d.length][32];
                for (int lane = 0; lane < 32; lane++) {
                    int first = lane & 12;
                    for (int i = 0; i < 8; i++) {
                        int h = lane < 16 ? 0 : 4;
                        int row = td == MatrixElement.F16 ? (lane & 3) + h : (lane & 1) + (i & 2) + h;
                        int column = td == MatrixElement.F16 ? i : (i & 4) + (lane & 2) + (i & 1);
                        double sum = 0;
                        for (int k = 0; k < 4; k++) {
                            double u = rowsA
                                    ? half(w, a, first + (row & 3) + (row < 4 ? 0 : 16), k)
                                    : half(w, a, first + k + (row < 4 ? 0 : 16), row & 3);
                            double v = rowsB
                                    ? half(w, b, first + k + (column < 4 ? 0 : 16), column & 3)
                                    : half(w, b, first + (column & 3) + (column < 4 ? 0 : 16), k);
                            sum += u * v;
                        }
                        sum += addend(w, first, row, column);
                        if (td == MatrixElement.F16) {
                            int bits = Rounding.encode(sum, dev.culebra.emulator.ptx.PtxType.F16, Rounding.NEAREST);
                            results[i / 2][lane] |= bits << 16 * (i % 2);
                        } else {
                            results[i][lane] = Rounding.bits((float) sum);
                        }
                    }
                }
                for (int i = 0; i < d.length; i++) {
                    System.arraycopy(results[i], 0, w.r[d[i]], 0, 32);
                }
            }

            private double addend(Warp w, int first, int row, int column) {
                int h = row < 4 ? 0 : 16;
                if (tc == MatrixElement.F16) {
                    return half(w, c, first + (row & 3) + h, column);
                }
                int lane = first + (row & 1) + (column & 2) + h;
                return tc.value(tc.bits(w, c, (row & 2) + (column & 4) + (column & 1), lane, 0));
            }
        });
    }
}
