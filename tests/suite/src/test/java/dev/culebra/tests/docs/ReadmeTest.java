package dev.culebra.tests.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.Stream;
import dev.culebra.llm.opt.OptModel;
import dev.culebra.spmm.Spmm;
import dev.culebra.tests.models.Models;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** README's code is code that runs: the ten lines in a project of their own, the kernel here. */
class ReadmeTest {

    /** The suite runs in its own folder. */
    private static final Path ROOT = Path.of("../..");

    private static final String PTX = """
            .version 7.0
            .target sm_80
            .address_size 64
            .visible .entry fill(.param .u64 y, .param .f32 value, .param .u32 n) {
                .reg .pred %p;
                .reg .b32 %i, %block, %threads, %n;
                .reg .f32 %v;
                .reg .b64 %y, %offset;
                mov.u32 %block, %ctaid.x;
                mov.u32 %threads, %ntid.x;
                mov.u32 %i, %tid.x;
                mad.lo.u32 %i, %block, %threads, %i;
                ld.param.u32 %n, [n];
                setp.ge.u32 %p, %i, %n;
                @%p bra DONE;
                ld.param.u64 %y, [y];
                ld.param.f32 %v, [value];
                mul.wide.u32 %offset, %i, 4;
                add.u64 %y, %y, %offset;
                st.global.f32 [%y], %v;
            DONE:
                ret;
            }
            """;

    @Test
    void theTenLinesAreWhatTheConsumerRuns() throws IOException {
        assertContains(Path.of("src/it/consumer/src/main/java/example/Multiply.java"), block("Embed it"));
    }

    @Test
    void theCoordinatesAreWhatTheConsumerDependsOn() throws IOException {
        String pom = Files.readString(Path.of("src/it/consumer/pom.xml"));
        String readme = Files.readString(ROOT.resolve("README.md"));
        Matcher artifact = Pattern.compile("<artifactId>culebra-\\w+</artifactId>").matcher(readme);
        assertTrue(artifact.find(), "README names no artifact");
        assertTrue(pom.contains(artifact.group()), artifact.group() + " is not what the consumer depends on");
        String version = Pattern.compile("<version>(.*?)</version>").matcher(readme).results().findFirst()
                .orElseThrow().group();
        assertTrue(
                Files.readString(ROOT.resolve("pom.xml"))
                        .contains("<artifactId>culebra-parent</artifactId>\n  " + version),
                version + " is not the version that is built");
    }

    @Test
    void theKernelRuns() throws IOException {
        String ptx = PTX;
        // What follows is README's, to the letter.
        Cuda cuda = Cuda.open("emulator"); // in production: Cuda.open()
        try (Context context = cuda.device(0).context();
                Stream stream = context.newStream();
                CudaModule module = context.load(ptx); // the text that nvcc -ptx printed
                DeviceBuffer y = context.allocate(1000 * Float.BYTES)) {
            module.kernel("fill").launch(stream, LaunchConfig.covering(1000, 128), y, 2f, 1000);
            float[] result = new float[1000];
            y.download(MemorySegment.ofArray(result)); // waits for the kernel, which used the buffer
            for (float f : result) assertEquals(2f, f);
        }
        assertContains(Path.of("src/test/java/dev/culebra/tests/docs/ReadmeTest.java"), block("Your own PTX"));
    }

    @Test
    void theModelWrites() throws IOException {
        Path path = Models.folder(Models.KJV);
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        // What follows is README's, to the letter.
        try (var device = Spmm.open(); // the GPU if there is one, else the CPU
                var model = OptModel.load(path, device); // immutable: any number of threads may share it
                var session = model.newSession()) { // one thread's: its caches and scratch memory
            var options = model.defaultOptions().withMaxNewTokens(40); // greedy, up to the end of the text
            session.generate("And God said", options, (sequence, id, text) -> {
                System.out.print(text); // as it comes
                return true; // go on
            });
        } finally {
            System.setOut(out);
        }
        String text = printed.toString(StandardCharsets.UTF_8);
        assertTrue(text.startsWith(" unto him, Thou shalt not go over the land"), text);
        assertContains(Path.of("src/test/java/dev/culebra/tests/docs/ReadmeTest.java"),
                block("From a checkpoint to text"));
    }

    /** "An access out of bounds is a CudaException that names kernel, PTX line, block and thread". */
    @Test
    void anAccessOutOfBoundsIsNamed() {
        Cuda cuda = Cuda.open("emulator");
        try (Context context = cuda.device(0).context()) {
            CudaModule module = context.load(PTX);
            DeviceBuffer y = context.allocate(1000 * Float.BYTES);
            Stream stream = context.newStream();
            module.kernel("fill").launch(stream, LaunchConfig.covering(1024, 128), y, 2f, 1024);
            CudaException e = assertThrows(CudaException.class, stream::synchronize);
            // Element 1000 is the first outside: block 1000 / 128 = 7, the only one that faults, thread 1000 - 7 * 128 = 104.
            for (String part : List.of("fill", "line 20", "(7,0,0)", "(104,0,0)")) {
                assertTrue(e.getMessage().contains(part), () -> part + " is not in: " + e.getMessage());
            }
            for (AutoCloseable c : List.of(module, y, stream)) assertThrows(CudaException.class, c::close); // lost with it
        }
    }

    private static void assertContains(Path source, List<String> lines) throws IOException {
        List<String> code = Files.readAllLines(source).stream().map(ReadmeTest::plain).toList();
        int at = 0;
        for (String line : lines) {
            int from = at;
            at = code.subList(from, code.size()).indexOf(line);
            assertTrue(at >= 0, () -> "README's line is not in " + source + " where it should be: " + line);
            at += from + 1;
        }
    }

    /** The lines of the first Java block under a heading, without the closing brace, spaces and comments. */
    private static List<String> block(String heading) throws IOException {
        String readme = Files.readString(ROOT.resolve("README.md"));
        int section = readme.indexOf("\n## " + heading);
        assertTrue(section >= 0, () -> "README has no section " + heading);
        int begin = readme.indexOf("```java\n", section);
        String code = readme.substring(begin + 8, readme.indexOf("```", begin + 8));
        List<String> lines = new ArrayList<>();
        for (String line : code.split("\n")) if (!plain(line).equals("}")) lines.add(plain(line));
        assertTrue(lines.size() >= 6, () -> "no code under " + heading);
        return lines;
    }

    private static String plain(String line) { return line.replaceAll("//.*", "").trim().replaceAll("\\s+", " "); }
}
