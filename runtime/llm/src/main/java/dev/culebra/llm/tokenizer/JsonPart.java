package dev.culebra.llm.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

import static dev.culebra.llm.tokenizer.TokenizerException.quoted;

/**
 * A place in a JSON file that knows its name, so that whatever is wrong there is refused by it.
 *
 * @param file the file
 * @param where the keys that lead here, empty at the top
 * @param node what is here; a missing node where there is nothing
 */
record JsonPart(Path file, String where, JsonNode node) {
    /** The parser's words stay short: some repeat the text. */
    private static final int LONGEST_MESSAGE = 200;

    /** Of the parser's words what only its programmers know: names of its switches, limits and classes. */
    private static final Pattern JARGON = Pattern
            .compile(", from `[^`]*`|: (?:enable `|maybe a \\().*| \\((?:bound as|start marker) .*");

    private static final JsonMapper JSON = JsonMapper.builder(new JsonFactory())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    /** Reads a file's whole text, one object. */
    static JsonPart parse(Path file, byte[] bytes) throws TokenizerException {
        try {
            // A decoder of one's own, because Jackson's would replace some malformed bytes.
            var text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            var root = new JsonPart(file, "", JSON.readTree(text));
            if (!root.node.isObject()) throw root.refuse("must be one JSON object");
            return root;
        } catch (CharacterCodingException e) {
            throw new TokenizerException(file, "is not UTF-8");
        } catch (JsonProcessingException e) {
            var at = e.getLocation();
            var line = JARGON.matcher(e.getOriginalMessage().lines().findFirst().orElse("")).replaceAll("");
            throw new TokenizerException(file, "is not valid JSON"
                    + (at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr()) + ": "
                    + (line.length() <= LONGEST_MESSAGE ? line : line.substring(0, LONGEST_MESSAGE) + "..."));
        }
    }

    /** An object without keys, for a file that is not there. */
    static JsonPart none(Path file) {
        return new JsonPart(file, "", JSON.createObjectNode());
    }

    JsonPart get(String key) { return new JsonPart(file, where.isEmpty() ? key : where + "." + key, node.path(key)); }

    /** Neither missing nor null. */
    boolean isPresent() { return !node.isMissingNode() && !node.isNull(); }

    boolean isText() { return node.isTextual(); }

    boolean isObject() { return node.isObject(); }

    boolean isArray() { return node.isArray(); }

    boolean flag(boolean fallback) throws TokenizerException {
        if (!isPresent()) return fallback;
        if (!node.isBoolean()) throw refuse("must be true or false, not " + shown());
        return node.booleanValue();
    }

    String text() throws TokenizerException {
        if (!node.isTextual()) throw refuse(isPresent() ? "must be a string, not " + shown() : "is missing");
        return node.textValue();
    }

    /** A token's id: 0 to 2^31 - 1. */
    int id() throws TokenizerException {
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < 0) {
            throw refuse(isPresent() ? "must be an id from 0 to 2147483647, not " + shown() : "is missing");
        }
        return node.intValue();
    }

    List<JsonPart> items() throws TokenizerException {
        if (!node.isArray()) throw refuse(isPresent() ? "must be an array, not " + shown() : "is missing");
        var list = new ArrayList<JsonPart>(node.size());
        for (var item : node) list.add(new JsonPart(file, where + "[" + list.size() + "]", item));
        return list;
    }

    Map<String, JsonPart> fields() throws TokenizerException {
        if (!node.isObject()) throw refuse(isPresent() ? "must be an object, not " + shown() : "is missing");
        var map = new LinkedHashMap<String, JsonPart>();
        for (var f : node.properties()) {
            map.put(f.getKey(), new JsonPart(file, where + "[" + quoted(f.getKey()) + "]", f.getValue()));
        }
        return map;
    }

    String shown() { return quoted(node.toString()); }

    TokenizerException refuse(String problem) {
        return new TokenizerException(file, where.isEmpty() ? problem : where + ": " + problem);
    }
}
