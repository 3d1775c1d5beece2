package dev.culebra.tests.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.spi.DriverProvider;
import dev.culebra.emulator.EmulatorProvider;
import dev.culebra.jmh.peer.GpuPeers;
import dev.culebra.jmh.peer.Places;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Libraries that are missing or broken: each is told of in one sentence, and nothing is thrown. */
class GpuPeersTest {

    /** The emulator under the name of NVIDIA's driver: no library gets so far as to notice. */
    private static final class Disguised implements DriverProvider {

        @Override
        public String name() { return "cuda"; }

        @Override
        public Result load() { return new EmulatorProvider().load(); }
    }

    private static final Cuda CUDA = Cuda.open(new Disguised());

    @TempDir
    private Path folder;

    private final Map<String, String> properties = new HashMap<>();

    private Map<String, String> missing(Cuda cuda, Path root) {
        Map<String, String> environment = Map.of();
        try (Context context = cuda.device(0).context();
                var found = GpuPeers.find(context, new Places(properties::get, environment::get, root))) {
            assertEquals(List.of(), found.peers());
            Map<String, String> missing = found.missing().stream()
                    .collect(Collectors.toMap(GpuPeers.Missing::name, GpuPeers.Missing::why));
            assertEquals(Set.of("cublaslt", "cusparse", "cusparselt"), missing.keySet());
            missing.values().forEach(why -> assertTrue(!why.contains("\n"), why));
            return missing;
        }
    }

    private String cublasLt(Path file) {
        properties.put("culebra.cublaslt", file.toString());
        // The others are sought in no real place, since a machine may have them.
        properties.put("culebra.cusparse", folder.resolve("none").toString());
        properties.put("culebra.cusparselt", folder.resolve("none").toString());
        return missing(CUDA, folder).get("cublaslt");
    }

    @Test
    void anotherDriverHasNone() {
        assertEquals("cuBLASLt runs on NVIDIA's driver alone, and this device is of the driver 'emulator'",
                missing(Cuda.open("emulator"), folder).get("cublaslt"));
    }

    @Test
    void aPathThatIsNotThere() {
        Path none = folder.resolve("libcublasLt.so.13");
        assertEquals("-Dculebra.cublaslt=" + none + " is no file, and no folder with a libcublasLt.so in it; give"
                + " -Dculebra.cublaslt=PATH, its file or folder, or leave it out to look in the usual places",
                cublasLt(none));
    }

    @Test
    void aFileThatIsNoLibrary() throws IOException {
        Path text = Files.writeString(folder.resolve("libcublasLt.so.13"),
                "no library, though it is longer than a header".repeat(9));
        assertEquals("cuBLASLt was found and can not be used: " + text + ": invalid ELF header; give another with"
                + " -Dculebra.cublaslt=PATH", cublasLt(text));
    }

    @Test
    void anotherLibrary() {
        Path java = Path.of(System.getProperty("java.home"), "lib", "libjava.so");
        assumeTrue(Files.exists(java), "this JDK has no " + java);
        assertEquals("cuBLASLt was found and can not be used: " + java + " has no function cublasLtCreate; give"
                + " another with -Dculebra.cublaslt=PATH", cublasLt(java));
    }

    /** It fails there, since it is another library, or since there is no GPU. */
    @Test
    void cusparseltIsTriedInAProcessOfItsOwn() {
        Path java = Path.of(System.getProperty("java.home"), "lib", "libjava.so");
        assumeTrue(Files.exists(java), "this JDK has no " + java);
        cublasLt(folder.resolve("none"));
        properties.put("culebra.cusparselt", java.toString());
        String why = missing(CUDA, folder).get("cusparselt");
        String reason = Cuda.available().available() ? "has no function cusparseLtInit" : "No CUDA driver";
        assertTrue(why
                .startsWith("cuSPARSELt was found and can not be used: " + java + ": tried in a process of its own: ")
                && why.contains(reason), why);
    }

    /** As cuSPARSE needs nvJitLink, which Python has in a folder of its own. */
    @Test
    void whatALibraryNeedsIsLoadedFirst() throws Exception {
        Path lib = Files.createDirectories(folder.resolve("usr/local/cuda/lib64"));
        Path needed = lib.resolve("libneeded.so.7");
        Path user = folder.resolve("libcublasLt.so.13");
        assumeTrue(compile("int needed(void) { return 7; }", needed, "-Wl,-soname,libneeded.so.7"),
                "gcc does not run here");
        assertTrue(compile("int needed(void); int user(void) { return needed(); }", user, "-Wl,--no-as-needed",
                needed.toString()));
        assertEquals("cuBLASLt was found and can not be used: " + user + " has no function cublasLtCreate; give"
                + " another with -Dculebra.cublaslt=PATH", cublasLt(user));
    }

    @Test
    void whatALibraryNeedsIsNotThere() throws Exception {
        Path needed = folder.resolve("libneeded.so.8");
        Path user = folder.resolve("libcublasLt.so.13");
        assumeTrue(compile("int needed(void) { return 7; }", needed, "-Wl,-soname,libneeded.so.8"),
                "gcc does not run here");
        assertTrue(compile("int needed(void); int user(void) { return needed(); }", user, "-Wl,--no-as-needed",
                needed.toString()));
        Files.delete(needed);
        String why = cublasLt(user);
        assertTrue(why
                .startsWith("cuBLASLt was found and can not be used: " + user + ": libneeded.so.8: cannot open shared"
                        + " object file"),
                why);
    }

    private boolean compile(String source, Path to, String... more) throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("source.c"), source);
        List<String> command = new ArrayList<>(
                List.of("gcc", "-shared", "-fPIC", "-o", to.toString(), file.toString()));
        command.addAll(List.of(more));
        try {
            return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
