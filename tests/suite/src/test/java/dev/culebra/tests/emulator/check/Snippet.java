package dev.culebra.tests.emulator.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.culebra.emulator.check.Check;
import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.exec.DeviceSpec;
import dev.culebra.emulator.exec.Dim;
import dev.culebra.emulator.exec.KernelRun;
import dev.culebra.emulator.exec.PtxModule;
import dev.culebra.emulator.memory.AddressSpace;
import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.ptx.PtxException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.Set;

/**
 * A few instructions run in a block. A thread finds its index in %t, that over 32 in %w and the rest in %l, the address of its
 * word of shared memory (4096 bytes, {@code smem}) in %s, that of its word of the written input, its own index, in %in, and of
 * its word of the fresh output in %out. There are 32-bit registers %a to %h and %x0 to %x9, 64-bit %y0 to %y9, predicates %p, %q.
 *
 * <p>
 * The line with {@code //!} is where a mistake must be found, and the one with {@code //?} what the diagnostic must name beside
 * it; of two accesses that race it may be the other way round.
 */
final class Snippet implements AddressSpace {

    /** Words of input and of output. */
    static final int WORDS = 2048;

    private static final String BEFORE = """
            .version 8.0
            .target sm_90
            .address_size 64
            .visible .entry k(.param .u64 in, .param .u64 out) {
            .shared .align 16 .b8 smem[4096];
            .reg .b32 %t, %w, %l, %s, %a, %b, %c, %d, %e, %f, %g, %h, %x<10>;
            .reg .b64 %in, %out, %o, %y<10>; .reg .f32 %r<10>; .reg .b16 %k<4>; .reg .pred %p, %q;
            ld.param.u64 %in, [in]; ld.param.u64 %out, [out];
            mov.u32 %t, %tid.x; shr.u32 %w, %t, 5; and.b32 %l, %t, 31;
            mul.wide.u32 %o, %t, 4; add.s64 %in, %in, %o; add.s64 %out, %out, %o;
            shl.b32 %s, %t, 2; mov.u32 %a, smem; add.u32 %s, %s, %a; mov.u32 %a, %t;
            """;

    /** Zeroes all of the shared memory, and tells everybody. */
    static final String FILL = """
            mov.u32 %x9, smem; add.u32 %x8, %x9, 4096; mov.u32 %x9, %s; mov.u32 %x7, 0;
            FILL: setp.ge.u32 %p, %x9, %x8; @%p bra FILLED; st.shared.u32 [%x9], %x7; mov.u32 %x6, %ntid.x; shl.b32 %x6, %x6, 2;
            add.u32 %x9, %x9, %x6; bra FILL;
            FILLED: bar.sync 0;
            """;

    private final Arena arena = Arena.ofAuto();
    private final Allocation input;
    final Allocation output;
    private final String text;
    DeviceSpec spec = DeviceSpec.of(9, 0);
    Dim grid = new Dim(1, 1, 1);
    int workers = 1;

    Snippet(String code) { this("", code); }

    /** Code with functions before the kernel; these start with the header. */
    Snippet(String functions, String code) {
        text = (functions.isEmpty() ? BEFORE : functions + BEFORE.substring(BEFORE.indexOf(".visible"))) + code
                + "\nret; }\n";
        input = new Allocation(0x1000_0000L, arena.allocate(4 * WORDS, 256), "the input");
        for (int i = 0; i < WORDS; i++) {
            input.bytes.set(ValueLayout.JAVA_INT, 4L * i, i);
        }
        output = new Allocation(0x2000_0000L, arena.allocate(4 * WORDS, 256),
                "allocation #7 of " + 4 * WORDS + " bytes",
                arena.allocate(4 * WORDS, 256));
    }

    @Override
    public Allocation find(long address, int length) {
        return input.holds(address, length) ? input : output.holds(address, length) ? output : null;
    }

    @Override
    public String explain(long address) { return "nowhere"; }

    /** The line on which a snippet's own code begins. */
    static int firstLine() {
        return (int) BEFORE.lines().count() + 1;
    }

    /** Runs it, and gives what was found, or null. */
    DeviceFault run(int threads) {
        MemorySegment params = arena.allocate(16, 16);
        params.set(ValueLayout.JAVA_LONG, 0, input.base);
        params.set(ValueLayout.JAVA_LONG, 8, output.base);
        try {
            PtxModule module = PtxModule.parse(text, 9, 0);
            KernelRun.run(module.kernel("k"), grid, new Dim(threads, 1, 1), null, 0, params, this, Map.of(), spec,
                    workers, false, false, null);
            return null;
        } catch (DeviceFault f) {
            return f;
        } catch (PtxException e) {
            return fail(e.getMessage(), e);
        }
    }

    int[] words() { return output.bytes.toArray(ValueLayout.JAVA_INT); }

    private int line(String mark) {
        String[] lines = text.split("\n");
        for (int i = 0; i < lines.length; i++) {
            if (lines[i].contains(mark)) {
                return i + 1;
            }
        }
        return 0;
    }

    /** The code is found to break a rule, just where it is marked, and passes when the rule's check is off. */
    static DeviceFault caught(Check check, int threads, String code, String... words) {
        Snippet snippet = new Snippet(code);
        DeviceFault f = found(snippet, threads, words);
        Snippet again = new Snippet(code);
        java.util.EnumSet<Check> rest = java.util.EnumSet.allOf(Check.class);
        rest.remove(check);
        again.spec = again.spec.withChecks(rest);
        DeviceFault off = again.run(threads);
        assertNull(off, () -> "with the check off: " + off.diagnostic());
        return f;
    }

    /** The same for what makes no sense without the check: it may hang then, or fail in another way. */
    static DeviceFault found(Snippet snippet, int threads, String... words) {
        DeviceFault f = snippet.run(threads);
        assertTrue(f != null, "nothing was found");
        assertEquals(DeviceFault.LAUNCH_FAILED, f.cudaError(), f.diagnostic());
        int here = snippet.line("//!");
        int other = snippet.line("//?");
        if (other > 0 && f.line() == other) { // of two that race either may come first
            other = here;
            here = f.line();
        }
        assertEquals(here, f.line(), f.diagnostic());
        assertTrue(other == 0 || f.diagnostic().matches("(?s).*ptx line " + other + "\\b.*"),
                f.diagnostic() + " names no line " + other);
        for (String w : words) {
            assertTrue(f.diagnostic().contains(w), f.diagnostic() + " lacks \"" + w + "\"");
        }
        return f;
    }

    /** Nothing is found in the code, with all checks on. */
    static int[] legal(int threads, String code) {
        Snippet snippet = new Snippet(code);
        DeviceFault f = snippet.run(threads);
        assertNull(f, () -> f.diagnostic());
        return snippet.words();
    }

    /** The output of the code with no check on. */
    static int[] unchecked(int threads, String code) {
        Snippet snippet = new Snippet(code);
        snippet.spec = snippet.spec.withChecks(Set.of());
        DeviceFault f = snippet.run(threads);
        assertNull(f, () -> f.diagnostic());
        return snippet.words();
    }
}
