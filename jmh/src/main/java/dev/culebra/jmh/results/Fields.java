package dev.culebra.jmh.results;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** An object's fields by their types; null stands for what is left out. Refusals name the field. */
record Fields(ObjectNode object) {

    /** @param what it should be, for the refusal */
    static Fields of(JsonNode node, String what) {
        if (node instanceof ObjectNode object) return new Fields(object);
        throw new IllegalArgumentException(what + " must be a JSON object");
    }

    private JsonNode get(String name) {
        JsonNode node = object.get(name);
        return node == null || node.isNull() ? null : node;
    }

    String text(String name) {
        JsonNode node = get(name);
        if (node == null || node.isTextual()) return node == null ? null : node.textValue();
        throw new IllegalArgumentException(name + " must be a text, in quotes");
    }

    boolean truth(String name) {
        JsonNode node = get(name);
        if (node != null && node.isBoolean()) return node.booleanValue();
        throw new IllegalArgumentException(name + (node == null ? " is missing; it" : "") + " must be true or false");
    }

    Double number(String name) {
        JsonNode node = get(name);
        if (node == null || node.isNumber()) return node == null ? null : node.doubleValue();
        throw new IllegalArgumentException(name + " must be a number");
    }

    Long whole(String name, long most) {
        JsonNode node = get(name);
        if (node == null) return null;
        if (node.isIntegralNumber() && node.canConvertToLong() && node.longValue() <= most) return node.longValue();
        throw new IllegalArgumentException(name + " must be a whole number up to " + most);
    }

    <T> T required(String name, T value) {
        if (value == null) throw new IllegalArgumentException(name + " is missing");
        return value;
    }

    Fields object(String name) {
        JsonNode node = get(name);
        return node == null ? null : of(node, name);
    }

    /** Empty where it is left out and may be. */
    JsonNode array(String name, boolean required) {
        JsonNode node = get(name);
        if (node == null && !required) return object.arrayNode();
        if (node instanceof ArrayNode) return node;
        throw new IllegalArgumentException(name + (node == null ? " is missing; it" : "") + " must be a list, in [ ]");
    }
}
