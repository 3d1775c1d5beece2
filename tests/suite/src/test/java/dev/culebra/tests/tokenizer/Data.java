package dev.culebra.tests.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.culebra.llm.tokenizer.Tokenizer;
import dev.culebra.tests.models.Models;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

/** The tokenizers of the tests, and what Hugging Face's make of texts (README.md beside the data). */
final class Data {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Data() {}

    static Tokenizer kjv() {
        try {
            return Tokenizer.find(Models.folder(Models.KJV)).orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] bytes(String name) {
        try (InputStream in = Data.class.getResourceAsStream(name)) {
            if (in == null) throw new FileNotFoundException("no resource " + name);
            return name.endsWith(".gz") ? new GZIPInputStream(in).readAllBytes() : in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonNode json(String name) {
        try {
            return JSON.readTree(bytes(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Real files of resources, in a folder of the test's own. */
    static Path folder(Path into, String name, String... files) throws IOException {
        for (var file : files) Files.write(into.resolve(file), bytes(name + "/" + file));
        return into;
    }

    static int[] ids(JsonNode list) {
        return IntStream.range(0, list.size()).map(i -> list.get(i).intValue()).toArray();
    }

    /** The mixed tokenizer with some of its parts replaced, each by its path. */
    static byte[] edited(JsonNode edits) {
        var root = (ObjectNode) json("mixed/tokenizer.json");
        for (var edit : edits) {
            var path = edit.get(0);
            var node = root;
            for (int i = 0; i < path.size() - 1; i++) node = (ObjectNode) node.get(path.get(i).textValue());
            node.set(path.get(path.size() - 1).textValue(), edit.get(1));
        }
        return root.toString().getBytes(StandardCharsets.UTF_8);
    }

    static void assertIds(Tokenizer tokenizer, String text, int[] expected, int[] actual) {
        assertArrayEquals(expected, actual, () -> "of " + JSON.valueToTree(text) + ": expected "
                + tokens(tokenizer, expected) + ", got " + tokens(tokenizer, actual));
    }

    private static List<String> tokens(Tokenizer tokenizer, int[] ids) {
        return IntStream.of(ids).mapToObj(tokenizer::token).toList();
    }
}
