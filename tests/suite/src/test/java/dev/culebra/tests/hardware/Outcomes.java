package dev.culebra.tests.hardware;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every way in which a test can end, for {@link HardwareTestsTest}; by its name no test of the build's. */
class Outcomes {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void passes(int number) { assertEquals("emulator", System.getProperty("culebra.tests.provider")); }

    @Test
    void fails() { fail("on\npurpose"); }

    @Test
    void isNotTried() { assumeTrue(false, "never here"); }

    @Test
    @Disabled("switched off")
    void isDisabled() {}

    @Nested
    class Inside {
        @Test
        void passesToo() { System.out.println("something said"); }
    }

    /** Ends the JVM in the middle. */
    static class Deadly {
        @Test
        void ends() { System.exit(3); }
    }

    /** Has nothing to run. */
    static class Empty {}
}
