package dev.culebra.tests.emulator.hopper;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.exec.Dim;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clusters of blocks: who is who, the cluster's barrier, and distributed shared memory. */
class ClusterTest {

    private static final String SYNC = "barrier.cluster.arrive.aligned; barrier.cluster.wait.aligned;\n";

    /** A matrix descriptor has 18 bits of an address: the part that names the block is not among them. */
    @Test
    void aWarpgroupMultipliesWhatItsOwnBlockHas() throws DeviceFault {
        ClusterRig rig = new ClusterRig(ClusterRig
                .text("""
                        mov.u32 %r1, sm; add.u32 %r2, %rank, 1; cvt.rn.f32.u32 %f1, %r2; cvt.rn.f16x2.f32 %r3, %f1, %f1; mad.lo.u32 %r4, %t, 4, %r1;
                        st.shared.u32 [%r4], %r3; mov.b32 %r5, 0x3c003c00; mov.b32 %r6, %r5; mov.b32 %r7, %r5; mov.b32 %r8, %r5; fence.proxy.async; bar.sync 0; wgmma.fence.sync.aligned;
                        cvt.u64.u32 %d1, %r1; and.b64 %d1, %d1, 0x3ffff; shr.u64 %d1, %d1, 4; add.u64 %d1, %d1, 0x1000080000;
                        wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%f2, %f3, %f4, %f5}, {%r5, %r6, %r7, %r8}, %d1, 0, 1, 1, 0;
                        wgmma.commit_group.sync.aligned; wgmma.wait_group.sync.aligned 0; mad.lo.u32 %r9, %rank, 128, %t;
                        mul.wide.u32 %d2, %r9, 4; add.u64 %d2, %out, %d2; st.global.f32 [%d2], %f5;
                        """)
                .replace("sm_90", "sm_90a"));
        long out = rig.zeros(4 * 128);
        rig.launch(4, 128, 4, 0L, out);
        int[] got = rig.read(out);
        for (int i = 0; i < got.length; i++) {
            assertEquals(16f * (i / 128 + 1), Float.intBitsToFloat(got[i]),
                    "thread " + i % 128 + " of rank " + i / 128);
        }
    }

    @Test
    void everyBlockKnowsItsPlace() throws DeviceFault {
        String[] names = {"%ctaid.x", "%ctaid.y", "%ctaid.z", "%clusterid.x", "%clusterid.y", "%clusterid.z",
            "%nclusterid.x", "%nclusterid.y", "%nclusterid.z", "%cluster_ctaid.x", "%cluster_ctaid.y",
            "%cluster_ctaid.z", "%cluster_nctaid.x", "%cluster_nctaid.y", "%cluster_nctaid.z", "%cluster_ctarank",
            "%cluster_nctarank"};
        StringBuilder code = new StringBuilder(
                """
                        mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ctaid.y; mov.u32 %r3, %ctaid.z; mov.u32 %r4, %nctaid.x; mov.u32 %r5, %nctaid.y;
                        mad.lo.u32 %r6, %r3, %r5, %r2; mad.lo.u32 %r6, %r6, %r4, %r1; mul.wide.u32 %d1, %r6, 72; add.u64 %out, %out, %d1;
                        mov.pred %p1, %is_explicit_cluster; selp.u32 %r8, 1, 0, %p1; st.global.u32 [%out+68], %r8;
                        """);
        for (int i = 0; i < names.length; i++) {
            code.append("mov.u32 %r7, ").append(names[i]).append("; st.global.u32 [%out+").append(4 * i)
                    .append("], %r7;\n");
        }
        ClusterRig rig = ClusterRig.kernel(code.toString());
        for (Dim cluster : new Dim[]{new Dim(2, 3, 1), new Dim(1, 1, 2), null}) {
            Dim grid = new Dim(4, 3, 2);
            long out = rig.zeros(24 * 18);
            rig.launch("k", grid, new Dim(1, 1, 1), cluster, 0, 0L, out);
            int[] got = rig.read(out);
            Dim c = cluster == null ? new Dim(1, 1, 1) : cluster;
            for (int b = 0; b < 24; b++) {
                int x = b % 4;
                int y = b / 4 % 3;
                int z = b / 12;
                int px = x % c.x();
                int py = y % c.y();
                int pz = z % c.z();
                int[] expected = {x, y, z, x / c.x(), y / c.y(), z / c.z(), 4 / c.x(), 3 / c.y(), 2 / c.z(), px, py, pz,
                    c.x(),
                    c.y(), c.z(), px + c.x() * (py + c.y() * pz), c.x() * c.y() * c.z(), cluster == null ? 0 : 1};
                assertArrayEquals(expected, Arrays.copyOfRange(got, 18 * b, 18 * b + 18),
                        "block " + b + " of " + cluster);
            }
        }
    }

