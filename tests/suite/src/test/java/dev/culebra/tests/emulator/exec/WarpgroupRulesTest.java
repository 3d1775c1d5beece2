package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.check.Check;
import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.tests.conformance.WarpgroupProgram;
import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What programs with wgmma must do and must not: fences, waits, whole warpgroups. Operands are ones, so a product adds 16. */
class WarpgroupRulesTest {

    private static final String PRODUCT = product("d", "a", "%db", 8);
    private static final String FENCE = "wgmma.fence.sync.aligned; ";
    private static final String COMMIT = "wgmma.commit_group.sync.aligned; ";
    private static final String WAIT = COMMIT + "wgmma.wait_group.sync.aligned 0; ";
    private static final String PROXY = "fence.proxy.async.shared::cta; ";

    @BeforeAll
    static void faultsEndAContext() { Rig.onlyEmulated("wants faults"); }

    private static String product(String d, String a, String b, int n) {
        return "wgmma.mma_async.sync.aligned.m64n" + n + "k16.f32.f16.f16 " + WarpgroupProgram.names(d, 0, n / 2) + ", "
                + (a.startsWith("%") ? a : WarpgroupProgram.names(a, 0, 4)) + ", " + b + ", 1, 1, 1"
                + (a.startsWith("%") ? ", 0" : "") + ", 0; ";
    }

    /**
     * Code of some threads that find ones in A's registers %a0 to 3 and %c0 to 3 and in 4096 bytes of shared memory at %s, which
     * are known to all and fenced, zeros in the accumulators %d0 to 7 and %e0 to 7, descriptors of N = 8 in %db, %db1 (1024 bytes
     * on) and of A in %da (2048 bytes on), their number in %t and that of their warp in %w. What they leave in %v is stored.
     */
    private static String text(String code) {
        StringBuilder s = new StringBuilder(
                """
                        .version 8.0
                        .target sm_90a
                        .address_size 64
                        .shared .align 1024 .b8 sm[8192];
                        .visible .entry k(.param .u64 in, .param .u64 out) {
                        .reg .pred %p, %q; .reg .b64 %in, %out, %o, %x, %da, %db, %db1; .reg .b32 %t, %w, %s, %m, %v, %i, %a<4>, %c<4>, %d<8>, %e<8>;
                        ld.param.u64 %in, [in]; ld.param.u64 %out, [out]; mov.u32 %t, %tid.x; mov.u32 %s, sm; shr.u32 %w, %t, 5;
                        mul.wide.u32 %o, %t, 4; add.u64 %out, %out, %o; mov.b32 %v, 0x3c003c00; mov.u32 %i, 0;
                        mad.lo.u32 %m, %t, 4, %s; FILL: st.shared.b32 [%m], %v; add.u32 %m, %m, 512; add.u32 %i, %i, 512;
                        setp.lt.u32 %q, %i, 4096; @%q bra FILL;
                        cvt.u64.u32 %x, %s; shr.u64 %x, %x, 4; add.u64 %db, %x, DESCRIPTOR; add.u64 %db1, %db, 64; add.u64 %da, %db, 128;
                        """
                        .replace("DESCRIPTOR", "" + ((128L >> 4 << 16) + (256L >> 4 << 32))));
        for (String r : new String[]{"a", "c"}) for (int i = 0; i < 4; i++) s.append("mov.b32 %" + r + i + ", %v; ");
        for (String r : new String[]{"d", "e"}) for (int i = 0; i < 8; i++) s.append("mov.b32 %" + r + i + ", 0; ");
        return s + PROXY + "bar.sync 0;\n" + code + "\nst.global.u32 [%out], %v; ret; }";
    }

    private static float[] run(Set<Check> checks, String code, int threads) throws DeviceFault {
        Rig rig = new Rig(text(code));
        rig.spec = rig.spec.withChecks(checks);
        int[] ones = new int[1024];
        Arrays.fill(ones, 0x3c003c00);
        long out = rig.zeros(4 * threads);
        rig.launch("k", Rig.dim(1), Rig.dim(threads), 0, rig.upload(ones), out);
        return rig.floats(out);
    }

    /** Every thread must get a value. */
    private static void gives(double value, String code) throws DeviceFault {
        gives(Check.ALL, value, code);
    }

    private static void gives(Set<Check> checks, double value, String code) throws DeviceFault {
        for (float v : run(checks, code, 128)) assertEquals(value, v, code);
    }

    private static void fails(String code, String... words) { fails(code, 128, words); }

    private static void fails(String code, int threads, String... words) {
        DeviceFault f = assertThrows(DeviceFault.class, () -> run(Check.ALL, code, threads), code);
        for (String w : words) {
            assertTrue(f.diagnostic().contains(w), () -> "'" + w + "' is missing in: " + f.diagnostic());
        }
    }

