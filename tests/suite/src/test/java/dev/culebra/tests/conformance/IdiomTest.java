package dev.culebra.tests.conformance;

import dev.culebra.driver.LaunchConfig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** What kernels are made of: reductions, scans, compaction, histograms, transposition, sorting, locks, tiles. */
class IdiomTest extends Conformance {

    private static final String HEAD = ".visible .entry k(.param .u64 in, .param .u64 out) {\n"
            + ".reg .b32 %t, %b, %w, %i, %s, %v, %r<32>; .reg .b64 %in, %out, %a, %c, %l<8>; .reg .pred %p, %q;\n"
            + "ld.param.u64 %in, [in]; ld.param.u64 %out, [out]; mov.u32 %t, %tid.x; mov.u32 %b, %ctaid.x; mov.u32 %w, %ntid.x;\n"
            + "mad.lo.u32 %i, %b, %w, %t;\n";

    /** The thread's own word of the input in {@code %v}, its place in the output in {@code %c}. */
    private static final String OWN = "mul.wide.u32 %a, %i, 4; add.u64 %c, %out, %a; add.u64 %a, %in, %a; ld.global.u32 %v, [%a];\n";

    private final List<Case> cases = new ArrayList<>();

    @Override
    List<Case> cases() {
        if (!cases.isEmpty()) return cases;
        warpSum();
        blockSum();
        scan();
        compaction();
        histogram();
        transposition();
        sorting();
        lastBlock();
        lock();
        sharedTiles();
        tensorTiles();
        return cases;
    }

    private void add(String name, int blocks, int threads, String declarations, String code, byte[] in, Answer answer) {
        cases.add(Case.of("idiom/" + name, 80, Case.header(80, "8.0") + declarations + HEAD + code + " ret; }",
                LaunchConfig.of(blocks, threads), in, answer));
    }

    private static int[] numbers(int n, int bound) {
        Random r = new Random(n);
        return r.ints(n, 0, bound).toArray();
    }

    private static byte[] bytes(int... v) {
        ByteBuffer b = ByteBuffer.allocate(4 * v.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int x : v) b.putInt(x);
        return b.array();
    }

    private static String warpSum(String register) {
        StringBuilder s = new StringBuilder();
        for (int d = 16; d > 0; d /= 2) {
            s.append("shfl.sync.down.b32 %r0, REG, ").append(d).append(", 0x1f, 0xffffffff; add.u32 REG, REG, %r0;\n");
        }
        return s.toString().replace("REG", register);
    }

    private void warpSum() {
        int[] in = numbers(256, 1 << 30);
        int[] out = new int[256];
        for (int w = 0; w < 8; w++) {
            int sum = 0;
            for (int i = 0; i < 32; i++) sum += in[32 * w + i];
            Arrays.fill(out, 32 * w, 32 * w + 32, sum);
        }
        add("warp-sum", 4, 64, "", OWN + warpSum("%v")
                + "shfl.sync.idx.b32 %v, %v, 0, 0x1f, 0xffffffff; st.global.u32 [%c], %v;", bytes(in),
                Answer.ofInts(out));
    }

    private static final String BLOCK_SUM = warpSum("%v") + """
            mov.u32 %s, sums; shr.u32 %r1, %t, 5; shl.b32 %r1, %r1, 2; add.u32 %r1, %s, %r1; and.b32 %r2, %t, 31;
            setp.eq.u32 %p, %r2, 0; @%p st.shared.u32 [%r1], %v; bar.sync 0; mov.b32 %v, 0; shr.u32 %r3, %w, 5;
            setp.lt.u32 %p, %t, %r3; shl.b32 %r1, %t, 2; add.u32 %r1, %s, %r1; @%p ld.shared.u32 %v, [%r1];
            setp.ge.u32 %p, %t, 32; @%p bra DONE;
            """ + warpSum("%v");

    private void blockSum() {
        int[] in = numbers(3 * 224, 1 << 30);
        int[] out = new int[3];
        for (int i = 0; i < in.length; i++) out[i / 224] += in[i];
        add("block-sum", 3, 224, ".shared .align 4 .b8 sums[128];\n", OWN + BLOCK_SUM
                + "mul.wide.u32 %a, %b, 4; add.u64 %a, %out, %a; setp.eq.u32 %p, %t, 0; @%p st.global.u32 [%a], %v; DONE:",
                bytes(in), Answer.ofInts(out));
    }

