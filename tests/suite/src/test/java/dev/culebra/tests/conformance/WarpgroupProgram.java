package dev.culebra.tests.conformance;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A program of one warpgroup that multiplies by wgmma, and what it is given: A and B as they must lie in shared memory, or in
 * registers, and C in the accumulators. Fragments and layouts stand here as the PTX ISA gives them for m64nNk16.
 */
public final class WarpgroupProgram {

    /**
     * How an operand lies in shared memory.
     *
     * @param swizzle bytes: 0, 32, 64 or 128
     * @param transposed whether M or N runs fastest
     */
    public record Operand(int swizzle, boolean transposed) {

        /** Bytes of a step of 16 along K of an operand of some rows (of M or N). */
        int bytes(int rows) {
            if (swizzle == 0) return rows * 32;
            return transposed ? (rows * 2 + swizzle - 1) / swizzle * swizzle * 16 : rows * swizzle;
        }

        /** The byte of an element before swizzling; rows of 8 by 16 bytes, "core matrices", without. */
        int place(int row, int k, int rows) {
            if (swizzle == 0 && !transposed) { // along K one core matrix after the other, then the next eight rows
                return row / 8 * 256 + k / 8 * 128 + row % 8 * 16 + k % 8 * 2;
            } else if (swizzle == 0) { // along N one after the other, then the next eight of K
                return k / 8 * 16 * rows + row / 8 * 128 + k % 8 * 16 + row % 8 * 2;
            } else if (!transposed) { // rows as long as the swizzle, of which a step takes 32 bytes
                return row * swizzle + k * 2;
            }
            int wide = swizzle / 2; // elements of a row; eight rows of K are a tile, two tiles a step, then the next elements
            return row / wide * 16 * swizzle + k * swizzle + row % wide * 2;
        }

        int swizzled(int at) { return at ^ (at >> 7 & Math.max(1, swizzle / 16) - 1) << 4; }

        long descriptor(int rows) {
            int leading = swizzle == 0 ? transposed ? 16 * rows : 128 : transposed ? 16 * swizzle : 16;
            int stride = swizzle == 0 ? transposed ? 128 : 256 : 8 * swizzle;
            long mode = swizzle == 0 ? 0 : swizzle == 128 ? 1 : swizzle == 64 ? 2 : 3;
            return (long) (leading >> 4) << 16 | (long) (stride >> 4) << 32 | mode << 62;
        }
    }

    /** Columns of the result, a multiple of 8 up to 256. */
    public final int n;
    /** Type of A and B: f16 or bf16. */
    public String in = "f16";
    /** Type of the accumulators: f32 or f16. */
    public String out = "f32";
    /** Whether A is in registers, and not in shared memory. */
    public boolean aInRegisters = true;
    /** How A lies. */
    public Operand a = new Operand(128, false);
    /** How B lies. */
    public Operand b = new Operand(128, false);
    /** Products one after the other, of 16 along K each, at most 8. */
    public int steps = 1;
    /** Whether they share a swizzled tile along K, 32 bytes a step. */
    public boolean packed;
    /** Whether the accumulators count. */
    public boolean adds = true;
    /** What A is multiplied by: 1 or -1. */
    public int scaleA = 1;
    /** The same of B. */
    public int scaleB = 1;

    /**
     * A program of one product in f16 and f32, A in registers and B in tiles swizzled by 128 bytes.
     *
     * @param n columns of the result
     */
    public WarpgroupProgram(int n) { this.n = n; }

    @Override
    public String toString() {
        return "m64n" + n + "k16." + out + "." + in + ", A " + (aInRegisters ? "in registers" : a)
                + ", B " + b;
    }

    private boolean pairs() { return out.equals("f16"); }

    private int accumulators() { return pairs() ? n / 4 : n / 2; }

    /**
     * A list of registers.
     *
     * @param prefix of their names
     * @param from number of the first
     * @param count how many
     * @return them in braces
     */
    public static String names(String prefix, int from, int count) {
        StringBuilder s = new StringBuilder("{");
        for (int i = 0; i < count; i++) s.append(i == 0 ? "%" : ", %").append(prefix).append(from + i);
        return s + "}";
    }

    /** Bytes of an operand: of all steps, or of one of which each begins anew at a multiple of 1024. */
    private static int room(Operand o, int rows) {
        return o.bytes(rows) + 1023 & -1024;
    }

    /** Where a step begins. */
    private int startB(int step) { return packed ? 32 * step : step * room(b, n); }

    private int startA(int step) {
        return (packed ? 1 : steps) * room(b, n) + (packed ? 32 * step : step * room(a, 64));
    }

    /**
     * Its shared memory.
     *
     * @return bytes, all of it dynamic
     */
    public int sharedBytes() { return (packed ? 1 : steps) * (room(b, n) + room(a, 64)); }

    private String product(int step) {
        return "wgmma.mma_async.sync.aligned.m64n" + n + "k16." + out + "." + in + "." + in + " "
                + names("d", 0, accumulators()) + ", " + (aInRegisters ? names("a", 4 * step, 4) : "%da" + step)
                + ", %db"
                + step + ", %p, " + scaleA + ", " + scaleB + (aInRegisters ? "" : a.transposed ? ", 1" : ", 0")
                + (b.transposed ? ", 1" : ", 0") + ";\n";
    }

