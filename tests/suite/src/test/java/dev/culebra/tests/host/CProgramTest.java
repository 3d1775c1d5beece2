package dev.culebra.tests.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.driver.Cuda;
import dev.culebra.jmh.host.CProgram;
import dev.culebra.jmh.host.CProgram.Key;
import dev.culebra.jmh.host.NoOpDriver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The same loops in C: they compile without a warning, and run. */
class CProgramTest {

    private static CProgram compile() throws IOException, InterruptedException {
        assumeTrue(CProgram.compiler().isPresent(), "no gcc, cc or clang on the PATH");
        return CProgram.compile(CProgram.compiler().orElseThrow(), "-Wall", "-Wextra", "-Werror");
    }

    @Test
    void loopsAgainstNothingGivePositiveSamples() throws Exception {
        assumeTrue(NoOpDriver.missing().isEmpty(), () -> NoOpDriver.missing().orElseThrow());
        try (CProgram program = compile()) {
            Map<Key, List<Double>> times = program.run(NoOpDriver.NAME, "-", 2, 1, List.of(4096L, 65536L));
            assertEquals(Set.of("downcall", "set-current", "stream-query", "event-query", "event-record",
                    "prepared-launch", "prepared-launch-ex", "argument-change", "round-trip", "copy-in-pinned",
                    "copy-in-pageable", "copy-out-pinned", "copy-out-pageable"),
                    times.keySet().stream().map(Key::benchmark).collect(Collectors.toSet()));
            assertEquals(9 + 2 * 4, times.size());
            times.forEach((key, us) -> {
                assertEquals(2, us.size(), key::toString);
                assertTrue(us.stream().allMatch(time -> time > 0 && Double.isFinite(time)), () -> key + ": " + us);
            });
        }
    }

    @Test
    void aDriverThatIsMissingIsNamed() throws Exception {
        try (CProgram program = compile()) {
            String message = assertThrows(IOException.class,
                    () -> program.run("cuda", "libno-such-driver.so.1", 1, 1, List.of())).getMessage();
            assertTrue(message.contains("libno-such-driver.so.1"), message);
        }
    }

    @Test
    void whatDoesNotCompileIsTold() {
        assumeTrue(CProgram.compiler().isPresent(), "no gcc, cc or clang on the PATH");
        Path compiler = CProgram.compiler().orElseThrow();
        String message = assertThrows(IOException.class, () -> CProgram.compile(compiler, "-fno-such-flag-there"))
                .getMessage();
        assertTrue(message.contains("no-such-flag-there"), message);
    }

    /** Where there is a GPU the results are checked too, in C. */
    @Test
    void loopsAgainstNvidiasDriver() throws Exception {
        assumeTrue(Cuda.available().available(), () -> "no GPU: " + Cuda.available().reason());
        try (CProgram program = compile()) {
            Map<Key, List<Double>> times = program.run("cuda", Cuda.open().origin(), 1, 5, List.of(65536L));
            assertEquals(9 + 4, times.size());
        }
    }
}
