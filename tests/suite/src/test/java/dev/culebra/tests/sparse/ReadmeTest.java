package dev.culebra.tests.sparse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The picture and the table in ptx/README.md are what the encoder makes today. */
class ReadmeTest {

    @Test
    void figuresAreCurrent() throws Exception {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.exists(at.resolve("ptx/README.md"))) {
            at = at.getParent();
            assertTrue(at != null, "tests run inside the repository");
        }
        String text = Files.readString(at.resolve("ptx/README.md"));
        assertEquals(TiledCslFigures.current(text), text, "run TiledCslFigures.main with the README's path");
    }
}