    private static String move(String to, String from) { return "mov.b32 " + to + ", " + from + "; "; }

    // ---- registers ----

    @Test
    void whatIsAsItShouldBe() throws DeviceFault {
        gives(16, FENCE + PRODUCT + WAIT + move("%v", "%d3"));
        gives(32, FENCE + PRODUCT + PRODUCT + WAIT + move("%v", "%d0"));
        gives(32, FENCE + PRODUCT + WAIT + PRODUCT + WAIT + move("%v", "%d0")); // nobody else had them: no second fence
        gives(48,
                FENCE + PRODUCT + COMMIT + product("d", "c", "%db1", 8) + COMMIT + product("d", "%da", "%db", 8) + WAIT
                        + move("%v", "%d0"));
        gives(32, FENCE + PRODUCT + WAIT + FENCE + product("d", "a", "%db", 16) + WAIT + move("%v", "%d0"));
        gives(17, FENCE + PRODUCT + WAIT + "add.f32 %d0, %d0, 0f3f800000; " + move("%v", "%d0"));
        gives(8, FENCE + PRODUCT + WAIT + move("%a0", "0") + move("%a1", "0") + move("%d0", "0") + FENCE + PRODUCT
                + WAIT
                + move("%v", "%d0"));
        gives(16, "setp.ne.u32 %p, %t, %t; " + FENCE + PRODUCT + "@%p mov.b32 %d0, 0; " + WAIT + move("%v", "%d0"));
    }

    @Test
    void aWaitCoversItsGroupsAlone() throws DeviceFault {
        String two = FENCE + PRODUCT + COMMIT + product("e", "c", "%db1", 8) + COMMIT;
        gives(16, two + "wgmma.wait_group.sync.aligned 1; " + move("%v", "%d0") + "wgmma.wait_group.sync.aligned 0; ");
        fails(two + "wgmma.wait_group.sync.aligned 1; " + move("%v", "%e0"),
                "register %e0, an accumulator, is read or written");
        fails(two + "wgmma.wait_group.sync.aligned 2; " + move("%v", "%d0"),
                "register %d0, an accumulator, is read or written");
        gives(16, two + COMMIT + "wgmma.wait_group.sync.aligned 2; " + move("%v", "%d0")); // an empty group is one
        fails(FENCE + PRODUCT + "wgmma.wait_group.sync.aligned 0; " + move("%v", "%d0"), "is read or written while");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|',
            textBlock = """
                    mov.b32 %v, %d1;               | register %d1, an accumulator, is read or written while the wgmma.mma_async at ptx line 13 has it
                    mov.b32 %d1, 0;                | register %d1, an accumulator
                    st.global.u32 [%out], %d2;     | register %d2, an accumulator
                    mov.b64 %x, {%v, %d2};         | register %d2, an accumulator
                    add.u32 %a3, %a3, 1;           | register %a3, which holds A, is read or written while the wgmma.mma_async at ptx line 13 has it
                    mov.b32 %v, %a0;               | register %a0, which holds A
                    ld.shared.v2.b32 {%v, %a0}, [%s]; | register %a0, which holds A
                    setp.eq.u32 %p, %t, 40; @%p mov.b32 %d1, 0; | thread (40,0,0)
                    """)
    void whatAProductHasNobodyTouches(String code, String what) {
        fails(FENCE + PRODUCT + COMMIT + code, what,
                code.substring(code.lastIndexOf(';', code.length() - 2) + 1).strip());
    }

    @Test
    void fences() {
        fails(PRODUCT, "no wgmma.fence before it: the first one needs one");
        fails(FENCE + "\n" + move("%d2", "0") + "\n" + PRODUCT,
                "has an accumulator that the instruction at ptx line 14 read or wrote with no wgmma.fence since");
        fails(FENCE + "\n" + move("%a2", "0") + "\n" + PRODUCT,
                "has a register with A that the instruction at ptx line 14 read or wrote with no wgmma.fence since");
        fails(FENCE + PRODUCT + WAIT + move("%v", "%d0") + PRODUCT, "it needs wgmma.fence"); // reading is an access too
        fails(FENCE + PRODUCT + WAIT + product("d", "a", "%db", 16),
                "had for another purpose with no wgmma.fence since");
        fails(FENCE + product("d", "a", "%db", 16) + WAIT + product("e", "d", "%db", 8), "a register with A that",
                "had for another purpose");
    }

    @Test
    void oneProductsRegistersAreNotAnothers() {
        fails(FENCE + PRODUCT + FENCE + product("d", "a", "%db", 16), "has in another shape and nobody has waited for");
        fails(FENCE + PRODUCT + FENCE + product("e", "d", "%db", 8), "has as accumulator and nobody has waited for");
        fails(FENCE + PRODUCT + FENCE + product("a", "c", "%db", 8), "reads A from and nobody has waited for");
    }

