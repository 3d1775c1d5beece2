package dev.culebra.tests.kernel;

import static dev.culebra.tests.machine.CompilerTools.onPath;
import static dev.culebra.tests.machine.CompilerTools.release;
import static dev.culebra.tests.machine.CompilerTools.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.kernel.KernelCatalog;
import dev.culebra.kernel.KernelInstance;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The committed PTX is what its sources give, and every architecture's assembler takes it without spills. */
class PtxBuildTest {

    private static final Path PTX = repository().resolve("ptx");
    private static final Path SOURCES = PTX.resolve("src/main/cuda");

    @TempDir
    Path directory;

    /** The repository's root, from wherever the tests are started. */
    static Path repository() {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.exists(at.resolve("ptx/compile.sh"))) {
            at = at.getParent();
            assertTrue(at != null, "tests run inside the repository");
        }
        return at;
    }

    private static Map<String, String> modules() {
        Map<String, String> modules = new LinkedHashMap<>();
        KernelCatalog.all().forEach(k -> modules.put(k.resource(), KernelCatalog.ptx(k)));
        return modules;
    }

    /** Needs no compiler: a source that was changed without compiling again is found on every machine. */
    @Test
    void hashOnTopIsThatOfTheSources() throws Exception {
        for (Map.Entry<String, String> module : modules().entrySet()) {
            Matcher sources = Pattern.compile("^// sources: (.*)$", Pattern.MULTILINE).matcher(module.getValue());
            Matcher hash = Pattern.compile("^// sources-sha256: ([0-9a-f]{64})$", Pattern.MULTILINE)
                    .matcher(module.getValue());
            assertTrue(sources.find() && hash.find(), module.getKey());
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            for (String source : sources.group(1).split(" ")) {
                sha.update(Files.readAllBytes(SOURCES.resolve(source)));
            }
            assertEquals(hash.group(1), HexFormat.of().formatHex(sha.digest()),
                    module.getKey() + ": sources changed; run ptx/compile.sh");
        }
    }

    @Test
    void compilingAgainGivesTheSame() throws Exception {
        assumeTrue(onPath("nvcc") && onPath("ptxas"), "no nvcc and ptxas on the PATH");
        String here = release(run("nvcc", "--version"));
        String compiler = "// compiler: nvcc " + here + "\n";
        assumeTrue(modules().values().stream().allMatch(m -> m.contains(compiler)),
                () -> "nvcc here is " + here + "; the committed PTX is another one's");
        run("bash", PTX.resolve("compile.sh").toString(), directory.toString());
        for (Map.Entry<String, String> module : modules().entrySet()) {
            assertEquals(Files.readString(directory.resolve(module.getKey())), module.getValue(), module.getKey());
        }
        try (var made = Files.list(directory)) {
            assertEquals(new TreeSet<>(modules().keySet()),
                    new TreeSet<>(made.map(p -> p.getFileName().toString()).toList()), "no more, no fewer");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sm_80", "sm_86", "sm_89", "sm_90", "sm_90a", "sm_100", "sm_120"})
    void assemblesWithoutSpills(String architecture) throws Exception {
        assumeTrue(onPath("ptxas"), "no ptxas on the PATH");
        assumeTrue(run("ptxas", "--help").contains("'" + architecture + "'"),
                () -> "ptxas here does not know " + architecture);
        for (Map.Entry<String, String> module : modules().entrySet()) {
            boolean specific = module.getValue().contains(".target sm_90a\n");
            if (specific != architecture.equals("sm_90a")
                    || module.getValue().contains(".target sm_90\n") && architecture.matches("sm_8\\d")) {
                continue; // there another one serves
            }
            Path ptx = Files.writeString(directory.resolve(module.getKey()), module.getValue());
            String log = run("ptxas", "-v", "-arch=" + architecture, ptx.toString(), "-o",
                    directory.resolve("out.cubin").toString());
            assertFalse(log.contains("Potential Performance Loss"), log); // products of warpgroups one after the other
            List<String> stack = log.lines().filter(l -> l.contains("bytes stack frame")).map(String::strip).toList();
            assertEquals(
                    KernelCatalog.all().stream().map(KernelInstance::resource).filter(module.getKey()::equals).count(),
                    stack.size(), log);
            for (String line : stack) {
                assertEquals("0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads", line, log);
            }
        }
    }
}
