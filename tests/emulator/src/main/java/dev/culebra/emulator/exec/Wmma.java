package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import dev.culebra.emulator.ptx.Space;
import java.util.List;

/**
 * wmma: matrices in fragments whose layout is the implementation's own. Here element number n of a matrix, counted by rows,
 * is the element n / 32 of lane n % 32; an A or B fragment of half size leaves the rest of its registers zero.
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

    /** M, N, K. */
    private static int[] shape(Decoding x) {
        String s = x.takeAny("m16n16k16", "m32n8k16", "m8n32k16");
        return switch (s) {
            case "m16n16k16" -> new int[]{16, 16, 16};
            case "m32n8k16" -> new int[]{32, 8, 16};
            case "m8n32k16" -> new int[]{8, 32, 16};
            case null, default -> throw x.refuse("wmma of shape m16n16k16, m32n8k16 or m8n32k16 is known");
        };
    }

    private static boolean sync(Decoding x) { return x.take("sync") & x.take("aligned"); }

    private static void move(Decoding x, boolean load) {
        String which = x.takeAny("a", "b", "c", "d");
        boolean known = sync(x);
        String layout = x.takeAny("row", "col");
        int[] shape = shape(x);
        Space space = MemoryAccess.space(x);
        PtxType t = x.type();
        x.done();
        x.operands(2, 3);
        boolean accumulator = "c".equals(which) || "d".equals(which);
        boolean types = accumulator ? t == F16 || t == F32 : t == F16 || t == BF16;
        if (!known || which == null || layout == null || !types || load == which.equals("d")) {
            throw x.refuse("unknown instruction");
        }
        x.require(70, 60);
        int rows = which.equals("b") ? shape[2] : shape[0];
        int columns = which.equals("a") ? shape[2] : shape[1];
        int at = load ? 0 : 1;
        List<Operand> all = x.vector(at);
        int[] registers = all.stream().mapToInt(o -> load ? x.dst(o, B32) : x.src(o, B32)).toArray();
        boolean byRows = layout.equals("row");
        int stride = x.operandCount() == 3 ? x.src(2, U32) : x.assembler.constant(byRows ? columns : rows);
        if (registers.length * (t == F32 ? 1 : 2) * 32 < rows * columns) {
            throw x.refuse(registers.length + " registers are too few for the fragment");
        }
        x.emit(new Move(MemoryAccess.place(x, x.operand(1 - at), space), registers, rows, columns, byRows, stride, t,
                load));
    }

    /** A fragment to or from memory, one element a lane at a time. */
    private static final class Move extends MemoryAccess {
        private final int[] registers;
        private final int rows;
        private final int columns;
        private final boolean byRows;
        private final int stride;
        private final PtxType t;
        private final boolean load;

        Move(Place place, int[] registers, int rows, int columns, boolean byRows, int stride, PtxType t, boolean load) {
            super(place, t.bytes(), load ? Use.READ : Use.WRITE, false);
            this.registers = registers;
            this.rows = rows;
            this.columns = columns;
            this.byRows = byRows;
            this.stride = stride;
            this.t = t;
            this.load = load;
        }

        @Override
        void execute(Warp w, int mask) {
            TensorOps.wantAll(w, mask, "wmma");
            if (load) {
                for (int r : registers) {
                    java.util.Arrays.fill(w.r[r], 0);
                }
            }
            int n = rows * columns / 32;
            for (w.slot = 0; w.slot < n; w.slot++) {
                place.compute(w, w.address);
                for (int l = 0; l < 32; l++) {
                    int element = w.slot * 32 + l;
                    long row = element / columns;
                    long column = element % columns;
                    long pitch = w.r[stride][l];
                    w.address[l] += (byRows ? row * pitch + column : column * pitch + row) * bytes;
                }
                access(w, mask);
            }
            w.slot = 0;
        }

        private long get(Warp w, int l) {
            return t == F32 ? w.r[registers[w.slot]][l] : w.r[registers[w.slot >> 1]][l] >>> 16 * (w.slot & 1);
        }

        private void put(Warp w, int l, long v) {
            if (t == F32) {
                w.r[registers[w.slot]][l] = (int) v;
            } else if ((w.slot & 1) == 0) {
                w.r[registers[w.slot >> 1]][l] = (int) v;
            } else {
                w.r[registers[w.slot >> 1]][l] |= (int) v << 16;
            }
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
        boolean known = sync(x);
        known &= x.takeAny("row", "col") != null;
        known &= x.takeAny("row", "col") != null; // how they lay in memory: a fragment here does not depend on it
        int[] shape = shape(x);
        PtxType td = x.type();
        PtxType second = x.type();
        PtxType third = x.typeOrNull();
        PtxType in = third == null ? F16 : second;
        PtxType tc = third == null ? second : x.type();
        boolean same = third == null || third == second;
        x.take("satfinite");
        x.done(4);
        boolean types = (in == F16 || in == BF16) && (td == F16 || td == F32) && (tc == F16 || tc == F32)
                && (in == F16 || td == tc);
        if (!known || !same || !types) {
            throw x.refuse("unknown instruction");
        }
        x.require(in == BF16 ? 80 : 70, 60);
        int m = shape[0];
        int n = shape[1];
        int[] a = registers(x, 1, false);
        int[] b = registers(x, 2, false);
        int[] c = registers(x, 3, false);
        int[] d = registers(x, 0, true);
        x.emitSplit(new WarpSync() {
            @Override
            void perform(Warp w, int mask) {
                TensorOps.wantAll(w, mask, "wmma");
                double[] sums = new double[m * n];
                for (int i = 0; i < m; i++) {
                    for (int k = 0; k < 16; k++) {
                        double u = element(w, a, i * 16 + k, in);
                        for (int j = 0; j < n; j++) {
                            sums[i * n + j] += u * element(w, b, k * n + j, in);
                        }
                    }
                }
                for (int e = 0; e < m * n; e++) {
                    sums[e] += element(w, c, e, tc);
                }
                for (int e = 0; e < m * n; e++) {
                    int slot = e >> 5;
                    int v = Rounding.encode(sums[e], td, Rounding.NEAREST);
                    int[] r = w.r[d[td == F32 ? slot : slot >> 1]];
                    r[e & 31] = td == F32 || (slot & 1) == 0 ? v : r[e & 31] & 0xffff | v << 16;
                }
            }
        });
    }

    private static double element(Warp w, int[] registers, int e, PtxType t) {
        int slot = e >> 5;
        int bits = t == F32 ? w.r[registers[slot]][e & 31] : w.r[registers[slot >> 1]][e & 31] >>> 16 * (slot & 1);
        return Rounding.decode(bits, t);
    }

    private static int[] registers(Decoding x, int operand, boolean destination) {
        return x.vector(operand).stream().mapToInt(o -> destination ? x.dst(o, B32) : x.src(o, B32)).toArray();
    }
}
