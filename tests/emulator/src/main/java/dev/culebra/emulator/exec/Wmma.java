package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import dev.culebra.emulator.ptx.Space;
import java.util.List;

/**
 * wmma: matrices in fragments whose layout is the implementation's own. Here element number n of a matrix, counted by rows,
 * is the element n / 32 of lane n % 32; where a fragment has more registers than that needs, the rest is zero.
 */
final class Wmma {

    private Wmma() {}

    static void register(Families f) {
        f.add("wmma", x -> {
            String what = x.takeAny("load", "store", "mma");
            switch (what) {
                case "load" -> move(x, true);
                case "store" -> move(x, false);
                case "mma" -> product(x);
                case null, default -> throw x.refuse("unknown instruction");
            }
        });
    }

    /**
     * A shape.
     *
     * @param m rows of A
     * @param n columns of B
     * @param k columns of A
     */
    private record Shape(int m, int n, int k) {
        static Shape take(Decoding x) {
            String s = x.takeAny("m16n16k16", "m32n8k16", "m8n32k16", "m16n16k8", "m8n8k4", "m8n8k32", "m8n8k128");
            return switch (s) {
                case "m16n16k16" -> new Shape(16, 16, 16);
                case "m32n8k16" -> new Shape(32, 8, 16);
                case "m8n32k16" -> new Shape(8, 32, 16);
                case "m16n16k8" -> new Shape(16, 16, 8);
                case "m8n8k4" -> new Shape(8, 8, 4);
                case "m8n8k32" -> new Shape(8, 8, 32);
                case "m8n8k128" -> new Shape(8, 8, 128);
                case null, default -> throw x.refuse("unknown instruction: this shape of wmma is not known");
            };
        }

        /** Refuses an element type that the shape does not have, or the target. */
        void check(Decoding x, MatrixElement t) {
            boolean fits = switch (t) {
                case F16 -> sixteen(x, 70, 60);
                case BF16 -> sixteen(x, 80, 70);
                case S8, U8 -> sixteen(x, 72, 63);
                case TF32 -> require(x, 80, 70, 16, 16, 8);
                case F64 -> require(x, 80, 70, 8, 8, 4);
                case S4, U4 -> require(x, 75, 63, 8, 8, 32);
                case B1 -> require(x, 75, 63, 8, 8, 128);
                default -> false;
            };
            if (!fits) {
                throw x.refuse("unknown instruction: this type does not go with this shape");
            }
        }

        private boolean sixteen(Decoding x, int sm, int version) {
            x.require(sm, version);
            return k == 16;
        }

        private boolean require(Decoding x, int sm, int version, int wantM, int wantN, int wantK) {
            x.require(sm, version);
            return m == wantM && n == wantN && k == wantK;
        }

        /** Whether an accumulator of a type goes with the shape. */
        boolean sums(MatrixElement t) {
            return switch (t) {
                case F16 -> k == 16;
                case F32 -> k == 16 || k == 8;
                case F64 -> k == 4;
                case S32 -> k == 16 || k == 32 || k == 128;
                default -> false;
            };
        }
    }

    private static boolean sync(Decoding x) { return x.take("sync") & x.take("aligned"); }

    private static PtxType register(MatrixElement t) { return t == MatrixElement.F64 ? B64 : B32; }

    private static int[] registers(Decoding x, int operand, MatrixElement t, int elements, boolean destination) {
        List<Operand> all = x.vector(operand);
        if (all.size() * t.perRegister() * 32 < elements || all.size() > 8) {
            throw x.refuse("operand " + (operand + 1) + " has " + all.size()
                    + " registers, which is not what the fragment takes");
        }
        return all.stream().mapToInt(o -> destination ? x.dst(o, register(t)) : x.src(o, register(t))).toArray();
    }

    private static void move(Decoding x, boolean load) {
        String which = x.takeAny("a", "b", "c", "d");
        boolean known = sync(x);
        String layout = x.takeAny("row", "col");
        Shape shape = Shape.take(x);
        Space space = Place.space(x);
        MatrixElement t = MatrixElement.take(x);
        x.done();
        x.operands(2, 3);
        if (!known || which == null || layout == null || load == which.equals("d")) {
            throw x.refuse("unknown instruction");
        }
        boolean byRows = layout.equals("row");
        boolean accumulator = which.equals("c") || which.equals("d");
        if (!accumulator) {
            shape.check(x, t);
            if (t.bits < 8 && byRows != which.equals("a")) {
                throw x.refuse("matrices of less than a byte lie A by rows and B by columns");
            }
        } else if (!shape.sums(t)) {
            throw x.refuse("unknown instruction: this type does not go with this shape");
        }
        int rows = which.equals("b") ? shape.k : shape.m;
        int columns = which.equals("a") ? shape.k : shape.n;
        int at = load ? 0 : 1;
        int[] registers = registers(x, at, t, rows * columns, load);
        int stride = x.operandCount() == 3 ? x.src(2, U32) : x.assembler.constant(byRows ? columns : rows);
        x.emitSplit(
                new Move(Place.of(x, x.operand(1 - at), space), registers, rows, columns, byRows, stride, t,
                        load));
    }

