package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.F16;

import dev.culebra.emulator.ptx.PtxType;

/**
 * {@code wgmma.mma_async} of shape m64nNk16. Warp w of the warpgroup has rows 16 w to 16 w + 15 of A and of the result, as
 * {@link TensorOps} has them for 16 rows: register i of A as there, and of the result n / 8 such fragments of eight columns, one
 * after the other. A may be in shared memory as well, and B always is ({@link MatrixDescriptor}). So each warp needs nothing of the
 * others, and does its part alone when it waits. Numerics are those of {@link FloatProduct}.
 */
final class WarpgroupProduct extends WarpSync {

    private static final int DEPTH = 16;
    private static final int ROWS = 16;
    /** What is added where the accumulators do not count. */
    private static final int[] NOTHING = new int[32];

    final int n;
    private final PtxType in;
    private final PtxType out;
    final int[] d;
    /** Registers of A, or null. */
    final int[] a;
    private final int descriptorA;
    private final int descriptorB;
    private final int adds;
    private final boolean negative;
    private final boolean transA;
    private final boolean transB;

    WarpgroupProduct(int n, PtxType in, PtxType out, int[] d, int[] a, int descriptorA, int descriptorB, int adds,
            boolean negative, boolean transA, boolean transB) {
        this.n = n;
        this.in = in;
        this.out = out;
        this.d = d;
        this.a = a;
        this.descriptorA = descriptorA;
        this.descriptorB = descriptorB;
        this.adds = adds;
        this.negative = negative;
        this.transA = transA;
        this.transB = transB;
    }

    @Override
    void perform(Warp w, int mask) {
        TensorOps.wantAll(w, mask, "wgmma.mma_async");
        int scale = w.p[adds];
        if (scale != 0 && scale != -1) {
            throw new Fault(DeviceFault.ILLEGAL_INSTRUCTION, Integer.numberOfTrailingZeros(~scale),
                    "wgmma.mma_async whose scale-d differs between the warp's lanes");
        }
        long bitsA = a != null ? 0 : descriptor(w, descriptorA);
        long bitsB = descriptor(w, descriptorB);
        w.block.warpgroups.execute(w, this, bitsA, bitsB, scale != 0);
        int row = w.index % Warpgroups.WARPS * ROWS;
        int[] ofA = a != null ? null : MatrixDescriptor.of(bitsA).pieces(w.block, transA, row, ROWS);
        int[] ofB = MatrixDescriptor.of(bitsB).pieces(w.block, transB, 0, n);
        if (ofA != null) {
            look(w, ofA);
        }
        look(w, ofB);
        if (w.block.meter != null) { // each warp reads its own rows of A, and all four together B once
            w.block.meter.product((ofA == null ? 0 : ofA.length) + (row == 0 ? ofB.length : 0));
        }
        w.block.warpgroups.of(w).add(this, ofA, ofB, scale != 0);
    }

    private static long descriptor(Warp w, int register) {
        long[] q = w.q[register];
        for (int l = 1; l < 32; l++) {
            if (q[l] != q[0]) {
                throw new Fault(DeviceFault.ILLEGAL_INSTRUCTION, l, "wgmma.mma_async with matrix descriptor 0x"
                        + Long.toHexString(q[l]) + ", and the warp's first lane has 0x" + Long.toHexString(q[0])
                        + ": all threads must have the same");
            }
        }
        return q[0];
    }

    /** Tells of reads of pieces. */
    private void look(Warp w, int[] pieces) {
        if (w.block.proxyWrites != null) {
            w.block.proxyWrites.refuseUnfenced(w.block.window, pieces);
        }
        if (w.block.watch != null) {
            for (int i = 0; i < pieces.length; i += 32) {
                w.block.watch.rows(w, addresses(w, pieces, i), true, line);
            }
        }
        if (w.block.mbarriers.any()) {
            for (int at : pieces) {
                w.block.mbarriers.refuseRange(0, at, 16, "a product");
            }
        }
    }

    /** Puts places from the i-th on where lanes have their addresses; gives the lanes that have one. */
    private static int addresses(Warp w, int[] pieces, int i) {
        int count = Math.min(32, pieces.length - i);
        for (int l = 0; l < count; l++) {
            w.address[l] = pieces[i + l];
        }
        return -1 >>> 32 - count;
    }

    /** Tells of the same reads again, now that they are made: who writes next must come behind them. */
    private void lookAgain(Warp w, int[] pieces) {
        for (int i = 0; pieces != null && i < pieces.length; i += 32) {
            w.block.watch.cells.read(w.agent, addresses(w, pieces, i), w.address, 16, line);
        }
    }

    /** Does it. */
    void land(Warp w, WarpgroupProducts.Pending p) {
        Warpgroups groups = w.block.warpgroups;
        if (w.agent != null) {
            lookAgain(w, p.a());
            lookAgain(w, p.b());
        }
        double[] m = groups.left;
        double[][] sums = groups.sums;
        int[][] r = p.frame().r;
        if (p.a() == null) {
            FloatProduct.unpack(r, a, true, in, DEPTH, m, 0);
        } else {
            unpackA(w.block.shared, p.a(), m);
        }
        for (int i = 0; negative && i < m.length; i++) {
            m[i] = -m[i];
        }
        unpackB(w.block.shared, p.b(), groups.right);
        for (int row = 0; row < ROWS; row++) {
            FloatProduct.multiplyRow(m, row * DEPTH, groups.right, n, sums[row]);
        }
        double[] eight = w.sums;
        int each = out == F16 ? 2 : 4;
        for (int column = 0; column < n; column += 8) {
            for (int row = 0; row < ROWS; row++) {
                System.arraycopy(sums[row], column, eight, 8 * row, 8);
            }
            for (int i = 0; i < each; i++) {
                int[] to = r[d[column / 8 * each + i]];
                FloatProduct.finish(eight, i, out, p.adds() ? to : NOTHING, to);
            }
        }
    }

    private double element(byte[] shared, int at) {
        short bits = (short) MemoryAccess.SHORT.get(shared, at);
        return in == F16 ? Float.float16ToFloat(bits) : Float.intBitsToFloat(bits << 16);
    }

    /** By rows of 16. */
    private void unpackA(byte[] shared, int[] pieces, double[] m) {
        for (int i = 0; i < pieces.length; i++) {
            int at = transA ? i / 2 + i % 2 * 8 * DEPTH : i / 2 * DEPTH + i % 2 * 8;
            int step = transA ? DEPTH : 1;
            for (int e = 0; e < MatrixDescriptor.ELEMENTS; e++) {
                m[at + step * e] = element(shared, pieces[i] + 2 * e);
            }
        }
    }

    /** By rows. */
    private void unpackB(byte[] shared, int[] pieces, double[][] m) {
        int across = n / MatrixDescriptor.ELEMENTS;
        for (int k = 0; k < DEPTH; k++) {
            double[] row = m[k];
            if (transB) {
                for (int i = 0; i < n; i++) {
                    row[i] = element(shared, pieces[k * across + i / 8] + 2 * (i % 8));
                }
            } else {
                for (int i = 0; i < n; i++) {
                    row[i] = element(shared, pieces[2 * i + k / 8] + 2 * (k % 8));
                }
            }
        }
    }
}
