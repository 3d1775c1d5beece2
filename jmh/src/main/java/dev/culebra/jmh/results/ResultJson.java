package dev.culebra.jmh.results;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Results as text and back. What is refused is told without the file's name, which {@link ResultFiles} knows. */
final class ResultJson {

    private static final JsonMapper JSON = JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    private static final MathContext SIX_DIGITS = new MathContext(6);
    private static final String SKIPPED = "skipped";
    private static final String ROWS = "rows";

    private ResultJson() {}

    static String text(Results results) throws IOException {
        ObjectNode file = JSON.valueToTree(results);
        var lines = new StringBuilder("{\n");
        for (Map.Entry<String, JsonNode> field : file.properties()) {
            if (lines.length() > 2) lines.append(",\n");
            lines.append("  ").append(JSON.writeValueAsString(field.getKey())).append(": ");
            if (field.getValue().isArray()) lines(lines, field.getValue());
            else lines.append(JSON.writeValueAsString(rounded(field.getValue())));
        }
        return lines.append("\n}\n").toString();
    }

    private static void lines(StringBuilder lines, JsonNode array) throws IOException {
        lines.append('[');
        String between = "\n    ";
        for (JsonNode element : array) {
            lines.append(between).append(JSON.writeValueAsString(rounded(element)));
            between = ",\n    ";
        }
        lines.append(array.isEmpty() ? "]" : "\n  ]");
    }

    /** With numbers that are not whole as people write them: 12.5, not 12.500000000001 or 1.25E1. */
    private static JsonNode rounded(JsonNode node) {
        if (node instanceof ObjectNode object) object.properties().forEach(f -> f.setValue(rounded(f.getValue())));
        if (!node.isDouble()) return node;
        BigDecimal value = BigDecimal.valueOf(node.doubleValue()).round(SIX_DIGITS).stripTrailingZeros();
        return new DecimalNode(new BigDecimal(value.toPlainString()));
    }

    static Results results(byte[] utf8) throws IOException {
        JsonNode root;
        try {
            // A decoder of one's own, because Jackson's would replace some malformed bytes.
            root = JSON.readTree(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString());
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("is not UTF-8 and so no file of results");
        } catch (JsonProcessingException e) {
            var at = e.getLocation();
            throw new IllegalArgumentException("is not valid JSON" + (at == null
                    ? ""
                    : " at line " + at.getLineNr() + ", column " + at.getColumnNr()) + " and so no file of results");
        }
        Fields file = Fields.of(root, "a file of results");
        List<Results.Skipped> skipped = each(file, SKIPPED, false,
                f -> new Results.Skipped(f.text("group"), f.text("what"), f.text("why")));
        List<Row> rows = each(file, ROWS, true, ResultJson::row);
        return new Results(file.text("machine"),
                (int) (long) file.required("cores", file.whole("cores", Integer.MAX_VALUE)),
                file.text("gpu"), file.text("driver"), file.number("load_average"), file.text("jdk"), file.text("date"),
                file.text("commit"),
                file.text("version"), file.text("command"), file.truth("quick"), skipped, rows);
    }

    private static Row row(Fields f) {
        Fields shape = f.object("shape");
        return new Row(f.text("group"), f.text("benchmark"), f.text("by"), f.text("driver"),
                shape == null ? null : shape(shape), f.number("sparsity"), f.text("format"), f.text("kernel"),
                f.text("l2"), threads(f.whole("threads", Integer.MAX_VALUE)), f.whole("size", Long.MAX_VALUE),
                f.required("time_us", f.number("time_us")), f.required("spread", f.number("spread")),
                f.whole("bytes", Long.MAX_VALUE), f.number("gb_per_s"), f.number("share_of_limit"),
                f.number("ratio_to_cublas"), f.number("ratio_to_openblas"), f.number("allocated_bytes"),
                f.truth("checked"));
    }

    private static Integer threads(Long count) { return count == null ? null : (int) (long) count; }

    private static Shape shape(Fields f) {
        return new Shape(f.required("shape.m", f.whole("m", Integer.MAX_VALUE)),
                f.required("shape.k", f.whole("k", Integer.MAX_VALUE)),
                f.required("shape.n", f.whole("n", Integer.MAX_VALUE)));
    }

    private interface Maker<T> {
        T make(Fields fields);
    }

    private static <T> List<T> each(Fields file, String name, boolean required, Maker<T> maker) {
        JsonNode array = file.array(name, required);
        List<T> made = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            try {
                made.add(maker.make(Fields.of(array.get(i), "it")));
            } catch (IllegalArgumentException e) {
                // Counted from 1, as editors count lines.
                throw new IllegalArgumentException(
                        (name.equals(ROWS) ? "row " : name + " ") + (i + 1) + ": " + e.getMessage());
            }
        }
        return List.copyOf(made);
    }

}
