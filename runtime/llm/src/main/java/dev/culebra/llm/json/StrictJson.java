package dev.culebra.llm.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** Strict reading of one JSON object: no key twice, nothing after it, malformed UTF-8 refused. */
public final class StrictJson {
    /** A name or a text may take a whole safetensors header, 100 MB; Jackson's own limits are for strangers' requests and lower. */
    private static final int LONGEST = 100_000_000;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNameLength(LONGEST).maxStringLength(LONGEST).build())
            .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    /** The parser's words stay short: some repeat the text. */
    private static final int LONGEST_MESSAGE = 200;

    /** Of the parser's words what only its programmers know: names of its switches, limits and classes. */
    private static final Pattern JARGON = Pattern
            .compile(", from `[^`]*`|: (?:enable `|maybe a \\().*| \\((?:bound as|start marker) .*");

    private StrictJson() {}

    /**
     * Parses an object.
     *
     * @param utf8 the whole text
     * @return the object
     * @throws MalformedJsonException if it is not UTF-8, not JSON, or something else than an object
     */
    public static ObjectNode object(byte[] utf8) throws MalformedJsonException {
        JsonNode root;
        try {
            // A decoder of one's own, because Jackson's would replace some malformed bytes.
            root = MAPPER.readTree(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString());
        } catch (CharacterCodingException e) {
            throw new MalformedJsonException("is not UTF-8");
        } catch (JsonProcessingException e) {
            var at = e.getLocation();
            throw new MalformedJsonException("is not valid JSON"
                    + (at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr()) + ": "
                    + plain(e.getOriginalMessage()));
        }
        if (root instanceof ObjectNode object) return object;
        throw new MalformedJsonException("must be one JSON object");
    }

    private static String plain(String message) {
        var line = JARGON.matcher(message.lines().findFirst().orElse("")).replaceAll("");
        return line.length() <= LONGEST_MESSAGE ? line : line.substring(0, LONGEST_MESSAGE) + "...";
    }
}
