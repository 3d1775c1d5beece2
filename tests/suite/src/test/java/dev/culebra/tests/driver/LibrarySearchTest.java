package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Availability;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaUnavailableException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where NVIDIA's driver is looked for. It is decided once a process, so each case is a process of its own. */
class LibrarySearchTest {

    @TempDir
    Path folder;

    /** What the other process runs: prints the reason, and makes sure that opening says the same. */
    public static final class Ask {

        private Ask() {}

        public static void main(String[] args) {
            Availability availability = Cuda.available();
            System.out.print(availability.available() + "|" + availability.reason());
            if (availability.available()) return;
            try {
                Cuda.open();
                System.out.print("|opened");
            } catch (CudaUnavailableException e) {
                System.out.print(e.reason().equals(availability.reason()) ? "" : "|another reason: " + e.reason());
            }
        }
    }

    private static String ask(String property, String variable) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path")));
        if (property != null) command.add("-Dculebra.cuda.driver=" + property);
        command.add(Ask.class.getName());
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().remove("CULEBRA_CUDA_DRIVER");
        if (variable != null) builder.environment().put("CULEBRA_CUDA_DRIVER", variable);
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), out);
        return out;
    }

    @Test
    void aFileThatIsNotThereIsTheLoadersSentence() throws Exception {
        String missing = folder.resolve("libnothing.so").toString();
        String sentence = "false|" + missing + ": cannot open shared object file: No such file or directory";
        assertEquals(sentence, ask(missing, null));
        assertEquals(sentence, ask(null, missing));
    }

    @Test
    void thePropertyGoesBeforeTheVariable() throws Exception {
        String missing = folder.resolve("libone.so").toString();
        assertTrue(ask(missing, folder.resolve("libtwo.so").toString()).startsWith("false|" + missing + ": "));
    }

    @Test
    void aFileThatIsNoLibraryIsTheLoadersSentence() throws Exception {
        Path text = Files.writeString(folder.resolve("libtext.so"),
                "no library, but long enough to be read as one".repeat(9));
        assertEquals("false|" + text + ": invalid ELF header", ask(text.toString(), null));
    }

    @Test
    void aLibraryThatIsNoDriverSaysSo() throws Exception {
        String out = ask("libm.so.6", null);
        assertTrue(out.startsWith("false|libm.so.6 has no cuGetProcAddress_v2"), out);
        assertTrue(out.contains("12.0"), out);
    }

    @Test
    void withoutAChoiceTheUsualNamesAreLookedFor() throws Exception {
        String out = ask(null, null);
        // Where there is a driver it is found; where there is none, all three names and why not.
        assertTrue(out.equals("true|") || out.startsWith("false|") && (out.contains("libcuda.so.1: ")
                && out.contains("libcuda.so: ") && out.contains("/usr/lib/wsl/lib/libcuda.so.1: ")
                || out.contains("cuInit")), out);
    }
}