    /** Inclusive: within warps by shuffles, then the sums of the warps before are added. */
    private void scan() {
        int[] in = numbers(256, 1 << 20);
        int[] out = new int[256];
        for (int i = 0; i < 256; i++) out[i] = in[i] + (i == 0 ? 0 : out[i - 1]);
        StringBuilder s = new StringBuilder(OWN);
        for (int d = 1; d < 32; d *= 2) {
            s.append("shfl.sync.up.b32 %r0|%p, %v, ").append(d).append(", 0, 0xffffffff; @%p add.u32 %v, %v, %r0;\n");
        }
        s.append(
                """
                        mov.u32 %s, sums; shr.u32 %r1, %t, 5; shl.b32 %r2, %r1, 2; add.u32 %r2, %s, %r2; and.b32 %r3, %t, 31;
                        setp.eq.u32 %p, %r3, 31; @%p st.shared.u32 [%r2], %v; bar.sync 0; mov.b32 %r4, 0;
                        EARLIER: setp.ge.u32 %p, %r4, %r1; @%p bra STORE; shl.b32 %r5, %r4, 2; add.u32 %r5, %s, %r5; ld.shared.u32 %r6, [%r5];
                        add.u32 %v, %v, %r6; add.u32 %r4, %r4, 1; bra EARLIER; STORE: st.global.u32 [%c], %v;
                        """);
        add("inclusive-scan", 1, 256, ".shared .align 4 .b8 sums[32];\n", s.toString(), bytes(in), Answer.ofInts(out));
    }

    /** Odd numbers only, in order, a warp a block; behind them how many there are. */
    private void compaction() {
        int[] in = numbers(160, 1000);
        int[] out = new int[5 * 33];
        for (int w = 0; w < 5; w++) {
            int n = 0;
            for (int i = 0; i < 32; i++) if (in[32 * w + i] % 2 == 1) out[33 * w + n++] = in[32 * w + i];
            out[33 * w + 32] = n;
        }
        add("ballot-compaction", 5, 32, "",
                OWN + """
                        and.b32 %r1, %v, 1; setp.eq.u32 %p, %r1, 1; vote.sync.ballot.b32 %r2, %p, 0xffffffff; mov.u32 %r3, %lanemask_lt;
                        and.b32 %r3, %r3, %r2; popc.b32 %r3, %r3; mad.lo.u32 %r4, %b, 33, %r3; mul.wide.u32 %a, %r4, 4; add.u64 %a, %out, %a;
                        @%p st.global.u32 [%a], %v; popc.b32 %r2, %r2; mad.lo.u32 %r4, %b, 33, 32; mul.wide.u32 %a, %r4, 4;
                        add.u64 %a, %out, %a; setp.eq.u32 %p, %t, 0; @%p st.global.u32 [%a], %r2;""",
                bytes(in), Answer.ofInts(out));
    }

    private void histogram() {
        int[] in = numbers(1024, 64);
        int[] out = new int[64];
        for (int v : in) out[v]++;
        add("histogram", 8, 128, ".shared .align 4 .b8 bins[256];\n",
                OWN + """
                        mov.u32 %s, bins; shl.b32 %r1, %t, 2; add.u32 %r1, %s, %r1; mov.b32 %r2, 0; setp.lt.u32 %p, %t, 64;
                        @%p st.shared.u32 [%r1], %r2; bar.sync 0; shl.b32 %r3, %v, 2; add.u32 %r3, %s, %r3; red.shared.add.u32 [%r3], 1;
                        bar.sync 0; mul.wide.u32 %a, %t, 4; add.u64 %a, %out, %a; @%p ld.shared.u32 %r4, [%r1];
                        @%p red.global.add.u32 [%a], %r4;""",
                bytes(in), Answer.ofInts(out));
    }

