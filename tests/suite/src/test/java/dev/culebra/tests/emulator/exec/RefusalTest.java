package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.ptx.PtxException;
import dev.culebra.emulator.ptx.PtxException.Kind;
import dev.culebra.emulator.exec.PtxKernel;
import dev.culebra.emulator.exec.PtxModule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a module is refused for, and what is tolerated. */
class RefusalTest {

    private static final String OPEN = Rig.HEADER
            + ".visible .entry k(.param .u64 p) { .reg .b32 %r<4>; .reg .b64 %d<4>; .reg .b16 %h<4>; .reg .pred %p<4>; .reg .f32 %f<4>; .reg .f64 %e<4>;\n";

    @ParameterizedTest
    @ValueSource(strings = {"foo.bar %r1, %r2;", "add.u32 %r1, %r2, %d1;", "add.u32 %r1, %r2;",
        "add.cc.ftz.u32 %r1, %r2, %r3;", "add.u32 %r9, %r1, %r2;",
        "mov.u32 %r1, nowhere;", "bra NOWHERE;", "ld.global.u32 %r1, [%h1];", "st.const.u32 [%d1], %r1;",
        "setp.lo.s32 %p1, %r1, %r2;",
        "shfl.up.b32 %r1, %r2, 1, 0;", "wgmma.fence.sync.aligned;", "cp.async.bulk.wait_group %r1;",
        "mbarrier.init.shared.b32 [%d1], 1;",
        "call nobody;", "lop3.b32 %r1, %r1, %r1, %r1;",
        "mma.sync.aligned.m8n8k4.row.col.f32.f16.f16.f32 {%r1}, {%r1}, {%r1}, {%r1};",
        "cvt.f32.s32 %r1, %r2;", "cvt.s32.f32 %r1, %r2;", "tex.2d.v4.f32.f32 {%r1,%r1,%r1,%r1}, [t, {%r1,%r1}];",
        "and.s32 %r1, %r2, %r3;",
        "cp.async.cg.shared.global [%r1], [%d1], 8;", "atom.global.add.b32 %r1, [%d1], 1;",
        "atom.local.add.u32 %r1, [%d1], 1;",
        "div.f64 %e1, %e2, %e3;", "sqrt.f64 %e1, %e2;", "rcp.f64 %e1, %e2;", "rcp.approx.f64 %e1, %e2;",
        "rsqrt.f64 %e1, %e2;",
        "setp.lt.ftz.f64 %p1, %e1, %e2;", "setp.lt.ftz.s32 %p1, %r1, %r2;", "brev.s32 %r1, %r2;",
        "shl.s32 %r1, %r2, 1;",
        "addc.b32 %r1, %r2, %r3;", "madc.lo.u16 %h1, %h2, %h3, %h1;", "bmsk.b32 %r1, %r2, %r3;",
        "fns.f16x2 %r1, %r2, 0, 1;",
        "ld.gpu.global.u32 %r1, [%d1];", "ld.release.gpu.global.u32 %r1, [%d1];",
        "st.acquire.gpu.global.u32 [%d1], %r1;",
        "st.release.global.u32 [%d1], %r1;", "ld.global.f16 %h1, [%d1];", "add.s32 %f1, %r1, %r2;",
        "mov.u32 %f1, %r1;", "ld.global.u32 %f1, [%d1];", "setp.lt.u32 %p1, %f1, %f2;", "cvt.u64.u32 %e1, %r1;",
        "mov.u32 %r1, 1.5;", "mov.u32 %r1, 3/0;", "mov.u32 %r1, (3;", "call f, (3);",
        "mov.u32 %r1, %unknown;", "add.u32 %r1 %r2, %r3;", "@%r1 mov.u32 %r1, 0;"})
    void instructions(String instruction) {
        PtxException e = Rig.refusal(OPEN + instruction + "\nret; }");
        assertEquals(Kind.INVALID_PTX, e.kind());
        assertTrue(e.getMessage().startsWith("ptx line 5: "), e.getMessage());
    }

    /** As ptxas does, which was asked about each: comments, strings, and the mark with which some editors begin a file. */
    @ParameterizedTest
    @ValueSource(strings = {"// caf\u00e9", "/* \u4e16 */", ".file 1 \"caf\u00e9.cu\"", "\ufeff",
        "mov.u32 %r1, \ud83d\ude00;"})
    void whatIsNotAscii(String text) {
        PtxException e = Rig.refusal(OPEN + text + "\nret; }");
        assertEquals(Kind.INVALID_PTX, e.kind());
        assertTrue(e.getMessage().startsWith("ptx line 5: unexpected non-ASCII character (U+"), e.getMessage());
    }

