package dev.culebra.tests.emulator.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.exec.Dim;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Of blocks that fail the lowest is reported, whichever was first. */
@Timeout(60)
class LowestBlockTest {

    /** Blocks from 3 on fail; the third runs long before it does, the others at once. */
    private static final String CODE = """
            mov.u32 %b, %ctaid.x; setp.lt.u32 %p, %b, 3; @%p bra DONE;
            setp.gt.u32 %p, %b, 3; @%p bra BAD; mov.u32 %c, 0;
            LONG: add.u32 %c, %c, 1; setp.lt.u32 %q, %c, 200000; @%q bra LONG;
            BAD: ld.global.u32 %d, [%out]; //!
            DONE:""";

    @RepeatedTest(5)
    void whateverTheNumberOfWorkers() {
        for (int workers : new int[]{1, 2, 4}) {
            Snippet snippet = new Snippet(CODE);
            snippet.grid = new Dim(40, 1, 1);
            snippet.workers = workers;
            DeviceFault f = Snippet.found(snippet, 32);
            assertEquals(3, f.block().x(), workers + " workers: " + f.diagnostic());
        }
    }

    /** A block below that waits for the failed one in vain is given up, and the failure told. */
    @Test
    void aBlockThatWaitsForTheFailedOne() {
        Snippet snippet = new Snippet("""
                mov.u32 %b, %ctaid.x; setp.eq.u32 %p, %b, 1; @%p bra BAD;
                SPIN: ld.volatile.global.u32 %c, [%in]; setp.lt.u32 %q, %c, 100000; @%q bra SPIN;
                BAD: ld.global.u32 %d, [%out]; //!
                """);
        snippet.grid = new Dim(2, 1, 1);
        snippet.workers = 2;
        DeviceFault f = Snippet.found(snippet, 32);
        assertEquals(1, f.block().x());
        assertTrue(f.diagnostic().contains("unwritten"), f.diagnostic());
    }
}
