package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.B16;
import static dev.culebra.emulator.ptx.PtxType.B32;

import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.Space;
import java.util.List;

/**
 * ldmatrix, stmatrix and movmatrix: 8 x 8 matrices of 16-bit elements between shared memory and fragments. Lane 8 m + i holds
 * the address of matrix m's row i, 16 bytes. In matrix m's register lane l has of row l / 4 the elements 2 (l % 4), in the low
 * half, and the one behind it; transposed, of column l / 4 the elements of those two rows.
 */
final class MatrixMoves {

    private MatrixMoves() {}

    static void register(Families f) {
        f.add("ldmatrix", x -> decode(x, true));
        f.add("stmatrix", x -> decode(x, false));
        f.add("movmatrix", MatrixMoves::transpose);
    }

    private static void decode(Decoding x, boolean load) {
        boolean known = x.take("sync") & x.take("aligned") & x.take("m8n8");
        String count = x.takeAny("x1", "x2", "x4");
        boolean trans = x.take("trans");
        Space space = Place.space(x);
        known &= (space == Space.SHARED || space == Space.GENERIC) && x.typeOrNull() == B16 && count != null;
        x.done();
        if (!known) {
            throw x.refuse("unknown instruction");
        }
        x.operands(2, 2);
        x.require(load ? 75 : 90, load ? 65 : 78);
        int n = count.charAt(1) - '0';
        int at = load ? 0 : 1;
        List<Operand> all = x.vector(at);
        if (all.size() != n) {
            throw x.refuse(n + " registers are wanted");
        }
        int[] registers = all.stream().mapToInt(o -> load ? x.dst(o, B32) : x.src(o, B32)).toArray();
        x.emitSplit(new Rows(Place.of(x, x.operand(1 - at), space), registers, trans, load));
    }

    private static final class Rows extends WarpSync {
        private final Place place;
        private final int[] registers;
        private final boolean trans;
        private final boolean load;

        Rows(Place place, int[] registers, boolean trans, boolean load) {
            this.place = place;
            this.registers = registers;
            this.trans = trans;
            this.load = load;
        }

        private void check(Warp w) {
            int size = w.block.shared.length;
            for (int l = 0; l < 8 * registers.length; l++) {
                if (place.space == Space.GENERIC) {
                    w.address[l] -= MoveOps.SHARED_WINDOW;
                }
                w.address[l] -= w.block.window;
                long a = w.address[l];
                if (a < 0 || a > size - 16) {
                    throw new Fault(DeviceFault.ILLEGAL_ADDRESS, l,
                            "illegal shared address 0x" + Long.toHexString(a + w.block.window)
                                    + " of a matrix's row of 16 bytes, where " + size + " bytes are");
                }
                if ((a & 15) != 0) {
                    throw new Fault(DeviceFault.MISALIGNED_ADDRESS, l,
                            "misaligned shared address 0x" + Long.toHexString(a + w.block.window)
                                    + " of a matrix's row: it must be a multiple of 16");
                }
            }
        }

        @Override
        void perform(Warp w, int mask) {
            TensorOps.wantAll(w, mask, load ? "ldmatrix" : "stmatrix");
            place.compute(w, w.address);
            check(w);
            int lanes = (int) ((1L << 8 * registers.length) - 1); // those that give a row's address
            if (w.block.mbarriers.any()) {
                w.block.mbarriers.refuseAccess(w, lanes, 16, load ? MemoryAccess.Use.READ : MemoryAccess.Use.WRITE);
            }
            if (w.block.proxyWrites != null && !load) {
                w.block.proxyWrites.written(w, lanes, 16);
            }
            if (w.block.watch != null) {
                w.block.watch.rows(w, lanes, load, line);
            }
            if (w.block.meter != null) {
                w.block.meter.rows(w.address, 8 * registers.length,
                        load ? MemoryAccess.Use.READ : MemoryAccess.Use.WRITE);
            }
            byte[] shared = w.block.shared;
            for (int m = 0; m < registers.length; m++) {
                int[] r = w.r[registers[m]];
                for (int l = 0; l < 32; l++) {
                    int i = l >> 2;
                    int j = 2 * (l & 3);
                    int first = trans ? (int) w.address[8 * m + j] + 2 * i : (int) w.address[8 * m + i] + 2 * j;
                    int second = trans ? (int) w.address[8 * m + j + 1] + 2 * i : first + 2;
                    if (load) {
                        int low = (short) MemoryAccess.SHORT.get(shared, first);
                        int high = (short) MemoryAccess.SHORT.get(shared, second);
                        r[l] = low & 0xffff | high << 16;
                    } else {
                        MemoryAccess.SHORT.set(shared, first, (short) r[l]);
                        MemoryAccess.SHORT.set(shared, second, (short) (r[l] >>> 16));
                    }
                }
            }
        }
    }

    private static void transpose(Decoding x) {
        boolean known = x.take("sync") & x.take("aligned") & x.take("m8n8") & x.take("trans");
        known &= x.typeOrNull() == B16;
        x.done(2);
        if (!known) {
            throw x.refuse("unknown instruction");
        }
        x.require(75, 78);
        int a = x.src(1, B32);
        int d = x.dst(0, B32);
        x.emitSplit(new WarpSync() {
            @Override
            void perform(Warp w, int mask) {
                TensorOps.wantAll(w, mask, "movmatrix");
                for (int l = 0; l < 32; l++) {
                    int v = 0;
                    for (int h = 0; h < 2; h++) { // element (row l/4, column 2(l%4)+h) of the result is (that column, that row) of a
                        int row = 2 * (l & 3) + h;
                        int column = l >> 2;
                        v |= (w.r[a][row * 4 + (column >> 1)] >>> 16 * (column & 1) & 0xffff) << 16 * h;
                    }
                    w.t0[l] = v;
                }
                System.arraycopy(w.t0, 0, w.r[d], 0, 32);
            }
        });
    }
}