    /** A fragment to or from memory, one element a lane at a time. */
    private static final class Move extends MemoryAccess {
        private final int[] registers;
        private final int rows;
        private final int columns;
        private final boolean byRows;
        private final int stride;
        private final MatrixElement t;
        private final boolean load;

        Move(Place place, int[] registers, int rows, int columns, boolean byRows, int stride, MatrixElement t,
                boolean load) {
            super(place, Math.max(8, t.bits) / 8, load ? Use.READ : Use.WRITE, false);
            this.registers = registers;
            this.rows = rows;
            this.columns = columns;
            this.byRows = byRows;
            this.stride = stride;
            this.t = t;
            this.load = load;
        }

        /** Where a lane's element of the current slot is, in elements. */
        private long index(Warp w, int l) {
            int element = w.slot * 32 + l;
            long row = element / columns;
            long column = element % columns;
            long pitch = w.r[stride][l];
            return byRows ? row * pitch + column : column * pitch + row;
        }

        @Override
        void execute(Warp w, int mask) {
            TensorOps.wantAll(w, mask, "wmma");
            if (load && t != MatrixElement.F64) {
                for (int r : registers) {
                    java.util.Arrays.fill(w.r[r], 0);
                }
            }
            int n = rows * columns / 32;
            for (w.slot = 0; w.slot < n; w.slot++) {
                place.compute(w, w.address);
                for (int l = 0; l < 32; l++) {
                    w.address[l] += index(w, l) * t.bits / 8;
                }
                access(w, mask);
            }
            w.slot = 0;
        }

        private long get(Warp w, int l) { return element(w, registers, w.slot * 32 + l, t); }

        private void put(Warp w, int l, long v) {
            long one = t.bits < 8 ? v >>> (index(w, l) * t.bits & 7) & (1 << t.bits) - 1 : v;
            set(w, registers, w.slot * 32 + l, t, one);
        }

        @Override
        void reach(Warp w, int mask, Space space, byte[] memory, int laneStride) {
            for (int l = 0; l < 32; l++) {
                if ((mask >>> l & 1) != 0) {
                    int at = (int) w.address[l] + l * laneStride;
                    if (load) {
                        put(w, l, MemoryOps.read(memory, at, bytes));
                    } else {
                        MemoryOps.write(memory, at, bytes, get(w, l));
                    }
                }
            }
        }

        @Override
        void reach(Warp w, int mask, Allocation a) {
            for (int l = 0; l < 32; l++) {
                if ((mask >>> l & 1) != 0) {
                    long at = w.address[l] - a.base;
                    if (load) {
                        put(w, l, MemoryOps.read(a.bytes, at, bytes));
                    } else {
                        MemoryOps.write(a.bytes, at, bytes, get(w, l));
                    }
                }
            }
        }
    }

    private static void product(Decoding x) {
        String bitOp = x.takeAny("xor", "and");
        boolean known = (bitOp != null) == x.take("popc") & sync(x);
        known &= x.takeAny("row", "col") != null;
        known &= x.takeAny("row", "col") != null; // how they lay in memory: a fragment here does not depend on it
        Shape shape = Shape.take(x);
        MatrixElement td = MatrixElement.take(x);
        MatrixElement second = MatrixElement.take(x);
        MatrixElement third = MatrixElement.takeOrNull(x);
        MatrixElement in = third == null ? MatrixElement.F16 : second;
        MatrixElement tc = third == null ? second : MatrixElement.take(x);
        if (in == MatrixElement.F64) {
            x.take("rn");
        }
        boolean clamp = x.take("satfinite");
        x.done(4);
        shape.check(x, in);
        boolean types = third == null || third == in;
        types &= shape.sums(td) && shape.sums(tc) && in.integral() == td.integral();
        types &= td == tc || in == MatrixElement.F16;
        types &= (bitOp != null) == (in == MatrixElement.B1) && !(clamp && (bitOp != null || in == MatrixElement.F64));
        if (!known || !types || td == MatrixElement.F16 && in != MatrixElement.F16) {
            throw x.refuse("unknown instruction");
        }
        if ("and".equals(bitOp)) {
            x.require(80, 71);
        }
        int[] a = registers(x, 1, in, shape.m * shape.k, false);
        int[] b = registers(x, 2, in, shape.k * shape.n, false);
        int[] c = registers(x, 3, tc, shape.m * shape.n, false);
        int[] d = registers(x, 0, td, shape.m * shape.n, true);
        x.emitSplit(in.integral()
                ? new Integers(shape, in, a, b, c, d, "and".equals(bitOp), clamp)
                : new Floats(shape, in, tc, td, a, b, c, d));
    }