    @Test
    void allFaultsAreToldWithTheirText() {
        PtxException e = Rig.refusal(OPEN + "foo.bar  %r1,\n   %r2;\nadd.u32 %r1, %r1, 1;\nbaz;\nret; }");
        assertEquals(2, e.errors().size(), e.getMessage());
        assertEquals("ptx line 5: unknown instruction in 'foo.bar %r1, %r2;'", e.errors().get(0));
        assertEquals("ptx line 8: unknown instruction in 'baz;'", e.errors().get(1));
    }

    @Test
    void whatIsDeclaredAndNotDefined() {
        PtxException e = Rig.refusal(Rig.HEADER
                + ".extern .global .u32 elsewhere;\n.entry k() { .reg .b32 %r1;\nld.global.u32 %r1, [elsewhere];\nret; }");
        assertTrue(e.getMessage().contains("line 6: variable 'elsewhere' is declared .extern"), e.getMessage());
    }

    @Test
    void anInstructionThatTheTargetDoesNotHave() {
        PtxException e = Rig.refusal(
                ".version 7.0\n.target sm_75\n.address_size 64\n.entry k() { .reg .b32 %r<3>;\nredux.sync.add.u32 %r1, %r2, -1;\nret; }");
        assertTrue(e.getMessage().contains("needs .target sm_80"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"9.9,sm_80,UNSUPPORTED_PTX_VERSION", "9.0,sm_100,NO_BINARY_FOR_GPU", "8.0,sm_90a,",
        "8.6,sm_100a,NO_BINARY_FOR_GPU", "7.0,sm_90,INVALID_PTX",
        "7.0,sm_33,INVALID_PTX", "7.0,sm_80,"})
    void versionsAndTargets(String version, String target, Kind kind) throws PtxException {
        String text = ".version " + version + "\n.target " + target
                + "\n.address_size 64\n.visible .entry k() { ret; }\n";
        if (kind == null) {
            PtxModule m = PtxModule.parse(text, 9, 0);
            assertEquals(target, m.target());
            assertEquals(Math.round(Float.parseFloat(version) * 10), m.version());
        } else {
            assertEquals(kind, Rig.refusal(text).kind());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "hello", ".version 8.0", ".version 8.0\n.target sm_80\n.entry",
        ".version 8.0\n.target sm_80\n.entry k() { ret;",
        ".version 8.0\n.target sm_80\n/* no end", ".version 8.0\n.target sm_80\n.address_size 32\n",
        ".version 8.0\n.target sm_80\n.global .u32 x = \"a\";",
        ".version 8.0\n.target sm_80\n.entry k() { { ret; }", ".version 8.0\n.target sm_80\n}}}",
        ".version 8.0\n.target sm_80\n.global .b8 x[99999999999];"})
    void textThatIsNoModule(String text) { assertEquals(Kind.INVALID_PTX, Rig.refusal(text).kind()); }

    @Test
    void debugSectionsDirectivesAndLayouts() throws PtxException {
        PtxModule m = PtxModule.parse(
                """
                        //
                        // Generated
                        .version 7.0
                        .target sm_80, debug
                        .address_size 64
                        .file 1 "a b.cu"
                        .extern .func (.param .b32 func_retval0) vprintf (.param .b64 a, .param .b64 b);
                        .weak .func helper() { ret; }
                        .visible .entry k(.param .u32 a, .param .u64 .ptr .global .align 16 b, .param .align 16 .b8 c[20], .param .u16 d)
                        .maxntid 128, 2, 1
                        .minnctapersm 2
                        { .reg .pred %p<2>;
                          .loc 1 12 3, function_name $L__info_string0, inlined_at 1 22 3
                          .pragma "nounroll";
                          $L__tmp: ret; }
                        .section .debug_str { $L__info_string0: .b8 95,90 .b64 .debug_abbrev }
                        """,
                8, 0);
        PtxKernel k = m.kernel("k");
        assertNotNull(k);
        assertEquals("[0, 8, 16, 36]", k.parameters().stream().map(p -> p.offset()).toList().toString());
        assertEquals("[4, 8, 20, 2]", k.parameters().stream().map(p -> p.size()).toList().toString());
        assertEquals(38, k.parameterBytes());
        assertEquals(256, k.maxThreads());
        assertTrue(k.parameters().get(1).pointer());
    }
}
