package dev.culebra.llm.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.culebra.llm.json.MalformedJsonException;
import dev.culebra.llm.json.StrictJson;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import static dev.culebra.llm.tokenizer.TokenizerException.quoted;

/**
 * A place in a JSON file that knows its name, so that whatever is wrong there is refused by it.
 *
 * @param file the file
 * @param where the keys that lead here, empty at the top
 * @param node what is here; a missing node where there is nothing
 */
record JsonPart(Path file, String where, JsonNode node) {
    /** Reads a file's whole text, one object. */
    static JsonPart parse(Path file, byte[] bytes) throws TokenizerException {
        try {
            return new JsonPart(file, "", StrictJson.object(bytes));
        } catch (MalformedJsonException e) {
            throw new TokenizerException(file, e.getMessage());
        }
    }

    /** An object without keys, for a file that is not there. */
    static JsonPart none(Path file) {
        return new JsonPart(file, "", JsonNodeFactory.instance.objectNode());
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
