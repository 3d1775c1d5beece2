package dev.culebra.llm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import dev.culebra.llm.json.MalformedJsonException;
import dev.culebra.llm.json.StrictJson;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** The JSON of a model's folder. */
final class JsonFile {
    /** A hundred times the index of OPT-175B, whose 1,500 tensors take 150 KB. */
    private static final long LONGEST = 16 << 20;

    private JsonFile() {}

    /** The object in a file. */
    static JsonNode read(Path file) throws IOException { return parse(file, bytes(file)); }

    /** The object in a file's text. */
    static JsonNode parse(Path file, byte[] utf8) throws CheckpointException {
        try {
            return StrictJson.object(utf8);
        } catch (MalformedJsonException e) {
            throw new CheckpointException(file, e.getMessage());
        }
    }

    private static byte[] bytes(Path file) throws IOException {
        try {
            if (!Files.isRegularFile(file) && Files.exists(file)) {
                throw new CheckpointException(file, "not a regular file");
            }
            long bytes = Files.size(file);
            if (bytes > LONGEST) {
                throw new CheckpointException(file, bytes + " bytes; such a file has " + LONGEST + " at most");
            }
            return Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new CheckpointException(file, "no such file");
        }
    }
}