    /** Of 32 x 32 words through shared memory whose columns are swizzled by their row. */
    private void transposition() {
        int[] in = numbers(1024, 1 << 30);
        int[] out = new int[1024];
        for (int i = 0; i < 1024; i++) out[i % 32 * 32 + i / 32] = in[i];
        StringBuilder s = new StringBuilder("mov.u32 %s, tile; shr.u32 %r1, %t, 5; and.b32 %r2, %t, 31;\n");
        for (int k = 0; k < 32; k += 8) {
            s.append("add.u32 %r3, %r1, K; mad.lo.u32 %r4, %r3, 32, %r2; mul.wide.u32 %a, %r4, 4; add.u64 %a, %in, %a; "
                    .replace("K", "" + k))
                    .append("ld.global.u32 %v, [%a]; xor.b32 %r5, %r2, %r3; mad.lo.u32 %r5, %r3, 32, %r5; shl.b32 %r5, %r5, 2; ")
                    .append("add.u32 %r5, %s, %r5; st.shared.u32 [%r5], %v;\n");
        }
        s.append("bar.sync 0;\n");
        for (int k = 0; k < 32; k += 8) {
            s.append("add.u32 %r3, %r1, K; xor.b32 %r5, %r2, %r3; mad.lo.u32 %r5, %r2, 32, %r5; shl.b32 %r5, %r5, 2; "
                    .replace("K", "" + k))
                    .append("add.u32 %r5, %s, %r5; ld.shared.u32 %v, [%r5]; mad.lo.u32 %r4, %r3, 32, %r2; mul.wide.u32 %a, %r4, 4; ")
                    .append("add.u64 %a, %out, %a; st.global.u32 [%a], %v;\n");
        }
        add("transposition", 1, 256, ".shared .align 4 .b8 tile[4096];\n", s.toString(), bytes(in), Answer.ofInts(out));
    }

    /** Batcher's bitonic network over a warp's 32 numbers. */
    private void sorting() {
        int[] in = numbers(128, 1 << 30);
        int[] out = in.clone();
        for (int w = 0; w < 128; w += 32) Arrays.sort(out, w, w + 32);
        StringBuilder s = new StringBuilder(OWN + "mov.u32 %r1, %laneid;\n");
        for (int size = 2; size <= 32; size *= 2) {
            for (int d = size / 2; d > 0; d /= 2) {
                // Upwards where lane & size is 0; the partner with the clear bit keeps the smaller one then.
                s.append("shfl.sync.bfly.b32 %r2, %v, D, 0x1f, 0xffffffff; min.u32 %r3, %v, %r2; max.u32 %r4, %v, %r2; "
                        .replace("D", "" + d))
                        .append("and.b32 %r5, %r1, ").append(d).append("; and.b32 %r6, %r1, ").append(size)
                        .append("; setp.eq.u32 %p, %r5, 0; setp.eq.xor.u32 %q, %r6, 0, %p; selp.b32 %v, %r4, %r3, %q;\n");
            }
        }
        add("bitonic-sort", 2, 64, "", s + "st.global.u32 [%c], %v;", bytes(in), Answer.ofInts(out));
    }

    /** Each block leaves its sum, fences and counts; the last one adds them all. */
    private void lastBlock() {
        int blocks = 9;
        int[] in = numbers(blocks * 64, 1 << 20);
        int[] out = new int[1 + blocks];
        for (int i = 0; i < in.length; i++) {
            out[0] += in[i];
            out[1 + i / 64] += in[i];
        }
        add("last-block", blocks, 64, ".shared .align 4 .b8 sums[128]; .global .align 4 .u32 count;\n",
                OWN + BLOCK_SUM
                        + """
                                setp.ne.u32 %p, %t, 0; @%p bra DONE; mul.wide.u32 %a, %b, 4; add.u64 %a, %out, %a; st.global.u32 [%a+4], %v;
                                membar.gl; mov.u32 %r1, %nctaid.x; sub.u32 %r1, %r1, 1; atom.global.inc.u32 %r2, [count], %r1;
                                setp.ne.u32 %p, %r2, %r1; @%p bra DONE; membar.gl; mov.b32 %r3, 0; mov.b32 %r4, 0; mov.b64 %a, %out;
                                ADD: ld.volatile.global.u32 %r5, [%a+4]; add.u32 %r4, %r4, %r5; add.u64 %a, %a, 4; add.u32 %r3, %r3, 1;
                                setp.le.u32 %p, %r3, %r1; @%p bra ADD; st.global.u32 [%out], %r4; DONE:""",
                bytes(in), Answer.ofInts(out));
    }