    private static final class Floats extends WarpSync {
        private final Shape shape;
        private final MatrixElement in;
        private final MatrixElement tc;
        private final MatrixElement td;
        private final int[] a;
        private final int[] b;
        private final int[] c;
        private final int[] d;

        Floats(Shape shape, MatrixElement in, MatrixElement tc, MatrixElement td, int[] a, int[] b, int[] c, int[] d) {
            this.shape = shape;
            this.in = in;
            this.tc = tc;
            this.td = td;
            this.a = a;
            this.b = b;
            this.c = c;
            this.d = d;
        }

        @Override
        void perform(Warp w, int mask) {
            TensorOps.wantAll(w, mask, "wmma");
            int m = shape.m;
            int n = shape.n;
            boolean fused = td == MatrixElement.F64;
            double[] sums = new double[m * n];
            for (int e = 0; fused && e < m * n; e++) {
                sums[e] = tc.value(element(w, c, e, tc));
            }
            for (int i = 0; i < m; i++) {
                for (int k = 0; k < shape.k; k++) {
                    double u = in.value(element(w, a, i * shape.k + k, in));
                    for (int j = 0; j < n; j++) {
                        double v = in.value(element(w, b, k * n + j, in));
                        sums[i * n + j] = fused ? Math.fma(u, v, sums[i * n + j]) : sums[i * n + j] + u * v;
                    }
                }
            }
            for (int e = 0; !fused && e < m * n; e++) {
                sums[e] += tc.value(element(w, c, e, tc));
            }
            for (int e = 0; e < m * n; e++) {
                set(w, d, e, td, switch (td) {
                    case F64 -> Double.doubleToRawLongBits(sums[e]);
                    case F16 -> Rounding.encode(sums[e], F16, Rounding.NEAREST);
                    default -> Rounding.bits((float) sums[e]);
                });
            }
        }
    }

    private static final class Integers extends WarpSync {
        private final Shape shape;
        private final MatrixElement in;
        private final int[] a;
        private final int[] b;
        private final int[] c;
        private final int[] d;
        private final boolean and;
        private final boolean clamp;

        Integers(Shape shape, MatrixElement in, int[] a, int[] b, int[] c, int[] d, boolean and, boolean clamp) {
            this.shape = shape;
            this.in = in;
            this.a = a;
            this.b = b;
            this.c = c;
            this.d = d;
            this.and = and;
            this.clamp = clamp;
        }

        @Override
        void perform(Warp w, int mask) {
            TensorOps.wantAll(w, mask, "wmma");
            int n = shape.n;
            long[] sums = new long[shape.m * n];
            for (int e = 0; e < sums.length; e++) {
                sums[e] = (int) element(w, c, e, MatrixElement.S32);
            }
            for (int i = 0; i < shape.m; i++) {
                for (int k = 0; k < shape.k; k++) {
                    int u = in.integer(element(w, a, i * shape.k + k, in));
                    for (int j = 0; j < n; j++) {
                        int v = in.integer(element(w, b, k * n + j, in));
                        sums[i * n + j] += in != MatrixElement.B1 ? (long) u * v : and ? u & v : u ^ v;
                    }
                }
            }
            for (int e = 0; e < sums.length; e++) {
                set(w, d, e, MatrixElement.S32, clamp ? IntegerOps.clamp(sums[e]) : sums[e]);
            }
        }
    }

    private static long element(Warp w, int[] registers, int e, MatrixElement t) {
        int per = t.perRegister();
        return t.bits(w, registers, (e >> 5) / per, e & 31, (e >> 5) % per);
    }

    private static void set(Warp w, int[] registers, int e, MatrixElement t, long v) {
        int slot = e >> 5;
        int per = t.perRegister();
        int r = registers[slot / per];
        if (t == MatrixElement.F64) {
            w.q[r][e & 31] = v;
        } else if (per == 1) {
            w.r[r][e & 31] = (int) v;
        } else {
            int shift = t.bits * (slot % per);
            int ones = (1 << t.bits) - 1 << shift;
            w.r[r][e & 31] = w.r[r][e & 31] & ~ones | (int) v << shift & ones;
        }
    }
}
