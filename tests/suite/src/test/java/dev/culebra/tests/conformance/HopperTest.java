package dev.culebra.tests.conformance;

import dev.culebra.driver.Dim3;
import dev.culebra.driver.LaunchConfig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What sm_90 adds: clusters and their shared memory, mbarrier (9.7.13.15), bulk copies (9.7.9.25), asynchronous stores. */
class HopperTest extends Conformance {

    private static final String HEAD = Case.header(90, "8.3") + """
            .shared .align 128 .b8 sm[4096];
            .visible .entry k(.param .u64 in, .param .u64 out) {
            .reg .b64 %in, %out, %d<10>; .reg .b32 %me, %rank, %ranks, %r<20>; .reg .pred %p<10>;
            ld.param.u64 %in, [in]; ld.param.u64 %out, [out]; mov.u32 %me, %tid.x; mov.u32 %rank, %cluster_ctarank;
            mov.u32 %ranks, %cluster_nctarank; mov.u32 %r1, sm; add.u32 %r2, %r1, 128;
            """;
    private static final String SYNC = "barrier.cluster.arrive.aligned; barrier.cluster.wait.aligned;\n";
    private static final String WAIT = "W: mbarrier.try_wait.parity.shared.b64 %p1, [%r1], 0; @!%p1 bra W;\n";

    private final List<Case> cases = new ArrayList<>();

    @Override
    List<Case> cases() {
        if (!cases.isEmpty()) return cases;
        ranks();
        neighbours();
        phases();
        rendezvous();
        loads();
        stores();
        reductions();
        remote();
        return cases;
    }