    /** A lock by compare and swap: what it guards is neither atomic nor volatile. */
    private void lock() {
        int blocks = 12;
        add("lock", blocks, 32, ".global .align 4 .u32 held;\n", """
                setp.ne.u32 %p, %t, 0; @%p bra DONE;
                TRY: atom.acquire.gpu.global.cas.b32 %r1, [held], 0, 1; setp.ne.u32 %p, %r1, 0; @%p bra TRY;
                ld.global.u32 %r2, [%out]; mul.lo.u32 %r2, %r2, 3; add.u32 %r2, %r2, 1; st.global.u32 [%out], %r2;
                atom.release.gpu.global.exch.b32 %r1, [held], 0; DONE:""", new byte[16],
                Answer.ofInts(java.util.stream.IntStream.range(0, blocks).reduce(0, (x, i) -> 3 * x + 1)));
    }

    /** C = A B of 32 x 32 floats by tiles of 16 x 16 in shared memory; whole numbers, so that every sum is exact. */
    private void sharedTiles() {
        int[] a = numbers(1024, 9);
        int[] b = numbers(1024, 9);
        int[] in = new int[2048];
        int[] out = new int[1024];
        for (int i = 0; i < 1024; i++) {
            in[i] = Float.floatToRawIntBits(a[i] - 4);
            in[1024 + i] = Float.floatToRawIntBits(b[i] - 3);
        }
        for (int i = 0; i < 32; i++) {
            for (int j = 0; j < 32; j++) {
                int sum = 0;
                for (int k = 0; k < 32; k++) sum += (a[i * 32 + k] - 4) * (b[k * 32 + j] - 3);
                out[i * 32 + j] = Float.floatToRawIntBits(sum);
            }
        }
        StringBuilder s = new StringBuilder(
                """
                        mov.u32 %s, tile; and.b32 %r1, %t, 15; shr.u32 %r2, %t, 4; and.b32 %r3, %b, 1; shr.u32 %r4, %b, 1;
                        mad.lo.u32 %r5, %r3, 16, %r1; mad.lo.u32 %r6, %r4, 16, %r2; mov.b32 %r20, 0; mov.b32 %r7, 0;
                        shl.b32 %r8, %t, 2; add.u32 %r8, %s, %r8;
                        STEP: mad.lo.u32 %r9, %r6, 32, %r7; add.u32 %r9, %r9, %r1; mul.wide.u32 %a, %r9, 4; add.u64 %a, %in, %a;
                        ld.global.b32 %r10, [%a]; st.shared.b32 [%r8], %r10; add.u32 %r9, %r7, %r2; mad.lo.u32 %r9, %r9, 32, %r5;
                        mul.wide.u32 %a, %r9, 4; add.u64 %a, %in, %a; ld.global.b32 %r10, [%a+4096]; st.shared.b32 [%r8+1024], %r10; bar.sync 0;
                        mad.lo.u32 %r11, %r2, 64, %s; mad.lo.u32 %r12, %r1, 4, %s;
                        """);
        for (int k = 0; k < 16; k++) {
            s.append("ld.shared.b32 %r13, [%r11+").append(4 * k).append("]; ld.shared.b32 %r14, [%r12+")
                    .append(1024 + 64 * k)
                    .append("]; fma.rn.f32 %r20, %r13, %r14, %r20;\n");
        }
        s.append(
                "bar.sync 0; add.u32 %r7, %r7, 16; setp.lt.u32 %p, %r7, 32; @%p bra STEP; mad.lo.u32 %r9, %r6, 32, %r5; ")
                .append("mul.wide.u32 %a, %r9, 4; add.u64 %a, %out, %a; st.global.b32 [%a], %r20;");
        add("shared-tiles", 4, 256, ".shared .align 16 .b8 tile[2048];\n", s.toString(), bytes(in), Answer.ofInts(out));
    }

