package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.exec.PtxModule;
import dev.culebra.emulator.ptx.PtxException;
import dev.culebra.emulator.ptx.SourceLines;
import org.junit.jupiter.api.Test;

/** What {@code nvcc -lineinfo} tells of the source is in the sentences. */
class SourceLinesTest {

    /** As nvcc 13.0 prints it, but for the folder. */
    private static final String TEXT = """
            .version 9.0
            .target sm_90
            .address_size 64
            .visible .entry first() {
                .loc 1 4 0
                bar.sync 0;
                .loc\t2 70 5, function_name $L__info_string0, inlined_at 1 6 9
                bar.sync 0;

                .loc 1 0 9
                bar.sync 0;
                .loc 1 9 1
                ret;
            }
            .func second() {
                ret;
            }
            // .loc 1 99 1
            .weak .entry third() {
                .loc 3 5 1
                ret;
                .loc 4 5 1
                ret;
                .loc 5 5 1
                ret;
            }
            .file 1 "/home/one/saxpy.cu"
            .file 2 "C:\\\\cuda\\\\math.h", 1700000000, 4711
            .file 3 "folder" "kernels.py"
            .file 4 "plain.cu"
            """;

    @Test
    void placesHoldUntilTheNextOfTheirFunction() {
        for (String text : new String[]{TEXT, TEXT.replace("\n", "\r\n")}) {
            SourceLines lines = SourceLines.of(text);
            assertNull(lines.of(4));
            assertEquals("saxpy.cu:4", lines.of(6));
            assertEquals("math.h:70, inlined at saxpy.cu:6", lines.of(8));
            assertEquals("math.h:70, inlined at saxpy.cu:6", lines.of(9));
            assertNull(lines.of(11), "line 0 is code that the compiler made up");
            assertEquals("saxpy.cu:9", lines.of(13));
            assertNull(lines.of(16), "another function's");
            assertNull(lines.of(19), "a comment's");
            assertEquals("kernels.py:5", lines.of(21));
            assertEquals("plain.cu:5", lines.of(23));
            assertNull(lines.of(25), "a file without a name");
        }
        assertNull(SourceLines.of(Rig.HEADER).of(1));
    }

    @Test
    void eachLineOfASentenceIsExplained() {
        SourceLines lines = SourceLines.of(TEXT);
        assertEquals("read at ptx line 13 (saxpy.cu:9) and at ptx line 11, ptx line 6 (saxpy.cu:4), block 13",
                lines.explain("read at ptx line 13 and at ptx line 11, ptx line 6, block 13"));
        assertEquals("$1 at ptx line 99999999999", lines.explain("$1 at ptx line 99999999999"));
    }

    /** Lane 1 reads what lane 0 of another warp writes, and nothing orders the two. */
    @Test
    void faultsAndTheOtherSideOfARaceAreNamed() {
        Rig rig = new Rig(Rig.HEADER + """
                .visible .entry k() {
                .shared .align 4 .b8 cell[4];
                .reg .b32 %t; .reg .pred %p;
                mov.u32 %t, %tid.x; setp.lt.u32 %p, %t, 32;
                .loc 1 12 5
                @%p st.shared.u32 [cell], 1;
                .loc 1 13 5
                @!%p st.shared.u32 [cell], 2;
                ret; }
                .file 1 "/src/saxpy.cu"
                """);
        DeviceFault f = assertThrows(DeviceFault.class, () -> rig.launch("k", Rig.dim(1), Rig.dim(64), 0));
        int first = Rig.HEADER.split("\n").length + 6;
        assertEquals(DeviceFault.LAUNCH_FAILED, f.cudaError());
        String all = f.diagnostic();
        assertTrue(all.contains("ptx line " + first + " (saxpy.cu:12)"), all);
        assertTrue(all.contains("ptx line " + (first + 2) + " (saxpy.cu:13)"), all);
        assertEquals("k", f.kernel());
        assertTrue(f.line() == first || f.line() == first + 2, all);
    }

    @Test
    void refusalsAreNamed() {
        PtxException e = assertThrows(PtxException.class,
                () -> PtxModule.parse(TEXT.replace("ret;\n}\n.func", "no.such;\n}\n.func"), 9, 0));
        assertTrue(e.errors().get(0).startsWith("ptx line 13 (saxpy.cu:9): "), e.getMessage());
    }
}
