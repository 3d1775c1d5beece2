package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.exec.Dim;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kernels that do what is not allowed: the driver's code, and where. */
class FaultTest {

    /** Line 7 is the faulty one; thread 37 of block 2 alone runs it. */
    private static Rig rig(String line) {
        return new Rig(Rig.HEADER
                + ".visible .entry bad(.param .u64 p, .param .u64 q) { .reg .b64 %p, %q, %x; .reg .b32 %t, %b, %v, %s; .reg .pred %a, %c;\n"
                + ".shared .align 16 .b8 smem[64]; ld.param.u64 %p, [p]; ld.param.u64 %q, [q]; mov.u32 %t, %tid.x; mov.u32 %b, %ctaid.x; mov.u32 %s, smem;\n"
                + "setp.eq.u32 %a, %t, 37; setp.eq.and.u32 %c, %b, 2, %a; @!%c bra DONE;\n" + line
                + "\nDONE: ret; }\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"700|ld.global.u32 %v, [%p+4096];|illegal global address 0x",
        "700|st.global.u32 [%p+-4], %v;|illegal global",
        "716|ld.global.u32 %v, [%p+2];|misaligned global address 0x",
        "716|ld.global.v4.u32 {%v, %v, %v, %v}, [%p+4];|access of 16 bytes",
        "700|ld.shared.u32 %v, [%s+64];|illegal shared address 0x440 of 4 bytes, where 64 bytes are",
        "716|st.shared.u32 [%s+1], %v;|misaligned shared",
        "700|ld.u32 %v, [%q];|illegal global address 0x0", "700|ld.local.u32 %v, [%q];|illegal local", "719|trap;|trap",
        "700|atom.global.add.u32 %v, [%p+4096], 1;|illegal",
        "716|cp.async.ca.shared.global [%s+2], [%p], 4;|misaligned shared",
        "700|cp.async.ca.shared.global [%s], [%p+4096], 4;|illegal global", "715|bar.sync 0, 33;|multiple of 32",
        "715|mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%v, %v, %v, %v}, {%v, %v}, {%v}, {%v, %v, %v, %v};|must execute it"})
    void faults(int code, String line, String what) {
        Rig rig = rig(line);
        long p = rig.zeros(4096);
        DeviceFault f = assertThrows(DeviceFault.class, () -> rig.launch("bad", Rig.dim(4), Rig.dim(64), 0, p, 0L));
        assertEquals(code, f.cudaError(), f.diagnostic());
        assertEquals(7, f.line());
        assertEquals("bad", f.kernel());
        assertEquals(new Dim(2, 0, 0), f.block());
        assertEquals(new Dim(37, 0, 0), f.thread());
        assertTrue(f.diagnostic().contains(what), f.diagnostic());
        assertTrue(f.diagnostic().contains("kernel bad, ptx line 7, block (2,0,0), thread (37,0,0)"), f.diagnostic());
        assertTrue(f.diagnostic().contains("'" + line + "'"), f.diagnostic());
    }

    @Test
    void freedMemory() {
        Rig rig = rig("ld.global.u32 %v, [%p];");
        long p = rig.zeros(64);
        rig.free(p);
        DeviceFault f = assertThrows(DeviceFault.class, () -> rig.launch("bad", Rig.dim(4), Rig.dim(64), 0, p, 0L));
        assertEquals(DeviceFault.ILLEGAL_ADDRESS, f.cudaError());
    }

    @Test
    void anEndlessLoopIsStopped() {
        Rig rig = rig("AGAIN: bra AGAIN;");
        rig.spec = rig.spec.withStepLimit(5_000_000);
        DeviceFault f = assertThrows(DeviceFault.class, () -> rig.launch("bad", Rig.dim(4), Rig.dim(64), 0, 0L, 0L));
        assertEquals(DeviceFault.LAUNCH_TIMEOUT, f.cudaError());
        assertTrue(f.diagnostic().contains("it hangs"), f.diagnostic());
    }

    /** Each block alone stays far under the limit; together they wait for what never comes. */
    @Test
    void blocksThatWaitForEachOtherInVainAreStopped() {
        Rig rig = new Rig(Rig.HEADER + """
                .visible .entry k(.param .u64 p) { .reg .b64 %p; .reg .b32 %v; .reg .pred %a;
                ld.param.u64 %p, [p];
                AGAIN: ld.volatile.global.u32 %v, [%p]; setp.eq.u32 %a, %v, 0; @%a bra AGAIN;
                ret; }""");
        rig.workers = 2;
        rig.spec = rig.spec.withStepLimit(40_000_000);
        long p = rig.zeros(4);
        DeviceFault f = assertThrows(DeviceFault.class,
                () -> rig.launch("k", Rig.dim(132), Rig.dim(32), 0, true, new Object[]{p}));
        assertEquals(DeviceFault.LAUNCH_TIMEOUT, f.cudaError());
        assertTrue(f.diagnostic().contains("of all blocks, none of which ended"), f.diagnostic());
        assertTrue(f.diagnostic().contains("culebra.emulator.stepLimit"), f.diagnostic());
    }

    @Test
    void aBarrierThatNotAllComeTo() {
        Rig rig = rig("barrier.sync 1, 96;");
        DeviceFault f = assertThrows(DeviceFault.class, () -> rig.launch("bad", Rig.dim(4), Rig.dim(64), 0, 0L, 0L));
        assertEquals(DeviceFault.LAUNCH_TIMEOUT, f.cudaError());
        assertEquals(7, f.line());
        assertTrue(f.diagnostic().contains("deadlock"), f.diagnostic());
    }

    @Test
    void lanesThatAreNamedButNeverCome() {
        Rig rig = new Rig(Rig.HEADER + """
                .visible .entry k() { .reg .b32 %t, %v; .reg .pred %p;
                mov.u32 %t, %tid.x; setp.lt.u32 %p, %t, 16; @%p bra LOW;
                bar.sync 1, 64; bra DONE;
                LOW: shfl.sync.idx.b32 %v, %t, 0, 31, -1;
                DONE: ret; }""");
        DeviceFault f = assertThrows(DeviceFault.class, () -> rig.launch("k", Rig.dim(1), Rig.dim(32), 0));
        assertTrue(f.diagnostic().contains("deadlock"), f.diagnostic());
    }

    @Test
    void refusedLaunches() {
        Rig rig = rig("trap;");
        assertThrows(IllegalArgumentException.class, () -> rig.launch("bad", Rig.dim(1), Rig.dim(1025), 0, 0L, 0L));
        assertThrows(IllegalArgumentException.class, () -> rig.launch("bad", Rig.dim(1), Rig.dim(1), 1 << 20, 0L, 0L));
        assertThrows(IllegalArgumentException.class, () -> rig.launch("bad", Rig.dim(0), Rig.dim(1), 0, 0L, 0L));
    }

    @Test
    void aFaultStopsAllWorkers() {
        Rig rig = rig("trap;");
        rig.workers = 4;
        DeviceFault f = assertThrows(DeviceFault.class, () -> rig.launch("bad", Rig.dim(4000), Rig.dim(64), 0, 0L, 0L));
        assertEquals(DeviceFault.LAUNCH_FAILED, f.cudaError());
    }
}