    /**
     * Kernel {@code k} of one warpgroup: takes {@link #input} at its first parameter and leaves the accumulators at its second.
     *
     * @return the module
     */
    public String text() {
        StringBuilder s = new StringBuilder(
                """
                        .version 8.0
                        .target sm_90a
                        .address_size 64
                        .extern .shared .align 1024 .b8 sm[];
                        .visible .entry k(.param .u64 in, .param .u64 out) {
                        .reg .pred %p, %q; .reg .b64 %in, %r, %out, %o, %x, %da<8>, %db<8>; .reg .b32 %t, %v, %i, %s, %a<32>, %d<128>;
                        ld.param.u64 %in, [in]; ld.param.u64 %out, [out]; mov.u32 %t, %tid.x; mov.u32 %s, sm;
                        mul.wide.u32 %o, %t, 4; add.u64 %out, %out, %o; add.u64 %r, %in, %o; add.u64 %r, %r, REGISTERS; mov.u32 %i, 0;
                        FILL: add.u32 %v, %s, %i; add.u32 %v, %v, %t; cvt.u64.u32 %o, %i; add.u64 %o, %in, %o; cvt.u64.u32 %x, %t;
                        add.u64 %o, %o, %x; .reg .b16 %h; ld.global.u8 %h, [%o]; st.shared.u8 [%v], %h;
                        """
                        .replace("REGISTERS", "" + sharedBytes()))
                .append("add.u32 %i, %i, 128; setp.lt.u32 %q, %i, ").append(sharedBytes()).append("; @%q bra FILL;\n");
        for (int i = 0; i < accumulators(); i++)
            s.append("ld.global.u32 %d").append(i).append(", [%r+").append(512 * i).append("];\n");
        for (int i = 0; i < 4 * steps; i++) {
            s.append("ld.global.u32 %a").append(i).append(", [%r+").append(512 * (accumulators() + i)).append("];\n");
        }
        s.append("cvt.u64.u32 %x, %s; and.b64 %x, %x, 0x3ffff; shr.u64 %x, %x, 4;\n");
        for (int i = 0; i < steps; i++) {
            s.append("add.u64 %db").append(i).append(", %x, ").append(b.descriptor(n) + (startB(i) >> 4)).append(";\n");
            s.append("add.u64 %da").append(i).append(", %x, ")
                    .append(a.descriptor(64) + (startA(i) >> 4)).append(";\n");
        }
        s.append("setp.").append(adds ? "ge" : "lt").append(".u32 %p, %t, 0;\n");
        s.append("fence.proxy.async.shared::cta; bar.sync 0;\n").append("wgmma.fence.sync.aligned;\n");
        for (int i = 0; i < steps; i++) s.append(product(i));
        s.append("wgmma.commit_group.sync.aligned; wgmma.wait_group.sync.aligned 0;\n");
        for (int i = 0; i < accumulators(); i++)
            s.append("st.global.u32 [%out+").append(512 * i).append("], %d").append(i).append(";\n");
        return s + "ret; }";
    }

    private static int bits(String type, double v) {
        return switch (type) {
            case "f16" -> Float.floatToFloat16((float) v) & 0xffff;
            case "bf16" -> Float.floatToRawIntBits((float) v) >>> 16;
            default -> Float.floatToRawIntBits((float) v);
        };
    }

    private void lay(ByteBuffer to, int base, Operand o, double[][] m, int step) {
        for (int row = 0; row < m.length; row++) {
            for (int k = 0; k < 16; k++) {
                to.putShort(o.swizzled(base + o.place(row, k, m.length)), (short) bits(in, m[row][16 * step + k]));
            }
        }
    }

    /**
     * What its operands are in shared memory, and behind that in registers, each of all threads.
     *
     * @param ma A, 64 rows
     * @param mb B, a row for each of N
     * @param c the accumulators at first, 64 rows
     * @return the bytes
     */
    public byte[] input(double[][] ma, double[][] mb, double[][] c) {
        int[] registers = registers(ma, c);
        ByteBuffer all = ByteBuffer.allocate(sharedBytes() + 4 * registers.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < steps; i++) {
            lay(all, startB(i), b, mb, i);
            lay(all, startA(i), a, ma, i);
        }
        all.position(sharedBytes());
        for (int v : registers) all.putInt(v);
        return all.array();
    }

    private int[] registers(double[][] ma, double[][] c) {
        int[] all = new int[128 * (accumulators() + 4 * steps)];
        for (int t = 0; t < 128; t++) {
            int top = t / 32 * 16 + t % 32 / 4;
            int left = t % 4 * 2;
            for (int i = 0; i < n / 2; i++) { // element i of a thread: columns in pairs, rows g and g + 8, then eight columns on
                int v = bits(out, c[top + i / 2 % 2 * 8][i / 4 * 8 + left + i % 2]);
                all[128 * (pairs() ? i / 2 : i) + t] |= pairs() ? v << 16 * (i % 2) : v;
            }
            for (int i = 0; i < 4 * steps; i++) {
                double[] row = ma[top + i % 2 * 8];
                int k = i / 4 * 16 + i % 4 / 2 * 8 + left;
                all[128 * (accumulators() + i) + t] = bits(in, row[k]) | bits(in, row[k + 1]) << 16;
            }
        }
        return all;
    }

    /**
     * How many numbers of the result's type it leaves.
     *
     * @return their number
     */
    public int count() { return 64 * n; }

    /**
     * Which element of the result a number is that it leaves.
     *
     * @param number counted from 0
     * @return its row times N and its column
     */
    public int element(int number) {
        int each = pairs() ? 2 : 1;
        int t = number / each % 128;
        int i = number / each / 128 * each + number % each;
        return (t / 32 * 16 + t % 32 / 4 + i / 2 % 2 * 8) * n + i / 4 * 8 + t % 4 * 2 + i % 2;
    }
}
