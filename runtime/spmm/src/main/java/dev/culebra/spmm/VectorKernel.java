package dev.culebra.spmm;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Vectors of rows: a lane is a row of the tile, so that no sum crosses lanes, and a weight is loaded once for up to 8 tokens.
 * Loaded only where the JVM has {@code jdk.incubator.vector}.
 *
 * <p>
 * A vector of ints holds pairs of 16-bit values: even rows in the low halves, odd rows in the high ones. Both are widened by
 * shifts: an fp16's exponent and fraction, moved down 3 bits from the top of a float, make a float that is 2^112 times too
 * small (127 - 15 = 112), subnormals included; a bf16 is the top of a float already. An fp16 infinity or NaN would come out
 * finite, so {@link CpuWeights} gives matrices that have one to {@link PlainKernel}.
 *
 * <p>
 * One method for each number of tokens, since sums must be local variables to stay in registers. 8 tokens hold 16 vectors of
 * sums: as many as two multiply-adds a cycle of 4 cycles' latency need twice over, and with two of weights, two of constants
 * and one of x half of AVX-512's 32 registers. AVX2 has 16, and stops at 4 tokens.
 */
final class VectorKernel extends CpuKernel {

    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED.length() > 16
            ? FloatVector.SPECIES_512
            : FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, F.vectorShape());
    private static final VectorSpecies<Short> S = VectorSpecies.of(short.class, F.vectorShape());
    private static final int LANES = F.length();
    private static final VectorShuffle<Float> ZIP_LOW = VectorShuffle.makeZip(F, 0);
    private static final VectorShuffle<Float> ZIP_HIGH = VectorShuffle.makeZip(F, 1);
    private static final boolean MANY_REGISTERS = LANES >= 16 || System.getProperty("os.arch").equals("aarch64");

    static final VectorKernel INSTANCE = new VectorKernel(); // after the species

    /** How a 16-bit value in the top half of an int becomes a float: shifted right, masked, scaled. */
    private enum Widening {
        F16(3, 0x8fff_e000, 0x1p112f),
        BF16(0, 0xffff_0000, 1);

        private final int shift;
        private final int mask;
        private final float scale;

        Widening(int shift, int mask, float scale) {
            this.shift = shift;
            this.mask = mask;
            this.scale = scale;
        }
    }

    private VectorKernel() {}

    /**
     * Whether the processor multiplies and adds in one step: AVX2 and Arm's do. Where it does not, {@code fma} is exact by
     * way of BigDecimal, and thousands of times slower than {@link PlainKernel}.
     */
    static boolean worthwhile() { return LANES >= 8 || MANY_REGISTERS; }

    @Override
    int mostColumns() { return MANY_REGISTERS ? 8 : 4; }

    @Override
    String description() { return F.vectorBitSize() + "-bit vectors"; }

    @Override
    String suffix() { return "v" + F.vectorBitSize(); }

    @Override
    void inOrder(float[] sums, int sumsAt, float[] rows) {
        for (int r = 0; r < SIDE; r += 2 * LANES) {
            FloatVector even = FloatVector.fromArray(F, sums, sumsAt + r);
            FloatVector odd = FloatVector.fromArray(F, sums, sumsAt + r + LANES);
            even.rearrange(ZIP_LOW, odd).intoArray(rows, r);
            even.rearrange(ZIP_HIGH, odd).intoArray(rows, r + LANES);
        }
    }

    @Override
    void decode(MemorySegment entries, long fromByte, int count, int[] out) {
        int whole = (int) Math.min(count + LANES - 1, (entries.byteSize() - fromByte) / Integer.BYTES) / LANES * LANES;
        int i = 0;
        for (; i < whole; i += LANES) {
            place(IntVector.fromMemorySegment(I, entries, fromByte + (long) i * Integer.BYTES, ByteOrder.LITTLE_ENDIAN))
                    .intoArray(out, i);
        }
        if (i < count) { // the section ends within the vector
            VectorMask<Integer> left = I.indexInRange(i, count);
            place(IntVector.fromMemorySegment(I, entries, fromByte + (long) i * Integer.BYTES, ByteOrder.LITTLE_ENDIAN,
                    left)).intoArray(out, i);
        }
    }

    /** place = 64 * row + (column ^ 8 * (row & 7)), see TiledCsl, becomes 64 * column + row. */
    private static IntVector place(IntVector v) {
        IntVector column = v.lanewise(LSHL, 6).lanewise(XOR, v.lanewise(LSHL, 3).and(0x0e00_0000)).and(0x0fc0_0000);
        IntVector row = v.lanewise(LSHR, 6).and(0x003f_0000);
        return v.and(0xffff).or(column).or(row);
    }

    @Override
    void multiply(short[] tile, boolean bf16, float[] x, int xAt, int columns, float[] sums, int sumsAt,
            CpuScratch scratch,
            boolean clear) {
        Widening w = bf16 ? Widening.BF16 : Widening.F16;
        switch (columns) {
            case 1 -> multiply1(tile, w, x, xAt, sums, sumsAt, clear);
            case 2 -> multiply2(tile, w, x, xAt, sums, sumsAt, clear);
            case 4 -> multiply4(tile, w, x, xAt, sums, sumsAt, clear);
            case 8 -> multiply8(tile, w, x, xAt, sums, sumsAt, clear);
            default -> throw new IllegalArgumentException(columns + " columns; a kernel takes 1, 2, 4 or 8");
        }
    }

    /**
     * All of a column at once where two vectors hold it, so that memory is read as it lies; else a half or a quarter of it.
     * Four vectors of sums, so that no multiply-add waits for the one before.
     */
    @Override
    void multiplyOne(MemorySegment values, long at, boolean bf16, float[] x, int xAt, float[] sums,
            CpuScratch scratch) {
        Widening w = bf16 ? Widening.BF16 : Widening.F16;
        IntVector mask = IntVector.broadcast(I, w.mask);
        FloatVector scale = FloatVector.broadcast(F, w.scale);
        IntVector shift = IntVector.broadcast(I, w.shift);
        for (int rows = 0; rows < SIDE; rows += 4 * LANES) {
            FloatVector e0 = FloatVector.fromArray(F, sums, rows);
            FloatVector o0 = FloatVector.fromArray(F, sums, rows + LANES);
            FloatVector e1 = FloatVector.fromArray(F, sums, rows + 2 * LANES);
            FloatVector o1 = FloatVector.fromArray(F, sums, rows + 3 * LANES);
            for (int k = 0; k < SIDE; k++) {
                long from = at + (k * SIDE + rows) * Short.BYTES;
                IntVector p0 = pairs(values, from);
                IntVector p1 = pairs(values, from + LANES * Integer.BYTES);
                FloatVector xk = FloatVector.broadcast(F, x[xAt + k]);
                e0 = even(p0, shift, mask, scale).fma(xk, e0);
                o0 = odd(p0, shift, mask, scale).fma(xk, o0);
                e1 = even(p1, shift, mask, scale).fma(xk, e1);
                o1 = odd(p1, shift, mask, scale).fma(xk, o1);
            }
            e0.intoArray(sums, rows);
            o0.intoArray(sums, rows + LANES);
            e1.intoArray(sums, rows + 2 * LANES);
            o1.intoArray(sums, rows + 3 * LANES);
        }
    }

    /** As {@link #multiplyOne}, for two: AVX2's 16 registers hold 8 vectors of sums and what else there is. */
    @Override
    void multiplyTwo(MemorySegment values, long at, boolean bf16, float[] x, int xAt, float[] sums,
            CpuScratch scratch) {
        Widening w = bf16 ? Widening.BF16 : Widening.F16;
        IntVector mask = IntVector.broadcast(I, w.mask);
        FloatVector scale = FloatVector.broadcast(F, w.scale);
        IntVector shift = IntVector.broadcast(I, w.shift);
        for (int rows = 0; rows < SIDE; rows += 4 * LANES) {
            FloatVector e0 = FloatVector.fromArray(F, sums, rows);
            FloatVector o0 = FloatVector.fromArray(F, sums, rows + LANES);
            FloatVector e1 = FloatVector.fromArray(F, sums, rows + 2 * LANES);
            FloatVector o1 = FloatVector.fromArray(F, sums, rows + 3 * LANES);
            FloatVector f0 = FloatVector.fromArray(F, sums, SIDE + rows);
            FloatVector q0 = FloatVector.fromArray(F, sums, SIDE + rows + LANES);
            FloatVector f1 = FloatVector.fromArray(F, sums, SIDE + rows + 2 * LANES);
            FloatVector q1 = FloatVector.fromArray(F, sums, SIDE + rows + 3 * LANES);
            for (int k = 0; k < SIDE; k++) {
                long from = at + (k * SIDE + rows) * Short.BYTES;
                IntVector p0 = pairs(values, from);
                IntVector p1 = pairs(values, from + LANES * Integer.BYTES);
                FloatVector x0 = FloatVector.broadcast(F, x[xAt + 2 * k]);
                FloatVector x1 = FloatVector.broadcast(F, x[xAt + 2 * k + 1]);
                FloatVector even = even(p0, shift, mask, scale);
                e0 = even.fma(x0, e0);
                f0 = even.fma(x1, f0);
                FloatVector odd = odd(p0, shift, mask, scale);
                o0 = odd.fma(x0, o0);
                q0 = odd.fma(x1, q0);
                even = even(p1, shift, mask, scale);
                e1 = even.fma(x0, e1);
                f1 = even.fma(x1, f1);
                odd = odd(p1, shift, mask, scale);
                o1 = odd.fma(x0, o1);
                q1 = odd.fma(x1, q1);
            }
            e0.intoArray(sums, rows);
            o0.intoArray(sums, rows + LANES);
            e1.intoArray(sums, rows + 2 * LANES);
            o1.intoArray(sums, rows + 3 * LANES);
            f0.intoArray(sums, SIDE + rows);
            q0.intoArray(sums, SIDE + rows + LANES);
            f1.intoArray(sums, SIDE + rows + 2 * LANES);
            q1.intoArray(sums, SIDE + rows + 3 * LANES);
        }
    }

    private static IntVector pairs(MemorySegment values, long at) {
        return IntVector.fromMemorySegment(I, values, at, ByteOrder.LITTLE_ENDIAN);
    }

    private static FloatVector even(IntVector pairs, IntVector shift, IntVector mask, FloatVector scale) {
        return pairs.lanewise(LSHL, 16).lanewise(ASHR, shift).and(mask).reinterpretAsFloats().mul(scale);
    }

    private static FloatVector odd(IntVector pairs, IntVector shift, IntVector mask, FloatVector scale) {
        return pairs.lanewise(ASHR, shift).and(mask).reinterpretAsFloats().mul(scale);
    }

    private static void multiply1(short[] tile, Widening w, float[] x, int xAt, float[] sums, int sumsAt,
            boolean clear) {
        IntVector mask = IntVector.broadcast(I, w.mask);
        FloatVector scale = FloatVector.broadcast(F, w.scale);
        ShortVector zero = ShortVector.zero(S);
        IntVector shift = IntVector.broadcast(I, w.shift);
        for (int rows = 0; rows < SIDE; rows += 2 * LANES) {
            int at = sumsAt + rows;
            FloatVector e0 = FloatVector.fromArray(F, sums, at);
            FloatVector o0 = FloatVector.fromArray(F, sums, at + LANES);
            for (int k = 0; k < SIDE; k++) {
                IntVector pairs = ShortVector.fromArray(S, tile, k * SIDE + rows).reinterpretAsInts();
                if (clear) {
                    zero.intoArray(tile, k * SIDE + rows);
                }
                FloatVector even = even(pairs, shift, mask, scale);
                FloatVector odd = odd(pairs, shift, mask, scale);
                FloatVector x0 = FloatVector.broadcast(F, x[xAt + k]);
                e0 = even.fma(x0, e0);
                o0 = odd.fma(x0, o0);
            }
            e0.intoArray(sums, at);
            o0.intoArray(sums, at + LANES);
        }
    }

    private static void multiply2(short[] tile, Widening w, float[] x, int xAt, float[] sums, int sumsAt,
            boolean clear) {
        IntVector mask = IntVector.broadcast(I, w.mask);
        FloatVector scale = FloatVector.broadcast(F, w.scale);
        ShortVector zero = ShortVector.zero(S);
        IntVector shift = IntVector.broadcast(I, w.shift);
        for (int rows = 0; rows < SIDE; rows += 2 * LANES) {
            int at = sumsAt + rows;
            FloatVector e0 = FloatVector.fromArray(F, sums, at);
            FloatVector o0 = FloatVector.fromArray(F, sums, at + LANES);
            FloatVector e1 = FloatVector.fromArray(F, sums, at + SIDE);
            FloatVector o1 = FloatVector.fromArray(F, sums, at + SIDE + LANES);
            for (int k = 0; k < SIDE; k++) {
                IntVector pairs = ShortVector.fromArray(S, tile, k * SIDE + rows).reinterpretAsInts();
                if (clear) {
                    zero.intoArray(tile, k * SIDE + rows);
                }
                FloatVector even = even(pairs, shift, mask, scale);
                FloatVector odd = odd(pairs, shift, mask, scale);
                int xk = xAt + k * 2;
                FloatVector x0 = FloatVector.broadcast(F, x[xk]);
                e0 = even.fma(x0, e0);
                o0 = odd.fma(x0, o0);
                FloatVector x1 = FloatVector.broadcast(F, x[xk + 1]);
                e1 = even.fma(x1, e1);
                o1 = odd.fma(x1, o1);
            }
            e0.intoArray(sums, at);
            o0.intoArray(sums, at + LANES);
            e1.intoArray(sums, at + SIDE);
            o1.intoArray(sums, at + SIDE + LANES);
        }
    }

    private static void multiply4(short[] tile, Widening w, float[] x, int xAt, float[] sums, int sumsAt,
            boolean clear) {
        IntVector mask = IntVector.broadcast(I, w.mask);
        FloatVector scale = FloatVector.broadcast(F, w.scale);
        ShortVector zero = ShortVector.zero(S);
        IntVector shift = IntVector.broadcast(I, w.shift);
        for (int rows = 0; rows < SIDE; rows += 2 * LANES) {
            int at = sumsAt + rows;
            FloatVector e0 = FloatVector.fromArray(F, sums, at);
            FloatVector o0 = FloatVector.fromArray(F, sums, at + LANES);
            FloatVector e1 = FloatVector.fromArray(F, sums, at + SIDE);
            FloatVector o1 = FloatVector.fromArray(F, sums, at + SIDE + LANES);
            FloatVector e2 = FloatVector.fromArray(F, sums, at + 2 * SIDE);
            FloatVector o2 = FloatVector.fromArray(F, sums, at + 2 * SIDE + LANES);
            FloatVector e3 = FloatVector.fromArray(F, sums, at + 3 * SIDE);
            FloatVector o3 = FloatVector.fromArray(F, sums, at + 3 * SIDE + LANES);
            for (int k = 0; k < SIDE; k++) {
                IntVector pairs = ShortVector.fromArray(S, tile, k * SIDE + rows).reinterpretAsInts();
                if (clear) {
                    zero.intoArray(tile, k * SIDE + rows);
                }
                FloatVector even = even(pairs, shift, mask, scale);
                FloatVector odd = odd(pairs, shift, mask, scale);
                int xk = xAt + k * 4;
                FloatVector x0 = FloatVector.broadcast(F, x[xk]);
                e0 = even.fma(x0, e0);
                o0 = odd.fma(x0, o0);
                FloatVector x1 = FloatVector.broadcast(F, x[xk + 1]);
                e1 = even.fma(x1, e1);
                o1 = odd.fma(x1, o1);
                FloatVector x2 = FloatVector.broadcast(F, x[xk + 2]);
                e2 = even.fma(x2, e2);
                o2 = odd.fma(x2, o2);
                FloatVector x3 = FloatVector.broadcast(F, x[xk + 3]);
                e3 = even.fma(x3, e3);
                o3 = odd.fma(x3, o3);
            }
            e0.intoArray(sums, at);
            o0.intoArray(sums, at + LANES);
            e1.intoArray(sums, at + SIDE);
            o1.intoArray(sums, at + SIDE + LANES);
            e2.intoArray(sums, at + 2 * SIDE);
            o2.intoArray(sums, at + 2 * SIDE + LANES);
            e3.intoArray(sums, at + 3 * SIDE);
            o3.intoArray(sums, at + 3 * SIDE + LANES);
        }
    }

    private static void multiply8(short[] tile, Widening w, float[] x, int xAt, float[] sums, int sumsAt,
            boolean clear) {
        IntVector mask = IntVector.broadcast(I, w.mask);
        FloatVector scale = FloatVector.broadcast(F, w.scale);
        ShortVector zero = ShortVector.zero(S);
        IntVector shift = IntVector.broadcast(I, w.shift);
        for (int rows = 0; rows < SIDE; rows += 2 * LANES) {
            int at = sumsAt + rows;
            FloatVector e0 = FloatVector.fromArray(F, sums, at);
            FloatVector o0 = FloatVector.fromArray(F, sums, at + LANES);
            FloatVector e1 = FloatVector.fromArray(F, sums, at + SIDE);
            FloatVector o1 = FloatVector.fromArray(F, sums, at + SIDE + LANES);
            FloatVector e2 = FloatVector.fromArray(F, sums, at + 2 * SIDE);
            FloatVector o2 = FloatVector.fromArray(F, sums, at + 2 * SIDE + LANES);
            FloatVector e3 = FloatVector.fromArray(F, sums, at + 3 * SIDE);
            FloatVector o3 = FloatVector.fromArray(F, sums, at + 3 * SIDE + LANES);
            FloatVector e4 = FloatVector.fromArray(F, sums, at + 4 * SIDE);
            FloatVector o4 = FloatVector.fromArray(F, sums, at + 4 * SIDE + LANES);
            FloatVector e5 = FloatVector.fromArray(F, sums, at + 5 * SIDE);
            FloatVector o5 = FloatVector.fromArray(F, sums, at + 5 * SIDE + LANES);
            FloatVector e6 = FloatVector.fromArray(F, sums, at + 6 * SIDE);
            FloatVector o6 = FloatVector.fromArray(F, sums, at + 6 * SIDE + LANES);
            FloatVector e7 = FloatVector.fromArray(F, sums, at + 7 * SIDE);
            FloatVector o7 = FloatVector.fromArray(F, sums, at + 7 * SIDE + LANES);
            for (int k = 0; k < SIDE; k++) {
                IntVector pairs = ShortVector.fromArray(S, tile, k * SIDE + rows).reinterpretAsInts();
                if (clear) {
                    zero.intoArray(tile, k * SIDE + rows);
                }
                FloatVector even = even(pairs, shift, mask, scale);
                FloatVector odd = odd(pairs, shift, mask, scale);
                int xk = xAt + k * 8;
                FloatVector x0 = FloatVector.broadcast(F, x[xk]);
                e0 = even.fma(x0, e0);
                o0 = odd.fma(x0, o0);
                FloatVector x1 = FloatVector.broadcast(F, x[xk + 1]);
                e1 = even.fma(x1, e1);
                o1 = odd.fma(x1, o1);
                FloatVector x2 = FloatVector.broadcast(F, x[xk + 2]);
                e2 = even.fma(x2, e2);
                o2 = odd.fma(x2, o2);
                FloatVector x3 = FloatVector.broadcast(F, x[xk + 3]);
                e3 = even.fma(x3, e3);
                o3 = odd.fma(x3, o3);
                FloatVector x4 = FloatVector.broadcast(F, x[xk + 4]);
                e4 = even.fma(x4, e4);
                o4 = odd.fma(x4, o4);
                FloatVector x5 = FloatVector.broadcast(F, x[xk + 5]);
                e5 = even.fma(x5, e5);
                o5 = odd.fma(x5, o5);
                FloatVector x6 = FloatVector.broadcast(F, x[xk + 6]);
                e6 = even.fma(x6, e6);
                o6 = odd.fma(x6, o6);
                FloatVector x7 = FloatVector.broadcast(F, x[xk + 7]);
                e7 = even.fma(x7, e7);
                o7 = odd.fma(x7, o7);
            }
            e0.intoArray(sums, at);
            o0.intoArray(sums, at + LANES);
            e1.intoArray(sums, at + SIDE);
            o1.intoArray(sums, at + SIDE + LANES);
            e2.intoArray(sums, at + 2 * SIDE);
            o2.intoArray(sums, at + 2 * SIDE + LANES);
            e3.intoArray(sums, at + 3 * SIDE);
            o3.intoArray(sums, at + 3 * SIDE + LANES);
            e4.intoArray(sums, at + 4 * SIDE);
            o4.intoArray(sums, at + 4 * SIDE + LANES);
            e5.intoArray(sums, at + 5 * SIDE);
            o5.intoArray(sums, at + 5 * SIDE + LANES);
            e6.intoArray(sums, at + 6 * SIDE);
            o6.intoArray(sums, at + 6 * SIDE + LANES);
            e7.intoArray(sums, at + 7 * SIDE);
            o7.intoArray(sums, at + 7 * SIDE + LANES);
        }
    }
}
