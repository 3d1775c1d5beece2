package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.examples.Example01Device;
import dev.culebra.examples.Example02Copy;
import dev.culebra.examples.Example03Launch;
import dev.culebra.examples.Example04SparseMultiply;
import dev.culebra.examples.Example05Generate;
import dev.culebra.tests.models.Models;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The examples run: those of the driver on the emulator, found by its name; each checks its own result. */
class ExamplesTest {

    private static String run(Consumer<String[]> main, String... args) {
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (PrintStream ours = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
            System.setOut(ours);
            main.accept(args);
        } finally {
            System.setOut(out);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    @Test
    void device() {
        String printed = run(Example01Device::main, "emulator");
        assertTrue(printed.contains("driver 'emulator'") && printed.contains("compute capability"), printed);
        assertEquals("no driver 'nothing': no provider of this name",
                run(Example01Device::main, "nothing").replaceFirst("name(?s:.*)", "name"));
    }

    @Test
    void copy() { assertTrue(run(Example02Copy::main, "emulator").startsWith("copied 1048576 numbers to device 0")); }

    @Test
    void launch() {
        assertTrue(run(Example03Launch::main, "emulator").endsWith("y[999] = 2997.0" + System.lineSeparator()));
    }

    @Test
    void multiply() {
        String printed = run(Example04SparseMultiply::main, "cpu");
        assertTrue(printed.contains("cpu (") && printed.contains("y[0][0] = "), printed);
    }

    @Test
    void generate() {
        String model = Models.folder(Models.KJV).toString();
        String printed = run(args -> assertDoesNotThrow(() -> Example05Generate.main(args)), model, "And God said",
                "cpu");
        assertTrue(printed.startsWith("And God said unto him, Thou shalt not go over the land of Egypt,"), printed);
        assertTrue(printed.contains(" new tokens, ") && printed.contains("cpu read "), printed);
        assertTrue(run(args -> assertDoesNotThrow(() -> Example05Generate.main(args))).startsWith("give a model's"));
    }
}
