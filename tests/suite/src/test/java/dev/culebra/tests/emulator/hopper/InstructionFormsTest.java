package dev.culebra.tests.emulator.hopper;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.exec.PtxModule;
import dev.culebra.emulator.ptx.PtxException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which forms are taken at which version and target (as ptxas 13.0 takes them), and what is refused at load. */
class InstructionFormsTest {

    private static String module(String version, String target,
            String code) { return ".version " + version + "\n.target " + target + """

                    .address_size 64
                    .shared .align 16 .b8 sm[1024];
                    .visible .entry k(.param .u64 p) {
                    .reg .b32 %r<9>; .reg .b64 %d<9>; .reg .b16 %h<4>; .reg .pred %p<4>; .reg .f32 %f<4>;
                    """ + code + "\nret; }\n"; }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"7.0|sm_80|mbarrier.init.shared.b64 [sm], 1;",
        "7.0|sm_80|mbarrier.arrive.noComplete.shared.b64 %d1, [sm], 2;",
        "7.8|sm_90|mbarrier.arrive.shared.b64 %d1, [sm], 2;",
        "7.1|sm_80|mbarrier.test_wait.parity.shared.b64 %p1, [sm], 0;",
        "7.8|sm_90|mbarrier.try_wait.shared.b64 %p1, [sm], %d1;",
        "8.0|sm_90|mbarrier.try_wait.acquire.cluster.shared.b64 %p1, [sm], %d1, 10;",
        "8.6|sm_90|mbarrier.try_wait.relaxed.cta.shared::cta.b64 %p1, [sm], %d1;",
        "8.6|sm_90|mbarrier.arrive.relaxed.cta.shared::cta.b64 %d1, [sm];",
        "8.0|sm_90|mbarrier.arrive_drop.expect_tx.shared::cta.release.cta.b64 %d1, [sm], 2;",
        "8.0|sm_90|mbarrier.arrive.expect_tx.shared::cluster.b64 _, [%r1], 2;",
        "8.0|sm_90|mbarrier.complete_tx.shared.b64 [sm], 512;",
        "8.0|sm_90|mbarrier.expect_tx.relaxed.cluster.shared::cluster.b64 [%r1], 512;",
        "7.0|sm_80|cp.async.mbarrier.arrive.noinc.shared.b64 [sm];",
        "7.8|sm_90|mapa.shared::cluster.u32 %r1, sm + 4, %r3;",
        "7.8|sm_90|mapa.u64 %d1, %d2, 1;", "7.8|sm_90|getctarank.shared::cluster.u64 %r1, %d1;",
        "7.8|sm_90|barrier.cluster.arrive.aligned;", "8.0|sm_90|barrier.cluster.arrive.relaxed;",
        "8.0|sm_90|barrier.cluster.wait.acquire.aligned;", "7.8|sm_90|ld.shared::cluster.u32 %r1, [%r2];",
        "7.8|sm_90|atom.acquire.cluster.shared::cluster.add.u32 %r1, [%r2], 1;",
        "7.8|sm_90|isspacep.shared::cluster %p1, %d1;",
        "7.8|sm_90|cvta.to.shared::cluster.u64 %d1, %d2;", "7.8|sm_90|mov.pred %p1, %is_explicit_cluster;",
        "8.0|sm_90|cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [sm], [%d1], 16, [sm];",
        "8.6|sm_90|cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes [sm], [%d1], 16, [sm];",
        "8.0|sm_90|cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [%d1], [sm], 16, [%r2];",
        "8.0|sm_90|cp.async.bulk.wait_group.read 0;", "8.0|sm_90|cp.async.bulk.commit_group;",
        "8.0|sm_90|cp.async.bulk.prefetch.L2.global [%d1], 16;",
        "8.0|sm_90|cp.reduce.async.bulk.global.shared::cta.bulk_group.add.noftz.bf16 [%d1], [sm], 16;",
        "8.1|sm_90|st.async.shared::cluster.mbarrier::complete_tx::bytes.v2.u64 [%r1], {%d1,%d2}, [%r2];",
        "8.1|sm_90|red.async.relaxed.cluster.shared::cluster.mbarrier::complete_tx::bytes.add.u64 [%r1], %d1, [%r2];",
        "8.0|sm_90|fence.mbarrier_init.release.cluster;", "7.5|sm_70|fence.proxy.alias;",
        "8.0|sm_90|fence.proxy.async;",
        "8.0|sm_90|fence.proxy.async.shared::cluster;", "8.3|sm_90|fence.proxy.tensormap::generic.release.gpu;",
        "8.3|sm_90|fence.proxy.tensormap::generic.acquire.gpu [%d1], 128;",
        "8.6|sm_90|fence.proxy.async::generic.acquire.sync_restrict::shared::cluster.cluster;",
        "8.6|sm_90|fence.acquire.sync_restrict::shared::cluster.cluster;",
        "8.0|sm_90a|setmaxnreg.dec.sync.aligned.u32 24;",
        "8.0|sm_90a|setmaxnreg.inc.sync.aligned.u32 256;", "8.0|sm_90a|wgmma.fence.sync.aligned;",
        "8.0|sm_90a|wgmma.commit_group.sync.aligned;", "8.0|sm_90a|wgmma.wait_group.sync.aligned 7;",
        "8.0|sm_90a|wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%f0,%f1,%f2,%f3}, %d1, %d2, %p1, -1, 1, 1, 0;",
        "8.0|sm_90a|wgmma.mma_async.sync.aligned.m64n8k16.f16.f16.f16 {%r0,%r1}, {%r2,%r3,%r4,%r5}, %d2, !%p1, 1, -1, 1;",
        "8.0|sm_90a|wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%f0,%f1,%f2,%f3}, {%r2,%r3,%r4,%r5}, %d2, 0, 1, 1, 0;",
        "8.0|sm_90a|@%p1 wgmma.fence.sync.aligned;", "7.8|sm_90|griddepcontrol.wait;",
        "7.8|sm_90|griddepcontrol.launch_dependents;"})
    void takenFromItsVersionOn(String version, String target, String instruction) throws PtxException {
        PtxModule.parse(module(version, target, instruction), 9, 0);
        int tenths = (int) Math.round(10 * Double.parseDouble(version)) - 1;
        String before = tenths / 10 + "." + tenths % 10;
        boolean introducedWithTarget = version.equals("7.8") && target.equals("sm_90") || version.equals("7.0");
        String why = ClusterRig.refusal(module(introducedWithTarget ? version : before,
                introducedWithTarget
                        ? target.equals("sm_90") ? "sm_89" : "sm_75"
                        : target.equals("sm_90a") ? "sm_90" : target,
                instruction));
        // sm_90a is as old as PTX 8.0, so what needs it can only lack the letter.
        assertTrue(why.contains("needs .") || why.contains("needs a .target"), why);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"wgmma.fence.sync;|with .sync.aligned are known",
        "wgmma.foo.sync.aligned;|unknown instruction", "wgmma.wait_group.sync.aligned %r1;|a constant number",
        "wgmma.wait_group.sync.aligned -1;|a constant number of groups",
        "wgmma.commit_group.sync.aligned.cta;|'.cta' does not go",
        "wgmma.mma_async.sync.aligned.m64n12k16.f32.f16.f16 {%f1,%f2,%f3,%f0}, %d1, %d2, 1, 1, 1, 0, 0;|not supported: wgmma.mma_async.sync.aligned of",
        "wgmma.mma_async.sync.aligned.m64n264k16.f32.f16.f16 {%f1,%f2,%f3,%f0}, %d1, %d2, 1, 1, 1, 0, 0;|not supported",
        "wgmma.mma_async.sync.aligned.m64n8k16.f16.bf16.bf16 {%r1,%r2}, %d1, %d2, 1, 1, 1, 0, 0;|not supported",
        "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%f1,%f2}, %d1, %d2, 1, 1, 1, 0, 0;|2 registers, 4 are wanted",
        "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%f1,%f2,%f3,%f0}, {%r1,%r2}, %d2, 1, 1, 1, 0;|2 registers, 4 are wanted",
        "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%f1,%f2,%f1,%f0}, %d1, %d2, 1, 1, 1, 0, 0;|two accumulators is not supported",
        "wgmma.mma_async.sync.aligned.m64n8k16.f16.f16.f16 {%r1,%r2}, {%r3,%r3,%r3,%r2}, %d2, 1, 1, 1, 0;|holds A and is an accumulator is not",
        "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%f1,%f2,%f3,%f0}, %r1, %d2, 1, 1, 1, 0, 0;|.b64 is wanted",
        "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%f1,%f2,%f3,%f0}, %d1, %d2, 1, 2, 1, 0, 0;|must be 1 or -1",
        "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%f1,%f2,%f3,%f0}, %d1, %d2, 1, 1, 1, 0, 2;|must be 0 or 1",
        "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%f1,%f2,%f3,%f0}, {%r1,%r2,%r3,%r4}, %d2, 1, 1, 1, 0, 0;|8 operands where 7",
        "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%f1,%f2,%f3,%f0}, %d1, %d2, %r1, 1, 1, 0, 0;|a predicate is wanted",
        "multimem.red.global.add.u32 [%d1], %r1;|multicast memory is not",
        "cp.async.bulk.tensor.1d.shared::cluster.global.mbarrier::complete_tx::bytes [sm], [%d1, {%r1}], [sm];|tensor maps are not",
        "cp.async.bulk.prefetch.tensor.1d.L2.global [%d1, {%r1}];|tensor maps are not",
        "cp.reduce.async.bulk.tensor.1d.global.shared::cta.add.bulk_group [%d1, {%r1}], [sm];|tensor maps are not",
        "setmaxnreg.inc.sync.aligned.u32 20;|multiple of 8 from 24 to 256",
        "setmaxnreg.inc.sync.aligned.u32 264;|24 to 256",
        "setmaxnreg.inc.sync.aligned.u32 %r1;|a constant", "setmaxnreg.inc.aligned.u32 24;|.sync.aligned.u32 is wanted",
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [sm], [%d1], 20, [sm];|multiple of 16",
        "cp.async.bulk.global.shared::cta.mbarrier::complete_tx::bytes [%d1], [sm], 16, [sm];|in a .bulk_group",
        "cp.async.bulk.shared::cluster.global.bulk_group [sm], [%d1], 16;|tells an mbarrier",
        "cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes.multicast::cluster [sm], [%d1], 16, [sm], 1;|tells an mbarrier",
        "cp.async.bulk.global.shared::cta.bulk_group.cp_mask [%d1], [sm], 16, %h1;|sm_100",
        "cp.reduce.async.bulk.global.shared::cta.bulk_group.add.s64 [%d1], [sm], 16;|no reduction",
        "cp.reduce.async.bulk.global.shared::cta.bulk_group.add.f16 [%d1], [sm], 16;|needs .noftz",
        "cp.reduce.async.bulk.global.shared::cta.bulk_group.min.noftz.f16 [%d1], [sm], 16;|no reduction",
        "cp.reduce.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes.and.b64 [%r1], [sm], 16, [%r2];|no reduction",
        "mbarrier.arrive.shared::cluster.b64 %d1, [%r1];|without a returned state",
        "mbarrier.test_wait.parity.shared::cluster.b64 %p1, [%r1], 0;|reach other blocks",
        "mbarrier.init.shared::cluster.b64 [%r1], 1;|reach other blocks",
        "mbarrier.arrive.release.shared.b64 _, [sm];|needs a scope",
        "mbarrier.init.global.b64 [%d1], 1;|lies in shared memory", "mbarrier.arrive.shared.u64 _, [sm];|.b64",
        "mapa.u32 %r1, %r2, 0;|64 bits",
        "st.async.shared::cluster.u32 [%r1], %r1, [%r2];|mbarrier::complete_tx::bytes is wanted",
        "red.async.relaxed.cluster.shared::cluster.mbarrier::complete_tx::bytes.exch.b32 [%r1], %r1, [%r2];|'.exch' does not go",
        "red.async.shared::cluster.mbarrier::complete_tx::bytes.add.u32 [%r1], %r1, [%r2];|red.async.relaxed.cluster",
        "barrier.cluster.sync;|arrive or wait", "fence.proxy.foo;|alias, async",
        "fence.mbarrier_init.acquire.cluster;|'.acquire' does not go",
        "mov.pred %p1, %laneid;|no predicate"})
    void refused(String instruction, String why) {
        String message = ClusterRig.refusal(module("8.6", "sm_90a", instruction));
        assertTrue(message.startsWith("ptx line 7: "), message);
        assertTrue(message.contains(why), message);
    }

    @Test
    void whatOnlySteersComputesNothing() {
        String code = """
                elect.sync %r1|%p1, -1; @%p1 st.global.u32 [%out], 5; selp.u32 %r2, 1, 0, %p1; mul.wide.u32 %d1, %t, 4; add.u64 %d1, %out, %d1;
                fence.proxy.async; fence.mbarrier_init.release.cluster; griddepcontrol.launch_dependents; griddepcontrol.wait;
                nanosleep.u32 10; barrier.cta.sync 0; barrier.cta.red.popc.aligned.u32 %r3, 0, %p1; add.u32 %r2, %r2, %r3; st.global.u32 [%d1], %r2;
                """;
        int[] got = ClusterRig.run(code, 1, 32, 32);
        for (int l = 1; l < 32; l++) {
            assertTrue(got[l] == 1 && got[0] == 2, "one lane is elected, and all counted one");
        }
    }

    @Test
    void registersAreGivenAndTakenByWholeWarps() throws DeviceFault {
        ClusterRig rig = new ClusterRig(ClusterRig.text("""
                setmaxnreg.dec.sync.aligned.u32 40; setmaxnreg.inc.sync.aligned.u32 232; mul.wide.u32 %d1, %t, 4;
                add.u64 %d1, %out, %d1; st.global.u32 [%d1], %t;""").replace("sm_90", "sm_90a"));
        long out = rig.zeros(4);
        rig.launch(1, 4, 0, 0L, out);
        assertArrayEquals(new int[]{0, 1, 2, 3}, rig.read(out));
    }
}
