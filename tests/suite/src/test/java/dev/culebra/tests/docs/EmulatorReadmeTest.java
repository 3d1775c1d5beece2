package dev.culebra.tests.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The tests that the emulator's README shows are those that a Maven project of its own runs in every build. */
class EmulatorReadmeTest {

    private static final Path PROJECT = Path.of("src/it/kernel-test");

    @Test
    void theTestsShownAreTheProjects() throws IOException {
        String tests = plain(Files.readString(PROJECT.resolve("src/test/java/example/ReversalTest.java")));
        String[] shown = only("java").split("\n\n");
        assertEquals(4, shown.length);
        for (String test : shown) assertTrue(tests.contains(plain(test)), () -> "this is not in the project: " + test);
    }

    @Test
    void theDependencyShownIsTheProjects() throws IOException {
        String pom = plain(Files.readString(PROJECT.resolve("pom.xml")));
        String shown = plain(only("xml")).replaceAll("<version>.*?</version>", "<version>@project.version@</version>");
        assertTrue(pom.contains(shown), shown);
    }

    /** The README's one block in a language. */
    private static String only(String language) throws IOException {
        List<MatchResult> blocks = Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("../emulator/README.md"))).results().toList();
        assertEquals(1, blocks.size());
        return blocks.get(0).group(1);
    }

    /** However lines are broken. */
    private static String plain(String code) { return code.replaceAll("\\s+", ""); }
}