    private void add(String name, int blocks, int threads, int cluster, String code, int words, int... expected) {
        ByteBuffer in = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 1024; i++) in.putInt(1000 + i);
        int[] all = Arrays.copyOf(expected, words);
        cases.add(Case.of(name, 90, HEAD + code + " ret; }",
                LaunchConfig.of(blocks, threads).withCluster(Dim3.of(cluster)), in.array(), Answer.ofInts(all)));
    }

    /** Two clusters of four blocks. */
    private void ranks() {
        String[] names = {"%cluster_ctarank", "%cluster_nctarank", "%cluster_ctaid.x", "%cluster_nctaid.x",
            "%clusterid.x",
            "%nclusterid.x", "%ctaid.x", "%cluster_ctaid.y"};
        StringBuilder s = new StringBuilder(
                "mov.u32 %r3, %ctaid.x; mul.wide.u32 %d1, %r3, 40; add.u64 %out, %out, %d1;\n");
        for (int i = 0; i < names.length; i++) {
            s.append("mov.u32 %r4, ").append(names[i]).append("; st.global.u32 [%out+").append(4 * i)
                    .append("], %r4;\n");
        }
        // The address of one's own and of the neighbour's memory, and whose they are.
        s.append(
                """
                        add.u32 %r5, %rank, 1; rem.u32 %r5, %r5, %ranks; mapa.shared::cluster.u32 %r6, %r1, %r5;
                        getctarank.shared::cluster.u32 %r7, %r6; st.global.u32 [%out+32], %r7;
                        cvt.u64.u32 %d2, %r1; cvta.shared.u64 %d2, %d2; mapa.u64 %d3, %d2, %r5; getctarank.u64 %r8, %d3;
                        isspacep.shared::cta %p1, %d2; isspacep.shared::cta %p2, %d3; isspacep.shared::cluster %p3, %d3;
                        selp.u32 %r9, 100, 0, %p1; selp.u32 %r10, 1000, 0, %p2; selp.u32 %r11, 10000, 0, %p3; add.u32 %r8, %r8, %r9;
                        add.u32 %r8, %r8, %r10; add.u32 %r8, %r8, %r11; st.global.u32 [%out+36], %r8;
                        """);
        int[] v = new int[80];
        for (int b = 0; b < 8; b++) {
            int next = (b % 4 + 1) % 4;
            int[] row = {b % 4, 4, b % 4, 4, b / 4, 2, b, 0, next, next + 10100};
            System.arraycopy(row, 0, v, 10 * b, 10);
        }
        add("10/cluster-registers", 8, 1, 4, s.toString(), 80, v);
    }

    /** Each block writes, all meet, each reads its neighbour's, and all add to the first block's. */
    private void neighbours() {
        int[] v = new int[4 * 32 + 1];
        for (int i = 0; i < 128; i++) v[i] = 2 * ((i / 32 + 1) % 4 * 100 + i % 32);
        v[128] = 128 * 3;
        add("9.7.13.3/barrier.cluster", 4, 32, 4,
                "mov.b32 %r9, 0; st.shared.u32 [%r1+1024], %r9; " + """
                        mad.lo.u32 %r3, %me, 4, %r2; mad.lo.u32 %r4, %rank, 100, %me; st.shared.u32 [%r3], %r4;
                        """ + SYNC
                        + """
                                add.u32 %r5, %rank, 1; rem.u32 %r5, %r5, %ranks; mapa.shared::cluster.u32 %r6, %r3, %r5;
                                ld.shared::cluster.u32 %r7, [%r6]; cvt.u64.u32 %d1, %r3; cvta.shared.u64 %d1, %d1; mapa.u64 %d2, %d1, %r5;
                                ld.u32 %r8, [%d2]; add.u32 %r7, %r7, %r8; mad.lo.u32 %r9, %rank, 32, %me; mul.wide.u32 %d3, %r9, 4;
                                add.u64 %d3, %out, %d3; st.global.u32 [%d3], %r7; mapa.shared::cluster.u32 %r10, %r1, 0;
                                red.shared::cluster.add.u32 [%r10+1024], 3;
                                """
                        + SYNC
                        + """
                                setp.eq.u32 %p1, %rank, 0; setp.eq.and.u32 %p1, %me, 0, %p1; @%p1 ld.shared.u32 %r11, [%r1+1024];
                                @%p1 st.global.u32 [%out+512], %r11;""",
                129, v);
    }

    /** "The phase completes when the pending count reaches zero (and the tx-count)": one thread, step by step. */
    private void phases() {
        StringBuilder s = new StringBuilder();
        int n = 0;
        s.append("mbarrier.init.shared.b64 [%r1], 2;\n");
        s.append(parity(n++, 0)).append(parity(n++, 1)).append("mbarrier.arrive.shared.b64 %d1, [%r1];\n")
                .append(parity(n++, 0));
        s.append("mbarrier.arrive.shared.b64 %d2, [%r1];\n").append(parity(n++, 0)).append(parity(n++, 1));
        s.append("mbarrier.test_wait.shared.b64 %p1, [%r1], %d1;\n").append(told(n++));
        s.append("mbarrier.arrive.expect_tx.shared.b64 %d3, [%r1], 96; mbarrier.arrive.shared.b64 _, [%r1];\n")
                .append(parity(n++, 1));
        s.append("mbarrier.complete_tx.shared.b64 [%r1], 32;\n".replace("mbarrier.complete_tx.shared.b64",
                "mbarrier.complete_tx.relaxed.cta.shared::cta.b64"))
                .append(parity(n++, 1)).append("mbarrier.complete_tx.relaxed.cta.shared::cta.b64 [%r1], 64;\n")
                .append(parity(n++, 1));
        // One of two drops out: the next phase wants one.
        s.append("mbarrier.arrive_drop.shared.b64 _, [%r1]; mbarrier.arrive.shared.b64 _, [%r1];\n")
                .append(parity(n++, 0))
                .append("mbarrier.arrive.shared.b64 _, [%r1];\n").append(parity(n++, 1));
        s.append("mbarrier.inval.shared.b64 [%r1]; mbarrier.init.shared.b64 [%r1], 9; ")
                .append("mbarrier.arrive.noComplete.shared.b64 %d4, [%r1], 3; mbarrier.pending_count.b64 %r4, %d4; ")
                .append("st.global.u32 [%out+").append(4 * n++)
                .append("], %r4; mbarrier.arrive.noComplete.shared.b64 %d5, [%r1], 2; ")
                .append("mbarrier.pending_count.b64 %r5, %d5; st.global.u32 [%out+").append(4 * n++)
                .append("], %r5;\n");
        add("9.7.13.15/mbarrier-phases", 1, 1, 1, s.toString(), n, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1, 1, 9, 6);
    }

    private static String parity(int word, int parity) {
        return "mbarrier.test_wait.parity.shared.b64 %p1, [%r1], " + parity + ";\n" + told(word);
    }

    private static String told(int word) {
        return "selp.u32 %r3, 1, 0, %p1; st.global.u32 [%out+" + 4 * word + "], %r3;\n";
    }

    /** 64 threads meet twice; what they wrote before is seen after. */
    private void rendezvous() {
        int[] v = new int[64];
        for (int i = 0; i < 64; i++) v[i] = 1063 - i;
        add("9.7.13.15/mbarrier-rendezvous", 1, 64, 1,
                """
                        setp.eq.u32 %p1, %me, 0; @%p1 mbarrier.init.shared.b64 [%r1], 64; bar.sync 0;
                        mad.lo.u32 %r3, %me, 4, %r2; st.shared.u32 [%r3], %me; mbarrier.arrive.shared.b64 %d1, [%r1];
                        A: mbarrier.try_wait.shared.b64 %p2, [%r1], %d1; @!%p2 bra A;
                        sub.u32 %r4, 63, %me; mad.lo.u32 %r4, %r4, 4, %r2; ld.shared.u32 %r5, [%r4]; mbarrier.arrive.shared.b64 _, [%r1];
                        B: mbarrier.test_wait.parity.shared.b64 %p2, [%r1], 1; @!%p2 bra B;
                        add.u32 %r5, %r5, 1000; st.shared.u32 [%r3], %r5; ld.shared.u32 %r6, [%r3];
                        mul.wide.u32 %d2, %me, 4; add.u64 %d2, %out, %d2; st.global.u32 [%d2], %r6;""",
                64, v);
    }

    private static String dump(int words) {
        return "mov.u32 %r9, 0; D: mad.lo.u32 %r10, %r9, 4, %r2; ld.shared.u32 %r11, [%r10]; mul.wide.u32 %d9, %r9, 4; "
                + "add.u64 %d9, %d9, %out; st.global.u32 [%d9], %r11; add.u32 %r9, %r9, 1; setp.lt.u32 %p9, %r9, "
                + words
                + "; @%p9 bra D;\n";
    }

    private static final String LOAD = "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes ";

    /** Bulk copies from global memory, each phase told by its bytes. */
    private void loads() {
        int[] v = new int[256];
        for (int i = 0; i < 256; i++) v[i] = 1004 + i;
        for (int bytes : new int[]{16, 48, 1024}) {
            add("9.7.9.25.4/cp.async.bulk-load-" + bytes, 1, 1, 1, ("mbarrier.init.shared.b64 [%r1], 1; "
                    + "fence.proxy.async.shared::cta; mbarrier.arrive.expect_tx.shared.b64 _, [%r1], N;\n" + LOAD
                    + "[%r2], [%in+16], N, [%r1];\n" + WAIT + dump(bytes / 4)).replace("N", "" + bytes), bytes / 4,
                    Arrays.copyOf(v, bytes / 4));
        }
        int[] w = new int[32];
        for (int i = 0; i < 32; i++) w[i] = 1000 + i;
        add("9.7.9.25.4/cp.async.bulk-several", 1, 1, 1,
                "mbarrier.init.shared.b64 [%r1], 1; fence.proxy.async.shared::cta; "
                        + "mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [%r1], 64;\n" + LOAD
                        + "[%r2+64], [%in+64], 32, [%r1];\n" + LOAD
                        + "[%r2+96], [%in+96], 32, [%r1];\nmbarrier.arrive.expect_tx.shared.b64 _, [%r1], 64;\n" + LOAD
                        + "[%r2], [%in], 64, [%r1];\n" + WAIT + dump(32),
                32, w);
        // Block 1 of four sends to blocks 0, 2 and 3, each told at its own mbarrier.
        add("9.7.9.25.4/cp.async.bulk-multicast", 4, 1, 4, """
                mbarrier.init.shared.b64 [%r1], 1; fence.mbarrier_init.release.cluster;
                mbarrier.arrive.expect_tx.shared.b64 _, [%r1], 64;
                """ + SYNC + "setp.ne.u32 %p2, %rank, 1; @%p2 bra W; .reg .b16 %h; mov.u16 %h, 13;\n"
                + "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster [%r2], [%in], 64, [%r1], %h; "
                + "bra END;\n" + WAIT
                + "ld.shared.u32 %r3, [%r2+60]; mul.wide.u32 %d1, %rank, 4; add.u64 %d1, %out, %d1; "
                + "st.global.u32 [%d1], %r3;\nEND:" + SYNC.replace(".aligned", ""), 4, 1015, 0, 1015, 1015);
    }

    private void stores() { add("9.7.9.25.4/cp.async.bulk-store", 1, 1, 1, """
            mov.u32 %r3, 7; st.shared.v4.u32 [%r2], {%r3, %r3, %r3, %r3}; fence.proxy.async.shared::cta;
            cp.async.bulk.global.shared::cta.bulk_group [%out], [%r2], 16; cp.async.bulk.commit_group;
            cp.async.bulk.global.shared::cta.bulk_group [%out+32], [%r2], 16; cp.async.bulk.commit_group;
            cp.async.bulk.wait_group 0;""", 12, 7, 7, 7, 7, 0, 0, 0, 0, 7, 7, 7, 7); }

    /** cp.reduce.async.bulk on global memory: old, operand, and what is left. */
    private void reductions() {
        Object[][] all = {{"add.u32", 5, 3, 8}, {"add.s32", -5, 3, -2}, {"min.u32", -1, 3, 3}, {"min.s32", -1, 3, -1},
            {"max.u32", -1, 3, -1}, {"max.s32", -1, 3, 3}, {"inc.u32", 3, 3, 0}, {"inc.u32", 2, 3, 3},
            {"dec.u32", 0, 3, 3},
            {"dec.u32", 4, 3, 3}, {"dec.u32", 2, 3, 1}, {"and.b32", 6, 3, 2}, {"or.b32", 6, 3, 7},
            {"xor.b32", 6, 3, 5}};
        StringBuilder s = new StringBuilder();
        int[] v = new int[4 * all.length];
        for (int i = 0; i < all.length; i++) {
            s.append("mov.u32 %r3, ").append(all[i][2]).append("; mov.u32 %r4, ").append(all[i][1])
                    .append("; st.shared.v4.u32 [%r2+")
                    .append(16 * i).append("], {%r3, %r3, %r3, %r3}; st.global.v4.u32 [%out+").append(16 * i)
                    .append("], {%r4, %r4, %r4, %r4};\n");
            Arrays.fill(v, 4 * i, 4 * i + 4, (int) all[i][3]);
        }
        s.append("fence.proxy.async;\n");
        for (int i = 0; i < all.length; i++) {
            s.append("cp.reduce.async.bulk.global.shared::cta.bulk_group.").append(all[i][0]).append(" [%out+")
                    .append(16 * i)
                    .append("], [%r2+").append(16 * i).append("], 16;\n");
        }
        add("9.7.9.25.5/cp.reduce.async.bulk", 1, 1, 1, s + "cp.async.bulk.commit_group; cp.async.bulk.wait_group 0;",
                v.length, v);
    }

    /** Stores, reductions, copies and arrivals in another block, counted at its mbarrier. */
    private void remote() {
        String prepare = """
                mbarrier.init.shared.b64 [%r1], 1; fence.mbarrier_init.release.cluster; setp.eq.u32 %p2, %rank, 1;
                mov.u32 %r3, 5; st.shared.v4.u32 [%r2], {%r3, %r3, %r3, %r3}; st.shared.v4.u32 [%r2+16], {%r3, %r3, %r3, %r3};
                fence.proxy.async; @%p2 mbarrier.arrive.expect_tx.shared.b64 _, [%r1], BYTES;
                """
                + SYNC + "@%p2 bra W; mapa.shared::cluster.u32 %r4, %r2, 1; mapa.shared::cluster.u32 %r5, %r1, 1;\n";
        String end = " bra END;\n" + WAIT + dump(8) + "END:" + SYNC.replace(".aligned", "");
        add("9.7.9.12/st.async", 2, 1, 2,
                prepare.replace("BYTES", "12")
                        + """
                                mov.u32 %r6, 77; mov.u32 %r7, 78; st.async.shared::cluster.mbarrier::complete_tx::bytes.b32 [%r4], %r6, [%r5];
                                st.async.shared::cluster.mbarrier::complete_tx::bytes.v2.b32 [%r4+8], {%r6, %r7}, [%r5];"""
                        + end,
                8, 77, 5, 77, 78, 5,
                5, 5, 5);
        add("9.7.13.7/red.async", 2, 1, 2,
                prepare.replace("BYTES", "12")
                        + """
                                mov.u32 %r6, 7; red.async.relaxed.cluster.shared::cluster.mbarrier::complete_tx::bytes.add.u32 [%r4], %r6, [%r5];
                                red.async.relaxed.cluster.shared::cluster.mbarrier::complete_tx::bytes.max.s32 [%r4+4], %r6, [%r5];
                                red.async.relaxed.cluster.shared::cluster.mbarrier::complete_tx::bytes.xor.b32 [%r4+8], %r6, [%r5];"""
                        + end,
                8, 12, 7,
                2, 5, 5, 5, 5, 5);
        add("9.7.9.25.4/cp.async.bulk-to-another-block", 2, 1, 2, prepare.replace("BYTES", "16")
                + "mov.u32 %r6, 9; st.shared.u32 [%r2+4], %r6; fence.proxy.async; cp.async.bulk.shared::cluster.shared::cta"
                + ".mbarrier::complete_tx::bytes [%r4+16], [%r2], 16, [%r5];" + end, 8, 5, 5, 5, 5, 5, 9, 5, 5);
        // All threads of four blocks arrive at the first one's.
        add("9.7.13.15/mbarrier-remote-arrive", 4, 32, 4,
                """
                        or.b32 %r3, %me, %rank; setp.eq.u32 %p2, %r3, 0; @%p2 mbarrier.init.shared.b64 [%r1], 128;
                        fence.mbarrier_init.release.cluster;
                        """ + SYNC
                        + """
                                mapa.shared::cluster.u32 %r4, %r1, 0; mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%r4];
                                setp.ne.u32 %p4, %rank, 0; @%p4 bra END;
                                V: mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 %p5, [%r1], 0; @!%p5 bra V; @%p2 st.global.u32 [%out], 9;
                                END: barrier.cluster.arrive; barrier.cluster.wait;""",
                1, 9);
    }
}