    @Test
    void addressesNameBlocks() {
        // Of each block: its own address, the ranks of its own and of a mapped address, whether the windows hold them.
        int[] got = ClusterRig.run(
                """
                        mov.u32 %r1, sm; add.u32 %r1, %r1, 64; add.u32 %r2, %rank, 1; rem.u32 %r2, %r2, 3;
                        mapa.shared::cluster.u32 %r3, %r1, %r2; getctarank.shared::cluster.u32 %r4, %r1; getctarank.shared::cluster.u32 %r5, %r3;
                        cvt.u64.u32 %d1, %r1; cvta.shared.u64 %d2, %d1; mapa.u64 %d3, %d2, %r2; getctarank.u64 %r6, %d3;
                        isspacep.shared %p1, %d2; isspacep.shared::cta %p2, %d3; isspacep.shared::cluster %p3, %d3; isspacep.shared::cluster %p4, %out;
                        selp.u32 %r7, 1, 0, %p1; selp.u32 %r8, 10, 0, %p2; selp.u32 %r9, 100, 0, %p3; selp.u32 %r10, 1000, 0, %p4;
                        add.u32 %r7, %r7, %r8; add.u32 %r7, %r7, %r9; add.u32 %r7, %r7, %r10;
                        cvta.to.shared::cluster.u64 %d4, %d3; cvt.u32.u64 %r11, %d4; sub.u32 %r11, %r11, %r3;
                        mapa.shared::cluster.u32 %r12, sm + 64, %rank; sub.u32 %r12, %r12, %r1;
                        mul.wide.u32 %d5, %rank, 24; add.u64 %out, %out, %d5;
                        st.global.u32 [%out], %r4; st.global.u32 [%out+4], %r5; st.global.u32 [%out+8], %r6; st.global.u32 [%out+12], %r7;
                        st.global.u32 [%out+16], %r11; st.global.u32 [%out+20], %r12;
                        """,
                3, 1, 18);
        assertArrayEquals(new int[]{0, 1, 1, 101, 0, 0, 1, 2, 2, 101, 0, 0, 2, 0, 0, 101, 0, 0}, got);
    }