    /**
     * C = A B of 32 x 64 by 64 x 16 f16 with mma.m16n8k16: a warp a tile of 16 x 8, A's fragments by ldmatrix.x4, B's (stored by
     * rows) by ldmatrix.x2.trans, K in four steps.
     */
    private void tensorTiles() {
        int[] a = numbers(32 * 64, 9);
        int[] b = numbers(64 * 16, 9);
        ByteBuffer in = ByteBuffer.allocate(2 * (a.length + b.length)).order(ByteOrder.LITTLE_ENDIAN);
        for (int v : a)
            in.putShort((short) Ieee.F16.round(Ieee.Number.ofInteger(java.math.BigInteger.valueOf(v - 4)), 'n'));
        for (int v : b)
            in.putShort((short) Ieee.F16.round(Ieee.Number.ofInteger(java.math.BigInteger.valueOf(v - 4)), 'n'));
        int[] out = new int[32 * 16];
        for (int i = 0; i < 32; i++) {
            for (int j = 0; j < 16; j++) {
                int sum = 0;
                for (int k = 0; k < 64; k++) sum += (a[i * 64 + k] - 4) * (b[k * 16 + j] - 4);
                out[i * 16 + j] = Float.floatToRawIntBits(sum);
            }
        }
        // A row of A has 128 bytes, of B 32. Lane l gives A's row l % 16, columns 8 (l / 16) on, and B's row l % 16.
        StringBuilder s = new StringBuilder("mov.u32 %s, tile; mov.b32 %r1, 0;\n");
        s.append("FILL: mad.lo.u32 %r2, %r1, 128, %t; setp.ge.u32 %p, %r2, 384; @%p bra FULL; shl.b32 %r3, %r2, 4; ")
                .append("cvt.u64.u32 %a, %r3; add.u64 %a, %in, %a; ld.global.v4.b32 {%r4, %r5, %r6, %r7}, [%a]; add.u32 %r3, %s, %r3; ")
                .append("st.shared.v4.b32 [%r3], {%r4, %r5, %r6, %r7}; add.u32 %r1, %r1, 1; bra FILL; FULL: bar.sync 0;\n")
                .append("shr.u32 %r1, %t, 5; and.b32 %r2, %r1, 1; shr.u32 %r3, %r1, 1; and.b32 %r4, %t, 31; and.b32 %r5, %r4, 15; ")
                .append("shr.u32 %r6, %r4, 4; mad.lo.u32 %r7, %r3, 16, %r5; mad.lo.u32 %r7, %r7, 128, %s; mad.lo.u32 %r7, %r6, 16, %r7; ")
                .append("mad.lo.u32 %r8, %r5, 32, %s; mad.lo.u32 %r8, %r2, 16, %r8; ")
                .append("mov.b32 %r20, 0; mov.b32 %r21, 0; mov.b32 %r22, 0; mov.b32 %r23, 0;\n");
        for (int k = 0; k < 4; k++) {
            s.append("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r10, %r11, %r12, %r13}, [%r7+").append(32 * k)
                    .append("]; ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%r14, %r15}, [%r8+")
                    .append(4096 + 512 * k)
                    .append("]; mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%r20, %r21, %r22, %r23}, ")
                    .append("{%r10, %r11, %r12, %r13}, {%r14, %r15}, {%r20, %r21, %r22, %r23};\n");
        }
        s.append("shr.u32 %r5, %r4, 2; and.b32 %r6, %r4, 3; mad.lo.u32 %r9, %r3, 16, %r5; mul.lo.u32 %r9, %r9, 16; ")
                .append("mad.lo.u32 %r9, %r2, 8, %r9; mad.lo.u32 %r9, %r6, 2, %r9; mul.wide.u32 %a, %r9, 4; add.u64 %a, %out, %a; ")
                .append("st.global.v2.b32 [%a], {%r20, %r21}; st.global.v2.b32 [%a+512], {%r22, %r23};");
        add("tensor-tiles", 1, 128, ".shared .align 16 .b8 tile[6144];\n", s.toString(), in.array(),
                Answer.ofInts(out));
    }
}
