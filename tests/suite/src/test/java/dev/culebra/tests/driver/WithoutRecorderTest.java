package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.examples.Example03Launch;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** A runtime image that has java.base alone is enough: no flight recorder, no logging framework. */
class WithoutRecorderTest {

    @Test
    void theDriverLayerNeedsJavaBaseAlone() throws Exception {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--limit-modules", "java.base", "--enable-native-access=ALL-UNNAMED", "-cp",
                System.getProperty("java.class.path"), Example03Launch.class.getName(), "emulator")
                .redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), out);
        assertTrue(out.contains("y[999] = 2997.0"), out);
    }
}
