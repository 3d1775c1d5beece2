package dev.culebra.tests.cpubench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.jmh.cpu.Contestant;
import dev.culebra.jmh.cpu.Reference;
import dev.culebra.jmh.cpu.Turns;
import dev.culebra.jmh.results.Samples;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TurnsTest {

    /** Notes what is asked of it. */
    private static final class Fake implements Contestant {

        private final String name;
        private final List<String> log;
        private final boolean wrong;
        private int calls;
        private int lastTurn = -1;
        private boolean fresh;

        Fake(String name, List<String> log, boolean wrong) {
            this.name = name;
            this.log = log;
            this.wrong = wrong;
        }

        @Override
        public void run(int turn) {
            assertTrue(turn == lastTurn + 1 || turn == 0, turn + " after " + lastTurn);
            lastTurn = turn;
            calls++;
            fresh = true;
        }

        @Override
        public void forget() {
            log.add(name);
            fresh = false;
        }

        @Override
        public void check() {
            assertTrue(fresh, "checked what was not made by a timed call");
            log.add("check " + name);
            if (wrong) throw new IllegalStateException(name + " is wrong");
        }
    }

    @Test
    void eachHasItsTurnsAndIsCheckedAfterItsLast() throws InterruptedException {
        List<String> log = new ArrayList<>();
        Fake a = new Fake("a", log, false);
        Fake b = new Fake("b", log, false);
        List<Samples> samples = new Turns(3, 1).measure(List.of(a, b));
        assertEquals(List.of("a", "b", "b", "a", "a", "check a", "b", "check b"), log);
        assertEquals(2, samples.size());
        assertTrue(samples.get(0).count() >= 9 && samples.get(0).count() < a.calls, samples.get(0) + " of " + a.calls);
        assertTrue(samples.get(1).medianUs() > 0);
    }

    /** Nothing comes back that could be recorded. */
    @Test
    void aWrongResultThrows() {
        List<String> log = new ArrayList<>();
        IllegalStateException e = assertThrows(IllegalStateException.class,
                () -> new Turns(2, 1).measure(List.of(new Fake("good", log, false), new Fake("bad", log, true))));
        assertEquals("bad is wrong", e.getMessage());
    }

    @Test
    void refusesNoRounds() {
        assertEquals("rounds is 0; give 1 or more",
                assertThrows(IllegalArgumentException.class, () -> new Turns(0, 1)).getMessage());
    }

    /** 3 x 2 weights of 1 to 6; two tokens. */
    private static Reference reference() {
        short[] w = new short[6];
        for (int i = 0; i < 6; i++) {
            w[i] = Float.floatToFloat16(i + 1);
        }
        Reference reference = new Reference(w, 3, 2);
        reference.multiply(new float[]{1, 10, -1, 0.5f}, 2);
        return reference;
    }

    private static final float[] RIGHT = {21, 43, 65, 0, -1, -2}; // [token][row], by hand

    @Test
    void theReferenceTakesTheRightResult() { reference().check("x", (token, row) -> RIGHT[token * 3 + row]); }

    @Test
    void theReferenceNamesTheWorstOfAWrongOne() {
        for (float wrong : new float[]{-1.001f, Float.NaN, 1}) {
            IllegalStateException e = assertThrows(IllegalStateException.class, () -> reference().check("it",
                    (token, row) -> token == 1 && row == 1
                            ? wrong
                            : token == 0 && row == 0 ? 21.0001f : RIGHT[token * 3 + row]));
            assertTrue(
                    e.getMessage()
                            .startsWith("it multiplied wrong: token 1, row 1 is " + wrong + " for -1.0, allowed "),
                    e.getMessage());
        }
    }
}
