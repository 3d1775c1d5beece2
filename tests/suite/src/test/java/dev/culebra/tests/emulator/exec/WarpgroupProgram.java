package dev.culebra.tests.emulator.exec;

import dev.culebra.emulator.exec.DeviceFault;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A program of one warpgroup that multiplies by wgmma, and what it is given: A and B as they must lie in shared memory, or in
 * registers, and C in the accumulators. Fragments and layouts stand here as the PTX ISA gives them for m64nNk16.
 */
final class WarpgroupProgram {

    /**
     * How an operand lies in shared memory.
     *
     * @param swizzle bytes: 0, 32, 64 or 128
     * @param transposed whether M or N runs fastest
     */
    record Operand(int swizzle, boolean transposed) {

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

    final int n;
    String in = "f16";
    String out = "f32";
    boolean aInRegisters = true;
    Operand a = new Operand(128, false);
    Operand b = new Operand(128, false);
    /** Products one after the other, of 16 along K each. */
    int steps = 1;
    /** Whether they share a swizzled tile along K, 32 bytes a step. */
    boolean packed;
    boolean adds = true;
    int scaleA = 1;
    int scaleB = 1;
    /** What stands before and behind the products. */
    String fence = "wgmma.fence.sync.aligned;\n";
    String wait = "wgmma.commit_group.sync.aligned; wgmma.wait_group.sync.aligned 0;\n";

    WarpgroupProgram(int n) { this.n = n; }

    @Override
    public String toString() {
        return "m64n" + n + "k16." + out + "." + in + ", A " + (aInRegisters ? "in registers" : a)
                + ", B " + b;
    }

    private boolean pairs() { return out.equals("f16"); }

    private int accumulators() { return pairs() ? n / 4 : n / 2; }

    static String names(String prefix, int from, int count) {
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

    int sharedBytes() { return (packed ? 1 : steps) * (room(b, n) + room(a, 64)); }

    String product(int step) {
        return "wgmma.mma_async.sync.aligned.m64n" + n + "k16." + out + "." + in + "." + in + " "
                + names("d", 0, accumulators()) + ", " + (aInRegisters ? names("a", 4 * step, 4) : "%da" + step)
                + ", %db"
                + step + ", %p, " + scaleA + ", " + scaleB + (aInRegisters ? "" : a.transposed ? ", 1" : ", 0")
                + (b.transposed ? ", 1" : ", 0") + ";\n";
    }

    /** Takes what shared memory and the registers are to hold, lane by lane, and leaves the accumulators in its place. */
    String text() {
        StringBuilder s = new StringBuilder(
                """
                        .version 8.0
                        .target sm_90a
                        .address_size 64
                        .extern .shared .align 1024 .b8 sm[];
                        .visible .entry k(.param .u64 sharedContent, .param .u64 registers) {
                        .reg .pred %p, %q; .reg .b64 %in, %r, %o, %x, %da<8>, %db<8>; .reg .b32 %t, %v, %i, %s, %a<32>, %d<128>;
                        ld.param.u64 %in, [sharedContent]; ld.param.u64 %r, [registers]; mov.u32 %t, %tid.x; mov.u32 %s, sm;
                        mul.wide.u32 %o, %t, 4; add.u64 %r, %r, %o; mov.u32 %i, 0;
                        FILL: add.u32 %v, %s, %i; add.u32 %v, %v, %t; cvt.u64.u32 %o, %i; add.u64 %o, %in, %o; cvt.u64.u32 %x, %t;
                        add.u64 %o, %o, %x; .reg .b16 %h; ld.global.u8 %h, [%o]; st.shared.u8 [%v], %h;
                        """)
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
        s.append("fence.proxy.async.shared::cta; bar.sync 0;\n").append(fence);
        for (int i = 0; i < steps; i++) s.append(product(i));
        s.append(wait);
        for (int i = 0; i < accumulators(); i++)
            s.append("st.global.u32 [%r+").append(512 * i).append("], %d").append(i).append(";\n");
        return s + "ret; }";
    }

    static int bits(String type, double v) {
        return switch (type) {
            case "f16" -> Float.floatToFloat16((float) v) & 0xffff;
            case "bf16" -> Float.floatToRawIntBits((float) v) >>> 16;
            default -> Float.floatToRawIntBits((float) v);
        };
    }

    private static double value(String type, int bits) {
        return type.equals("f16") ? Float.float16ToFloat((short) bits) : Float.intBitsToFloat(bits);
    }

    private void lay(ByteBuffer to, int base, Operand o, double[][] m, int step) {
        for (int row = 0; row < m.length; row++) {
            for (int k = 0; k < 16; k++) {
                to.putShort(o.swizzled(base + o.place(row, k, m.length)), (short) bits(in, m[row][16 * step + k]));
            }
        }
    }

    byte[] content(double[][] ma, double[][] mb) {
        ByteBuffer all = ByteBuffer.allocate(sharedBytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < steps; i++) {
            lay(all, startB(i), b, mb, i);
            lay(all, startA(i), a, ma, i);
        }
        return all.array();
    }

    int[] registers(double[][] ma, double[][] c) {
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

    double[][] results(int[] registers) {
        double[][] all = new double[64][n];
        for (int t = 0; t < 128; t++) {
            for (int i = 0; i < n / 2; i++) {
                int raw = registers[128 * (pairs() ? i / 2 : i) + t];
                all[t / 32 * 16 + t % 32 / 4 + i / 2 % 2 * 8][i / 4 * 8 + t % 4 * 2 + i % 2] = value(out,
                        pairs() ? raw >>> 16 * (i % 2) : raw);
            }
        }
        return all;
    }

    /** Runs it on A (64 x K), B (N x K) and C (64 x N). */
    double[][] run(double[][] ma, double[][] mb, double[][] c) throws DeviceFault {
        Rig rig = new Rig(text());
        long content = rig.upload(content(ma, mb));
        long registers = rig.upload(registers(ma, c));
        rig.launch("k", Rig.dim(1), Rig.dim(128), sharedBytes(), content, registers);
        return results(rig.ints(registers));
    }
}
