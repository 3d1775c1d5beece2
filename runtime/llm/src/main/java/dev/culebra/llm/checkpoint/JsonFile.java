package dev.culebra.llm.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** Strict reading of a JSON object that a stranger wrote: no key twice, nothing after it, malformed UTF-8 refused. */
final class Json {
    /** A name or a text may take a whole safetensors header; Jackson's own limits are for strangers' requests and lower. */
    private static final StreamReadConstraints LIMITS = StreamReadConstraints.builder()
            .maxNameLength((int) SafetensorsHeader.LONGEST).maxStringLength((int) SafetensorsHeader.LONGEST).build();

    private static final JsonMapper MAPPER = JsonMapper.builder(
            JsonFactory.builder().streamReadConstraints(LIMITS).build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    /** A hundred times the index of OPT-175B, whose 1,500 tensors take 150 KB. */
    private static final long LONGEST_FILE = 16 << 20;

    private static final int LONGEST_MESSAGE = 200;

    private static final List<Pattern> JARGON = List.of(Pattern.compile(", from `[^`]*`"),
            Pattern.compile(": enable `.*"), Pattern.compile(": maybe a \\(non-standard\\) comment.*"),
            Pattern.compile(" \\(bound as .*"));

    private Json() {}

    /** The bytes of a small file. */
    static byte[] read(Path file) throws IOException {
        try {
            if (!Files.isRegularFile(file) && Files.exists(file)) {
                throw new CheckpointException(file, "not a regular file");
            }
            long bytes = Files.size(file);
            if (bytes > LONGEST_FILE) {
                throw new CheckpointException(file, bytes + " bytes; such a file has " + LONGEST_FILE + " at most");
            }
            return Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new CheckpointException(file, "no such file");
        }
    }

    /**
     * Parses an object.
     *
     * @param what begins the messages, such as {@code "header "}; may be empty
     * @param hint ends those that say it is something else altogether
     */
    static JsonNode object(Path file, String what, String hint, byte[] bytes) throws CheckpointException {
        JsonNode root;
        try {
            // A decoder of one's own, because Jackson's would replace some malformed bytes.
            var text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            root = MAPPER.readTree(text);
        } catch (CharacterCodingException e) {
            throw new CheckpointException(file, what + "is not UTF-8" + hint);
        } catch (JsonProcessingException e) {
            var at = e.getLocation();
            throw new CheckpointException(file, what + "is not valid JSON"
                    + (at == null ? "" : " at character " + at.getCharOffset()) + ": "
                    + plain(e.getOriginalMessage()));
        }
        if (!root.isObject()) throw new CheckpointException(file, what + "must be one JSON object" + hint);
        return root;
    }

    /** The parser's words without what only its programmers know: names of its switches, limits and classes. */
    private static String plain(String message) {
        var line = message.lines().findFirst().orElse("");
        for (var jargon : JARGON) line = jargon.matcher(line).replaceAll("");
        return line.length() <= LONGEST_MESSAGE ? line : line.substring(0, LONGEST_MESSAGE) + "...";
    }
}