    @Test
    void anAddressThatIsHandedOnStillNamesItsBlock() {
        // Block 0 writes the address of its own word into block 1, which reads there: the shared::cta window lies within the cluster's.
        int[] got = ClusterRig
                .run("""
                        mov.u32 %r1, sm; add.u32 %r4, %rank, 50; st.shared.u32 [%r1+64], %r4; mapa.shared::cluster.u32 %r5, %r1, 1;
                        """
                        + SYNC
                        + "setp.eq.u32 %p1, %rank, 0; add.u32 %r6, %r1, 64; @%p1 st.shared::cluster.u32 [%r5], %r6;"
                        + SYNC
                        + """
                                setp.eq.u32 %p2, %rank, 1; @%p2 ld.shared.u32 %r7, [%r1]; @%p2 ld.shared::cluster.u32 %r3, [%r7]; @%p2 st.global.u32 [%out], %r3;
                                """
                        + SYNC, 2, 1, 1);
        assertEquals(50, got[0]);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 8, 16})
    void eachReadsWhatItsNeighbourWrote(int blocks) {
        int[] got = ClusterRig.run("""
                mov.u32 %r1, sm; mad.lo.u32 %r2, %t, 4, %r1; mad.lo.u32 %r3, %rank, 100, %t; st.shared.u32 [%r2], %r3;
                """ + SYNC
                + """
                        mov.u32 %r4, %cluster_nctarank; add.u32 %r5, %rank, 1; rem.u32 %r5, %r5, %r4;
                        mapa.shared::cluster.u32 %r6, %r2, %r5; ld.shared::cluster.u32 %r7, [%r6];
                        cvt.u64.u32 %d1, %r6; cvta.shared::cluster.u64 %d1, %d1; ld.u32 %r8, [%d1]; add.u32 %r7, %r7, %r8;
                        mad.lo.u32 %r9, %rank, 64, %t; mul.wide.u32 %d2, %r9, 4; add.u64 %out, %out, %d2; st.global.u32 [%out], %r7;
                        """
                + SYNC, blocks, 64, 64 * blocks);
        assertArrayEquals(
                IntStream.range(0, 64 * blocks).map(i -> 2 * ((i / 64 + 1) % blocks * 100 + i % 64)).toArray(),
                got);
    }

    @Test
    void oneWarpReachesSeveralBlocksAtOnce() {
        // Lane l adds l to word l/4 of block l % 4, by name and by generic address; each block then writes its words.
        int[] got = ClusterRig.run("mov.u32 %r1, sm; mad.lo.u32 %r2, %t, 4, %r1; st.shared.u32 [%r2], 0;" + SYNC + """
                setp.ne.u32 %p1, %rank, 0; @%p1 bra WAIT;
                mov.u32 %r1, sm; shr.u32 %r2, %t, 2; mad.lo.u32 %r2, %r2, 4, %r1; and.b32 %r3, %t, 3;
                mapa.shared::cluster.u32 %r4, %r2, %r3; red.shared::cluster.add.u32 [%r4], %t;
                cvt.u64.u32 %d1, %r2; cvta.shared.u64 %d1, %d1; mapa.u64 %d2, %d1, %r3; atom.add.u32 %r5, [%d2], 100;
                WAIT:
                """ + SYNC
                + """
                        setp.gt.u32 %p2, %t, 7; @%p2 ret;
                        mov.u32 %r1, sm; mad.lo.u32 %r6, %t, 4, %r1; ld.shared.u32 %r7, [%r6];
                        mad.lo.u32 %r8, %rank, 8, %t; mul.wide.u32 %d3, %r8, 4; add.u64 %out, %out, %d3; st.global.u32 [%out], %r7;
                        """,
                4, 32, 32);
        assertArrayEquals(IntStream.range(0, 32).map(i -> 100 + 4 * (i % 8) + i / 8).toArray(), got);
    }

    @Test
    void theBarrierWaitsForAllThreadsButNotForThoseThatHaveExited() {
        // Half of each block exits, one thread of them after it has arrived; the others pass two barriers.
        int[] got = ClusterRig.run(
                """
                        setp.eq.u32 %p1, %t, 40; @%p1 barrier.cluster.arrive; setp.ge.u32 %p2, %t, 40; @%p2 exit;
                        barrier.cluster.arrive.release; barrier.cluster.wait.acquire;
                        barrier.cluster.arrive.relaxed; barrier.cluster.wait;
                        setp.ne.u32 %p3, %t, 0; @%p3 ret; mul.wide.u32 %d1, %rank, 4; add.u64 %out, %out, %d1; st.global.u32 [%out], 7;
                        """,
                3, 96, 3);
        assertArrayEquals(new int[]{7, 7, 7}, got);
    }

    @Test
    void aClusterOfOneIsABlock() {
        int[] got = ClusterRig.run(
                SYNC + """
                        mov.u32 %r1, sm; mapa.shared::cluster.u32 %r2, %r1, 0; st.shared::cluster.u32 [%r2], 5; ld.shared.u32 %r3, [%r1];
                        st.global.u32 [%out], %r3;""",
                1, 1, 1);
        assertEquals(5, got[0]);
    }

    @Test
    void manyClustersOnSeveralWorkers() throws DeviceFault {
        ClusterRig rig = ClusterRig.kernel("""
                mov.u32 %r1, sm; mov.u32 %r2, %ctaid.x; st.shared.u32 [%r1], %r2;
                """ + SYNC + """
                xor.b32 %r3, %rank, 1; mapa.shared::cluster.u32 %r4, %r1, %r3; ld.shared::cluster.u32 %r5, [%r4];
                mul.wide.u32 %d1, %r2, 4; add.u64 %out, %out, %d1; st.global.u32 [%out], %r5;
                """ + SYNC);
        rig.workers = 4;
        long out = rig.zeros(600);
        rig.launch(600, 1, 2, 0L, out);
        assertArrayEquals(IntStream.range(0, 600).map(i -> i ^ 1).toArray(), rig.read(out));
    }

    @ParameterizedTest
    @CsvSource({"6,4", "17,17", "0,0", "4,0"})
    void clustersThatCanNotBe(int grid, int cluster) {
        ClusterRig rig = ClusterRig.kernel("");
        assertThrows(IllegalArgumentException.class, () -> rig.launch("k", new Dim(grid, 1, 1), new Dim(1, 1, 1),
                new Dim(cluster, 1, 1), 0));
    }

    // ---- what is found out ----

    @Test
    void aBlockThatEndsWhileAnotherReadsItsMemory() {
        ClusterRig.fails("""
                mov.u32 %r1, sm; st.shared.u32 [%r1], 1;
                """ + SYNC + """
                setp.eq.u32 %p1, %rank, 0; @%p1 exit;
                mapa.shared::cluster.u32 %r2, %r1, 0; ld.shared::cluster.u32 %r3, [%r2]; st.global.u32 [%out], %r3;
                """, 2, 32, DeviceFault.LAUNCH_FAILED,
                "block (0,0,0) ends and nothing orders that behind where shared address 0x400",
                "is read at ptx line 11 by thread (0,0,0) of block (1,0,0)");
        // Block 0 comes too late: a barrier of the cluster that block 1 does not wait at orders nothing.
        ClusterRig.fails("""
                mov.u32 %r1, sm; st.shared.u32 [%r1], 1;
                """ + SYNC + """
                setp.eq.u32 %p1, %rank, 0; @!%p1 exit; mov.u32 %r5, 0;
                L: add.u32 %r5, %r5, 1; setp.lt.u32 %p2, %r5, 10000; @%p2 bra L;
                mapa.shared::cluster.u32 %r2, %r1, 1; ld.shared::cluster.u32 %r3, [%r2]; st.global.u32 [%out], %r3;
                """, 2, 32, DeviceFault.LAUNCH_FAILED, "of block (1,0,0), which has ended", "block (0,0,0)");
    }

    @Test
    void anAddressOfAnotherBlockAsOnesOwn() {
        ClusterRig.fails(
                "mov.u32 %r1, sm; xor.b32 %r2, %rank, 1; mapa.shared::cluster.u32 %r2, %r1, %r2; st.shared.u32 [%r2], 1;"
                        + SYNC,
                2, 1, DeviceFault.ILLEGAL_INSTRUCTION, "is of the block of rank", ".shared::cluster reaches others");
    }

    @Test
    void ranksThatAreNot() {
        ClusterRig.fails("mov.u32 %r1, sm; mapa.shared::cluster.u32 %r2, %r1, 2;", 2, 1, DeviceFault.LAUNCH_FAILED,
                "mapa to rank 2", "ranks 0 to 1");
        ClusterRig.fails("mov.u32 %r1, 0x5000000; ld.shared::cluster.u32 %r2, [%r1];", 2, 1,
                DeviceFault.ILLEGAL_ADDRESS,
                "rank would be 5", "2 blocks");
    }

    @Test
    void barrierMisuse() {
        ClusterRig.fails("barrier.cluster.arrive; barrier.cluster.arrive;", 2, 32, DeviceFault.LAUNCH_FAILED,
                "a second barrier.cluster.arrive");
        ClusterRig.fails("barrier.cluster.wait;", 2, 32, DeviceFault.LAUNCH_FAILED, "without a barrier.cluster.arrive");
    }

    @Test
    void aBlockThatNeverComesIsADeadlockFoundAtOnce() {
        DeviceFault f = ClusterRig.fails("""
                setp.eq.u32 %p1, %rank, 1; @%p1 bar.sync 1, 64; barrier.cluster.arrive; barrier.cluster.wait;
                """, 2, 32, DeviceFault.LAUNCH_TIMEOUT, "deadlock: 64 threads wait");
        assertTrue(f.diagnostic().contains("barrier.cluster.wait"), f.diagnostic());
    }
}