    // ---- shared memory ----

    private static final String WRITE = "mad.lo.u32 %m, %t, 4, %s; setp.lt.u32 %p, %t, 64; @%p st.shared.b32 [%m], 0; ";

    @Test
    void whatAProductReadsNobodyWrites() throws DeviceFault {
        String flying = FENCE + PRODUCT + COMMIT;
        String race = "is written while the wgmma.mma_async at ptx line 13 may still read it; wait for that with wgmma.wait_group";
        fails(flying + "bar.sync 0; " + WRITE, "race: shared address 0x", race);
        fails(FENCE + product("d", "%da", "%db1", 8) + COMMIT + "bar.sync 0; st.shared.b32 [%s+2048], %v; ",
                "0xc00 " + race);
        fails(flying + "bar.sync 0; st.shared.u8 [%s+255], 0; ", "0x4ff", race);
        fails(flying + "bar.sync 0; atom.shared.add.u32 %v, [%s], 1; ", race);
        fails(flying + "bar.sync 0; cp.async.ca.shared.global [%s+240], [%in], 16; cp.async.wait_all; ", race);
        fails(flying
                + "bar.sync 0; .reg .b32 %b; mov.u32 %b, sm; add.u32 %b, %b, 4096; setp.eq.u32 %p, %t, 0; @%p mbarrier.init.shared.b64 [%b], 1; @%p "
                + "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%s], [%in], 16, [%b]; ", race);
        gives(16, flying + "bar.sync 0; st.shared.b32 [%s+256], %v; wgmma.wait_group.sync.aligned 0; " // beyond its bytes
                + move("%v", "%d0"));
        gives(16, FENCE + PRODUCT + WAIT + "bar.sync 0; " + WRITE + move("%v", "%d0"));
    }

    @Test
    void readsRaceWithWrites() {
        fails(FENCE + PRODUCT + WAIT + WRITE, "race: shared address 0x", "a barrier is missing between the two");
        fails("setp.eq.u32 %p, %t, 0; @%p st.shared.b32 [%s], %v; " + PROXY + FENCE + PRODUCT + WAIT,
                "race: shared address 0x400",
                "a barrier is missing between the two");
        fails("cp.async.ca.shared.global [%s], [%in], 4; " + FENCE + PRODUCT + WAIT, "race: shared address 0x400");
    }

    @Test
    void ordinaryWritesMustBeFenced() throws DeviceFault {
        String why = "wgmma.mma_async reads shared address 0x480, which an ordinary store or cp.async wrote with no fence.proxy.async since";
        fails("st.shared.b32 [%s+128], %v; bar.sync 0; " + FENCE + PRODUCT + WAIT, why);
        fails("st.shared.b32 [%s+128], %v; bar.sync 0; " + FENCE + product("d", "%db", "%db1", 8) + WAIT, why);
        String copy = "mad.lo.u32 %m, %t, 16, %s; setp.lt.u32 %p, %t, 16; @%p cp.async.cg.shared.global [%m], [%in], 16; ";
        String wait = "cp.async.wait_all; ";
        String multiply = FENCE + PRODUCT + WAIT + move("%v", "%d0");
        fails(copy + wait + "bar.sync 0; " + multiply, "0x400, which an ordinary store or cp.async wrote");
        fails(copy + PROXY + wait + "bar.sync 0; " + multiply, "which an ordinary store or cp.async wrote"); // before it lands
        gives(16, copy + wait + PROXY + "bar.sync 0; " + multiply);
        gives(16, copy + wait + "bar.sync 0; " + PROXY + multiply); // by those who know of it
        gives(16, copy + wait + "bar.sync 0; setp.eq.u32 %p, %t, 100; @%p " + PROXY + "bar.sync 0; " + multiply);
        fails(copy + wait + "setp.ge.u32 %p, %t, 32; @%p " + PROXY + "bar.sync 0; " + multiply, // by those who do not
                "which an ordinary store or cp.async wrote");
        String arrive = ".reg .b32 %b; mov.u32 %b, sm; add.u32 %b, %b, 4096; setp.eq.u32 %q, %t, 0; @%q mbarrier.init.shared.b64 [%b], 128; "
                + "bar.sync 0; " + copy + "cp.async.mbarrier.arrive.noinc.shared.b64 [%b]; "
                + "W: mbarrier.test_wait.parity.shared.b64 %p, [%b], 0; @!%p bra W; ";
        gives(16, arrive + PROXY + multiply);
        fails(arrive + multiply, "0x400, which an ordinary store or cp.async wrote");
    }

