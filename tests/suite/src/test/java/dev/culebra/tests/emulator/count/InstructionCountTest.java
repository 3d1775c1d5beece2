package dev.culebra.tests.emulator.count;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Cuda;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.spi.InstructionClass;
import dev.culebra.driver.spi.LaunchCounters;
import dev.culebra.driver.spi.LaunchCounters.Bytes;
import dev.culebra.driver.spi.LaunchCounters.Extent;
import dev.culebra.driver.spi.LaunchCounters.LineCount;
import dev.culebra.driver.spi.LaunchCounters.MemorySpace;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How often instructions are executed, of which class, and by how many lanes. */
class InstructionCountTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            add.u32 %a, %a, %b                                  | INTEGER
            mad.lo.s32 %a, %a, %b, 1                            | INTEGER
            min.s32 %a, %a, %b                                  | INTEGER
            dp4a.u32.u32 %a, %a, %b, %a                         | INTEGER
            add.u64 %x, %x, %y                                  | INTEGER
            and.b32 %a, %a, %b                                  | LOGIC
            shl.b32 %a, %a, 3                                   | LOGIC
            lop3.b32 %a, %a, %b, %a, 0x96                       | LOGIC
            dp2a.lo.u32.u32 %a, %a, %b, %a                      | INTEGER
            prmt.b32 %a, %a, %b, 0x5410                         | LOGIC
            shf.l.wrap.b32 %a, %a, %b, 3                        | LOGIC
            and.pred %p, %p, %q                                 | LOGIC
            bfe.u32 %a, %a, 3, 4                                | LOGIC
            popc.b32 %a, %b                                     | POPC
            popc.b64 %a, %x                                     | POPC
            add.f32 %f, %f, %f                                  | FLOAT
            fma.rn.f32 %f, %f, %f, %f                           | FLOAT
            div.rn.f32 %f, %f, %f                               | FLOAT
            fma.rn.f16x2 %a, %a, %b, %a                         | HALF
            add.f16 %h, %h, %h                                  | HALF
            fma.rn.bf16x2 %a, %a, %b, %a                        | HALF
            add.f64 %d, %d, %d                                  | DOUBLE
            rcp.rn.f64 %d, %d                                   | DOUBLE
            ex2.approx.f32 %f, %f                               | SPECIAL
            rsqrt.approx.f32 %f, %f                             | SPECIAL
            cvt.rn.f32.u32 %f, %a                               | CONVERSION
            cvt.u16.u32 %h, %a                                  | CONVERSION
            setp.lt.u32 %p, %a, %b                              | COMPARISON
            selp.b32 %a, %a, %b, %p                             | COMPARISON
            mov.u32 %a, %laneid                                 | MOVE
            mov.u32 %a, smem                                    | MOVE
            cvta.to.global.u64 %x, %g                           | MOVE
            ld.global.u32 %a, [%g]                              | LOAD_GLOBAL
            ld.shared.u32 %a, [smem]                            | LOAD_SHARED
            ld.param.u64 %x, [buffer]                           | LOAD_CONSTANT
            ld.u32 %a, [%g]                                     | LOAD_GENERIC
            ld.acquire.gpu.global.u32 %a, [%g]                  | LOAD_GLOBAL
            ld.global.nc.L1::no_allocate.v2.u32 {%a, %b}, [%g]  | LOAD_GLOBAL
            st.release.gpu.global.u32 [%g], 1                   | STORE_GLOBAL
            st.global.u32 [%g], 1                               | STORE_GLOBAL
            st.u32 [%g], 1                                      | STORE_GENERIC
            atom.global.add.u32 %a, [%g], 1                     | ATOMIC
            atom.acq_rel.gpu.global.inc.u32 %a, [%g], 7         | ATOMIC
            red.global.add.f32 [%g], %f                         | ATOMIC
            red.shared.add.u32 [smem], 1                        | ATOMIC_SHARED
            shfl.sync.idx.b32 %a, %b, 0, 31, -1                 | WARP
            vote.sync.any.pred %p, %q, -1                       | WARP
            redux.sync.max.u32 %a, %b, -1                       | WARP
            ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%a}, [%s] | MATRIX_MOVE
            bar.sync 0                                          | BARRIER
            bar.warp.sync -1                                    | BARRIER
            membar.gl                                           | FENCE
            fence.acq_rel.gpu                                   | FENCE
            fence.proxy.async                                   | FENCE
            fence.mbarrier_init.release.cluster                 | FENCE
            cp.async.wait_all                                   | ASYNC_COPY
            cp.async.bulk.prefetch.L2.global [%g], 64           | ASYNC_COPY
            prefetch.global.L2 [%g]                             | OTHER
            griddepcontrol.wait                                 | OTHER
            bra next; next:                                     | CONTROL
            """)
    void eachHasAClass(String instruction, InstructionClass kind) {
        // What it reads has been written: registers are not zero by nature.
        String set = "mov.u32 %a, 0; mov.u32 %b, 0; mov.u64 %x, 0; mov.u64 %y, 0; mov.f32 %f, 0f3F800000; mov.b16 %h, 0;"
                + "mov.f64 %d, 0d3FF0000000000000; mov.u32 %s, smem; setp.ne.u32 %p, %a, 0; setp.ne.u32 %q, %a, 0;";
        LaunchCounters with = Counted.snippet(set + instruction + ";");
        LaunchCounters without = Counted.snippet(set);
        assertEquals(1, with.instructions(kind) - without.instructions(kind));
        assertEquals(1, with.warpInstructions() - without.warpInstructions());
        assertEquals(32, with.threadInstructions() - without.threadInstructions());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32                      | {%m4,%m5}         |
            mma.sp.sync.aligned.m16n8k32.row.col.f32.f16.f16.f32                   | {%m4,%m5,%m6,%m7} | , %m8, 1
            """)
    void matrixProducts(String product, String b, String metadata) {
        LaunchCounters c = Counted.snippet(
                """
                        .reg .f32 %c<4>; .reg .b32 %m<9>;
                        mov.f32 %c0, 0f00000000; mov.f32 %c1, %c0; mov.f32 %c2, %c0; mov.f32 %c3, %c0; mov.b32 %m0, 0; mov.b32 %m1, 0;
                        mov.b32 %m2, 0; mov.b32 %m3, 0; mov.b32 %m4, 0; mov.b32 %m5, 0; mov.b32 %m6, 0; mov.b32 %m7, 0; mov.b32 %m8, 0;
                        """
                        + product + " {%c0,%c1,%c2,%c3}, {%m0,%m1,%m2,%m3}, " + b + ", {%c0,%c1,%c2,%c3}"
                        + (metadata == null ? "" : metadata) + ";");
        assertEquals(Map.of(InstructionClass.MATRIX, 1L, InstructionClass.MOVE, 13L), c.instructions());
    }

    /** A predicate that is false for some or all lanes: the instruction is executed all the same, by fewer of them. */
    @ParameterizedTest
    @CsvSource({"0, 0", "1, 1", "17, 17", "32, 32"})
    void predicatedInstructions(int below, int lanes) {
        LaunchCounters c = Counted.snippet("setp.lt.u32 %p, %lane, " + below + "; @%p mov.u32 %a, 1;");
        assertEquals(Map.of(InstructionClass.COMPARISON, 1L, InstructionClass.MOVE, 1L), c.instructions());
        assertEquals(32 + lanes, c.threadInstructions());
        assertEquals(0, c.divergentBranches());
        // One that lanes do together is one instruction too, though lanes part before it.
        c = Counted.snippet("setp.lt.u32 %p, %lane, " + below + "; @%p bar.warp.sync " + ((1L << below) - 1) + ";");
        assertEquals(Map.of(InstructionClass.COMPARISON, 1L, InstructionClass.BARRIER, 1L), c.instructions());
        assertEquals(32 + lanes, c.threadInstructions());
        assertEquals(below == 0 || below == 32 ? 0 : 1, c.divergentBranches());
        assertEquals(0, c.barriers());
    }

    /**
     * Lanes below k go one way (two instructions and a branch), the others another (one instruction), and meet. Where both
     * ways have lanes both are executed.
     */
    @ParameterizedTest
    @CsvSource({"0", "5", "16", "31", "32"})
    void aBranch(int k) {
        LaunchCounters c = Counted.snippet("setp.lt.u32 %p, %lane, " + k + """
                ;
                @%p bra low;
                mov.u32 %a, 1;
                bra meet;
                low: mov.u32 %a, 2;
                add.u32 %a, %a, 1;
                meet: mov.u32 %b, %a;
                """);
        boolean low = k > 0;
        boolean high = k < 32;
        assertEquals(low && high ? 1 : 0, c.divergentBranches());
        assertEquals(1 + 1 + (high ? 2 : 0) + (low ? 2 : 0) + 1, c.warpInstructions());
        // setp by all, the branch by those below k, two instructions by each, the last by all.
        assertEquals(32 + k + 2 * (32 - k) + 2 * k + 32, c.threadInstructions());
    }

    /** Lane l goes round l + 1 times: 32 rounds for the warp, of which 31 end with one lane leaving the others. */
    @Test
    void aLoopThatLanesLeaveOneByOne() {
        LaunchCounters c = Counted.snippet("""
                mov.u32 %a, 0;
                round: add.u32 %a, %a, 1;
                setp.le.u32 %p, %a, %lane;
                @%p bra round;
                """);
        assertEquals(1 + 3 * 32, c.warpInstructions());
        // Round i has the lanes from i on: 32 + 31 + ... + 1 = 528 do the sum and the comparison; the branch is taken by one less.
        assertEquals(32 + 528 + 528 + (528 - 32), c.threadInstructions());
        assertEquals(31, c.divergentBranches());
        assertEquals(Map.of(InstructionClass.MOVE, 1L, InstructionClass.INTEGER, 32L, InstructionClass.COMPARISON, 32L,
                InstructionClass.CONTROL, 32L), c.instructions());
    }

    private static final String CALL = Counted.HEADER + """
            .func (.param .b32 r) twice(.param .b32 x) {
            .reg .b32 %v;
            ld.param.u32 %v, [x];
            add.u32 %v, %v, %v;
            st.param.u32 [r], %v;
            ret;
            }
            .visible .entry k(.param .u64 buffer) {
            .reg .b32 %a; .reg .b64 %g; .reg .pred %p; .param .b32 in; .param .b32 out;
            mov.u32 %a, %ctaid.x;
            st.param.u32 [in], %a;
            call.uni (out), twice, (in);
            ld.param.u32 %a, [out];
            setp.eq.u32 %p, %a, 77;
            @%p bra never;
            exit;
            never: trap;
            }
            """;

    /** Six warps (3 blocks of 64): every line of the kernel and of what it calls, with its line number; a line never reached too. */
    @Test
    void linesOfTheText() {
        LaunchCounters c = Counted.of(Counted.EMULATOR, CALL, "k", LaunchConfig.of(3, 64));
        List<String> seen = c.lines().stream()
                .map(l -> l.function() + " " + l.line() + " " + l.kind() + " " + l.warps() + " " + l.active() + " "
                        + l.threads())
                .toList();
        assertEquals(List.of("twice 6 LOAD_CONSTANT 6 6 192", "twice 7 INTEGER 6 6 192", "twice 8 STORE_LOCAL 6 6 192",
                "twice 9 CONTROL 6 6 192", "k 13 MOVE 6 6 192", "k 14 STORE_LOCAL 6 6 192", "k 15 CONTROL 6 6 192",
                "k 16 LOAD_CONSTANT 6 6 192", "k 17 COMPARISON 6 6 192", "k 18 CONTROL 6 0 0", "k 19 CONTROL 6 6 192",
                "k 20 OTHER 0 0 0"), seen);
        assertTrue(c.lines().get(1).text().startsWith("add.u32"), c.lines().get(1).text());
        assertEquals("k", c.kernel());
        assertEquals(new Extent(3, 1, 1), c.grid());
        assertEquals(new Extent(64, 1, 1), c.block());
        assertEquals(6 * 11, c.warpInstructions());
        assertEquals(32 * c.warpInstructions(), c.laneInstructions());
        assertEquals(c.warpInstructions(), c.instructions().values().stream().mapToLong(n -> n).sum());
        assertEquals(c.warpInstructions(), c.lines().stream().mapToLong(LineCount::warps).sum());
        // What goes to a function and back is in registers, and what it calls a parameter is no constant.
        assertEquals(Bytes.NONE, c.bytes(MemorySpace.LOCAL));
        assertEquals(Bytes.NONE, c.bytes(MemorySpace.CONSTANT));
    }

    /** Each of two warps and a third of 8 threads comes to each of two barriers; the third warp's instructions have 8 lanes. */
    @Test
    void barriersAndPartWarps() {
        String ptx = Counted.HEADER
                + ".visible .entry k(.param .u64 buffer) { bar.sync 0; bar.warp.sync -1; bar.sync 1; ret; }";
        LaunchCounters c = Counted.of(Counted.EMULATOR, ptx, "k", LaunchConfig.of(2, 72));
        assertEquals(2 * 3 * 2, c.barriers());
        assertEquals(2 * 3 * 4, c.warpInstructions());
        assertEquals(2 * 72 * 4, c.threadInstructions());
    }

    /**
     * A reduction with shared memory, shuffles, a loop whose length lanes disagree on, and an atomic update: its counts are
     * the same in every run and with any number of host threads, line by line.
     */
    @Test
    void countsDoNotDependOnTheRun() {
        String ptx = Counted.HEADER + """
                .visible .entry k(.param .u64 buffer) {
                .reg .b32 %t, %b, %v, %s, %o, %n; .reg .b64 %g; .reg .pred %p; .shared .align 4 .b32 part[8];
                ld.param.u64 %g, [buffer]; mov.u32 %t, %tid.x; mov.u32 %b, %ctaid.x;
                mad.lo.u32 %v, %b, 7, %t; and.b32 %n, %v, 15; mov.u32 %o, 0;
                around: add.u32 %o, %o, 3; setp.lt.u32 %p, %o, %n; @%p bra around;
                shfl.sync.down.b32 %s, %v, 16, 31, -1; add.u32 %v, %v, %s;
                shfl.sync.down.b32 %s, %v, 8, 31, -1; add.u32 %v, %v, %s;
                and.b32 %s, %t, 31; setp.eq.u32 %p, %s, 0; shr.u32 %s, %t, 3; mov.u32 %o, part; add.u32 %s, %s, %o;
                @%p st.shared.u32 [%s], %v;
                bar.sync 0;
                setp.eq.u32 %p, %t, 0; @!%p bra done;
                ld.shared.u32 %v, [part+4]; red.global.add.u32 [%g], %v;
                done: ret;
                }
                """;
        LaunchConfig config = LaunchConfig.of(40, 128);
        LaunchCounters first = Counted.of(Counted.EMULATOR, ptx, "k", config);
        assertTrue(first.divergentBranches() > 0);
        assertEquals(first, Counted.of(Counted.EMULATOR, ptx, "k", config));
        Cuda four = Counted.emulator(4);
        for (int i = 0; i < 3; i++) {
            assertEquals(first, Counted.of(four, ptx, "k", config));
        }
    }
}
