package dev.culebra.tests.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.driver.Cuda;
import dev.culebra.jmh.host.CProgram;
import dev.culebra.jmh.host.CProgram.Key;
import dev.culebra.jmh.host.CTimes;
import dev.culebra.jmh.host.NoOpDriver;
import dev.culebra.jmh.results.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

    /**
     * A driver in C, on the host: what is measured on a GPU runs and is checked here too. FAIL_AFTER copies it goes on to say
     * that all is well, and copies nothing.
     */
    private static final String DRIVER = """
            #include <stdlib.h>
            #include <string.h>
            #ifndef FAIL_AFTER
            #define FAIL_AFTER -1
            #endif
            static long copies;
            static int copy(void *to, const void *from, size_t bytes) {
                if (FAIL_AFTER < 0 || ++copies <= FAIL_AFTER) memcpy(to, from, bytes);
                return 0;
            }
            int cuInit(unsigned f) { return 0; }
            int cuDeviceGet(int *d, int n) { return 0; }
            int cuDevicePrimaryCtxRetain(void **c, int d) { return 0; }
            int cuDriverGetVersion(int *v) { return 0; }
            int cuCtxSetCurrent(void *c) { return 0; }
            int cuStreamCreate(void **s, unsigned f) { return 0; }
            int cuStreamQuery(void *s) { return 0; }
            int cuStreamSynchronize(void *s) { return 0; }
            int cuEventCreate(void **e, unsigned f) { return 0; }
            int cuEventQuery(void *e) { return 0; }
            int cuEventRecord(void *e, void *s) { return 0; }
            int cuModuleLoadData(void **m, const char *t) { return strstr(t, "increment") == NULL; }
            int cuModuleGetFunction(void **f, void *m, const char *n) { *f = (void *) (size_t) *n; return 0; }
            int cuMemAlloc_v2(void **p, size_t n) { return (*p = malloc(n)) == NULL; }
            int cuMemFree_v2(void *p) { free(p); return 0; }
            int cuMemHostAlloc(void **p, size_t n, unsigned f) { return (*p = malloc(n)) == NULL; }
            int cuMemFreeHost(void *p) { free(p); return 0; }
            int cuMemcpyHtoDAsync_v2(void *to, const void *from, size_t n, void *s) { return copy(to, from, n); }
            int cuMemcpyDtoHAsync_v2(void *to, const void *from, size_t n, void *s) { return copy(to, from, n); }
            int cuLaunchKernel(void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                               unsigned m, void *s, void **p, void **e) {
                unsigned *values = **(unsigned ***) p;
                for (unsigned i = 0; f == (void *) (size_t) 'i' && i < *(unsigned *) p[1]; i++) values[i]++;
                return 0;
            }
            int cuLaunchKernelEx(const void *c, void *f, void **p, void **e) { return 0; }
            """;

    private static Path driver(Path folder, String... flags) throws IOException, InterruptedException {
        assumeTrue(CProgram.compiler().isPresent(), "no gcc, cc or clang on the PATH");
        Path library = folder.resolve("libdriver.so");
        List<String> command = new ArrayList<>(
                List.of(CProgram.compiler().orElseThrow().toString(), "-shared", "-fPIC"));
        command.addAll(List.of(flags));
        command.addAll(List.of("-o", library.toString(),
                Files.writeString(folder.resolve("driver.c"), DRIVER).toString()));
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor());
        return library;
    }

    @Test
    void loopsAgainstADriverOnTheHostAreChecked(@TempDir Path folder) throws Exception {
        try (CProgram program = compile()) {
            assertEquals(9 + 4,
                    program.run("cuda", driver(folder).toString(), 2, 1, List.of(4096L)).size());
        }
    }

    /** The results of the rounds before are still there. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1000})
    void aRoundTripThatStopsCopyingIsFound(int after, @TempDir Path folder) throws Exception {
        Path driver = driver(folder, "-DFAIL_AFTER=" + after);
        try (CProgram program = compile()) {
            String message = assertThrows(IOException.class,
                    () -> program.run("cuda", driver.toString(), 2, 5, List.of())).getMessage();
            assertTrue(message.endsWith("round-trip: value 0 is 0, not 1"), message);
        }
    }

    @Test
    void whatFailsWithOneDriverIsMeasuredWithTheOther() throws Exception {
        assumeTrue(NoOpDriver.missing().isEmpty(), () -> NoOpDriver.missing().orElseThrow());
        CTimes times = new CTimes();
        try (CProgram program = compile()) {
            for (int run = 0; run < 2; run++) {
                times.measure(program, "cuda", "libno-such-driver.so.1", 1, 1, List.of());
                times.measure(program, NoOpDriver.NAME, "-", 1, 1, List.of());
            }
        }
        List<Row> rows = times.rows();
        assertEquals(9, rows.size());
        assertTrue(rows.stream().allMatch(row -> row.driver().equals(NoOpDriver.NAME)), rows::toString);
        IOException failure = times.failure().orElseThrow();
        assertTrue(failure.getMessage().contains("libno-such-driver.so.1"), failure.getMessage());
        assertEquals(0, failure.getSuppressed().length, "it was asked once");
    }

    /** As where temporary files lie on a file system that nothing can be run from. */
    @Test
    void aProgramThatCanNotBeRunIsToldBeforeAnythingIsMeasured(@TempDir Path folder) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "no /bin/sh");
        Path compiler = Files.writeString(folder.resolve("cc"), """
                #!/bin/sh
                while [ "$1" != -o ]; do shift; done
                : > "$2"
                """);
        assertTrue(compiler.toFile().setExecutable(true));
        String message = assertThrows(IOException.class, () -> CProgram.compile(compiler)).getMessage();
        assertTrue(message.contains("Cannot run program"), message);
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