    @Test
    void whatIsReadHasBeenWritten() {
        fails("add.u64 %db, %db, 256; " + FENCE + PRODUCT + WAIT,
                "read of unwritten memory: 16 bytes at shared address 0x1400");
        fails("add.u64 %db, %db, 511; " + FENCE + PRODUCT + WAIT,
                "illegal shared address 0x2470 of a piece of wgmma's operand");
        fails("add.u64 %db, %db, 0x2000000000000; " + FENCE + PRODUCT + WAIT,
                "has a base offset of 1, which is not supported");
        fails("add.u64 %db, %db, 0x4000000000000008; " + FENCE + PRODUCT + WAIT,
                "starts at 0x480, beyond the first 128 bytes of a swizzled tile: with base offset 0 tiles begin at multiples of 1024");
    }

    // ---- what is not looked for shows ----

    @Test
    void productsAreDoneWhenSomebodyWaits() throws DeviceFault {
        Set<Check> none = Set.of();
        gives(none, 0, FENCE + PRODUCT + COMMIT + move("%v", "%d0") + WAIT);
        gives(none, 0,
                FENCE + PRODUCT + move("%a0", "0") + move("%a1", "0") + move("%a2", "0") + move("%a3", "0") + WAIT
                        + move("%v", "%d0"));
        gives(none, 0,
                FENCE + PRODUCT + COMMIT + "bar.sync 0; " + WRITE + "bar.sync 0; wgmma.wait_group.sync.aligned 0; "
                        + move("%v", "%d0"));
        gives(none, 21, FENCE + PRODUCT + move("%d0", "0f40a00000") + WAIT + move("%v", "%d0"));
    }

    // ---- warpgroups ----

    @ParameterizedTest
    @CsvSource({"32", "96", "160", "127"})
    void aWarpgroupIsWhole(int threads) {
        fails(FENCE + PRODUCT + WAIT, threads,
                threads == 127 ? "alone: all 32 of the warp must execute it" : "by a warpgroup that is not whole",
                threads == 160 ? "warps 4 to 7 must execute it, and the block has 160 threads" : "");
    }

    @Test
    void warpgroupsBesideEachOther() throws DeviceFault {
        String code = FENCE + PRODUCT + "setp.lt.u32 %p, %t, 128; @%p bra OUT; " + PRODUCT + "OUT: " + WAIT
                + move("%v", "%d0");
        float[] got = run(Check.ALL, code, 256);
        for (int t = 0; t < 256; t++) assertEquals(t < 128 ? 16 : 32, got[t], "thread " + t);
    }

    @Test
    void byAPartOfAWarpItIsIllegal() {
        String part = "and.b32 %v, %t, 1; setp.eq.u32 %p, %v, 1; ";
        fails(part + FENCE + "@%p " + PRODUCT, "wgmma.mma_async by lanes 0xaaaaaaaa alone: all 32");
        fails(part + "@%p bra OUT; " + FENCE + "OUT: ", "wgmma by lanes 0x55555555 alone: all 32");
    }

    @Test
    void allFourWarpsExecuteTheSame() {
        String third = "setp.eq.u32 %p, %w, 2; ";
        fails(third + FENCE + "@%p bra OUT;\n" + PRODUCT + "OUT: ",
                "wgmma by a part of a warpgroup: warp 2 has ended without 'wgmma.mma_async",
                "another of warps 0 to 3 executed", "ptx line 14");
        fails(third + FENCE + "@%p exit; " + PRODUCT + WAIT, "warp 2 has ended without");
        fails(third + FENCE + "@%p bra OTHER;\n" + PRODUCT + "bra OUT; OTHER: " + product("e", "c", "%db", 8) + "OUT: ",
                "wgmma by warp 2, and another warp of its warpgroup executed 'wgmma.mma_async", "at ptx line 14",
                "warps 0 to 3 must execute the same");
        fails(third + "@%p add.u64 %db, %db, 64; " + FENCE + PRODUCT,
                "wgmma by warp 2 with matrix descriptor 0x1000080080",
                "where another warp of its warpgroup had 0x1000080040");
        fails(third + FENCE + PRODUCT.replace("%db, 1,", "%db, %p,"), "by warp 2 with another scale-d");
        fails("setp.eq.u32 %p, %t, 0; " + FENCE + PRODUCT.replace("%db, 1,", "%db, %p,"),
                "whose scale-d differs between the warp's lanes",
                "thread (1,0,0)");
        fails("setp.eq.u32 %p, %t, 3; @%p add.u64 %db, %db, 64; " + FENCE + PRODUCT,
                "wgmma.mma_async with matrix descriptor 0x1000080080, and the warp's first lane has 0x1000080040",
                "thread (3,0,0)");
    }
}
