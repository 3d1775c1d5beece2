package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.exec.RunStatistics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who has the next turn, and what a launch comes to when it does not end well. */
class SchedulingTest {

    /** A lock that every thread takes once, by an exchange or by a compare-and-swap, in global or in shared memory. */
    private static String lock(String space, boolean exchange) {
        return Rig.HEADER + """
                .visible .entry lock(.param .u64 lock, .param .u64 count) {
                  .shared .align 4 .u32 own;
                  .reg .u64 %%g, %%a, %%c;
                  .reg .u32 %%old, %%n, %%t;
                  .reg .pred %%p;
                  ld.param.u64 %%g, [lock];
                  ld.param.u64 %%c, [count];
                  mov.u64 %%a, %s;
                  mov.u32 %%t, %%tid.x;
                  setp.ne.u32 %%p, %%t, 0;
                  @%%p bra READY;
                  st.shared.u32 [own], 0;
                READY:
                  bar.sync 0;
                SPIN:
                  atom.%s.%s;
                  setp.ne.u32 %%p, %%old, 0;
                  @%%p bra SPIN;
                  membar.gl;
                  ld.volatile.global.u32 %%n, [%%c];
                  add.u32 %%n, %%n, 1;
                  st.volatile.global.u32 [%%c], %%n;
                  membar.gl;
                  atom.%s.exch.b32 %%old, [%%a], 0;
                  ret;
                }
                """.formatted(space.equals("shared") ? "own" : "%g", space,
                exchange ? "exch.b32 %old, [%a], 1" : "cas.b32 %old, [%a], 0, 1", space);
    }

    /** A turn is 16,384 instructions: spent in vain for each of 96 holders, they would be 1.6 million. */
    @ParameterizedTest
    @CsvSource({"global,true", "global,false", "shared,true", "shared,false"})
    void aLockThatIsNotFreeGivesItsHolderATurn(String space, boolean exchange) throws DeviceFault {
        Rig rig = new Rig(lock(space, exchange));
        long count = rig.upload(0);
        RunStatistics done = rig.launch("lock", Rig.dim(1), Rig.dim(96), 0, rig.upload(0), count);
        assertEquals(96, rig.ints(count)[0]);
        assertTrue(done.warpInstructions() < 1 << 18, done.toString());
    }

    @Test
    void aLockOfManyBlocksAndWorkers() throws DeviceFault {
        Rig rig = new Rig(lock("global", false));
        rig.workers = 4;
        long count = rig.upload(0);
        rig.launch("lock", Rig.dim(40), Rig.dim(48), 0, rig.upload(0), count);
        assertEquals(40 * 48, rig.ints(count)[0]);
    }

    @Test
    void whoTakesTheOutputMayFail() {
        Rig rig = Rig.corpus("objects.ptx");
        RuntimeException full = new RuntimeException("full");
        rig.spec = rig.spec.withOutput(text -> {
            throw full;
        });
        assertSame(full, assertThrows(RuntimeException.class,
                () -> rig.launch("flood", Rig.dim(2), Rig.dim(32), 0, 1)));
    }
}
