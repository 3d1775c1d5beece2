package dev.culebra.llm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import dev.culebra.llm.json.MalformedJsonException;
import dev.culebra.llm.json.StrictJson;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import static dev.culebra.llm.checkpoint.CheckpointException.quote;

/**
 * The header of a safetensors file: 8 bytes with its length N (little-endian), N bytes of JSON, then the data. This is
 * what the format's own reader checks, and the checks it makes: a limit on N, no name twice, each tensor as long as type
 * and shape say, and the tensors together covering the data with neither overlap nor hole.
 *
 * @param tensors in the order of their data
 * @param metadata the free text under {@code __metadata__}, empty where there is none
 * @param dataStart the data's first byte in the file
 */
record SafetensorsHeader(List<TensorInfo> tensors, Map<String, String> metadata, long dataStart) {

    static final int LENGTH_BYTES = 8;

    /** The limit of the format's own reader. */
    static final long LONGEST = 100_000_000;

    static final String METADATA = "__metadata__";

    /** Checks the length that the first 8 bytes claim; {@code claimed} is unsigned. */
    static int checkLength(Path file, long fileBytes, long claimed) throws CheckpointException {
        if (claimed < 0 || claimed > LONGEST) {
            throw new CheckpointException(file, "bytes 0..7: header length " + Long.toUnsignedString(claimed)
                    + " is over the format's limit of " + LONGEST + "; not a safetensors file?");
        }
        if (claimed > fileBytes - LENGTH_BYTES) {
            throw new CheckpointException(file,
                    "bytes 0..7: header length " + claimed + " runs past the end of the file ("
                            + fileBytes + " bytes); truncated?");
        }
        return (int) claimed;
    }

    static SafetensorsHeader parse(Path file, long fileBytes, byte[] header) throws CheckpointException {
        JsonNode root;
        try {
            root = StrictJson.object(header);
        } catch (MalformedJsonException e) {
            throw new CheckpointException(file, "header " + e.getMessage() + "; not a safetensors file?");
        }
        long dataBytes = fileBytes - LENGTH_BYTES - header.length;
        var metadata = new LinkedHashMap<String, String>();
        var tensors = new ArrayList<TensorInfo>();
        for (var field : root.properties()) {
            if (field.getKey().equals(METADATA)) {
                metadata.putAll(metadata(file, field.getValue()));
            } else {
                tensors.add(tensor(file, dataBytes, field.getKey(), field.getValue()));
            }
        }
        tensors.sort(Comparator.comparingLong(TensorInfo::begin).thenComparingLong(TensorInfo::end));
        checkCover(file, dataBytes, tensors);
        return new SafetensorsHeader(List.copyOf(tensors), Map.copyOf(metadata), LENGTH_BYTES + (long) header.length);
    }

    private static Map<String, String> metadata(Path file, JsonNode node) throws CheckpointException {
        if (!node.isObject()) throw new CheckpointException(file, METADATA + " must be an object of strings");
        var metadata = new LinkedHashMap<String, String>();
        for (var field : node.properties()) {
            if (!field.getValue().isTextual()) {
                throw new CheckpointException(file, METADATA + ": " + quote(field.getKey()) + " must be a string");
            }
            metadata.put(field.getKey(), field.getValue().textValue());
        }
        return metadata;
    }

    private static TensorInfo tensor(Path file, long dataBytes, String name, JsonNode node) throws CheckpointException {
        var where = "tensor " + quote(name) + ": ";
        if (!node.isObject())
            throw new CheckpointException(file, where + "must be an object with dtype, shape and data_offsets");
        var dtype = node.path("dtype");
        if (!dtype.isTextual()) throw new CheckpointException(file, where + "dtype is missing");
        var type = TensorType.byName(dtype.textValue())
                .orElseThrow(() -> new CheckpointException(file, where + "unknown dtype " + quote(dtype.textValue())));
        var shape = longs(file, where + "shape", node.path("shape"));
        var offsets = longs(file, where + "data_offsets", node.path("data_offsets"));
        if (offsets.size() != 2) throw new CheckpointException(file, where + "data_offsets must be [begin, end]");
        long begin = offsets.get(0);
        long end = offsets.get(1);
        if (begin > end)
            throw new CheckpointException(file, where + "data_offsets " + offsets + " end before they begin");
        if (end > dataBytes) {
            throw new CheckpointException(file, where + "data_offsets " + offsets + " run past the end of the data ("
                    + dataBytes + " bytes); truncated?");
        }
        var info = new TensorInfo(name, type, shape, begin, end);
        long expected;
        try {
            expected = TensorInfo.bytes(type, shape);
        } catch (ArithmeticException e) {
            throw new CheckpointException(file, where + "no data can have shape " + info.shapeText() + " of " + type);
        }
        if (expected != info.bytes()) {
            throw new CheckpointException(file,
                    where + "shape " + info.shapeText() + " of " + type + " takes " + expected
                            + " bytes, but data_offsets " + offsets + " give it " + info.bytes());
        }
        return info;
    }

    private static List<Long> longs(Path file, String where, JsonNode node) throws CheckpointException {
        if (!node.isArray()) throw new CheckpointException(file, where + " must be an array of whole numbers");
        var list = new ArrayList<Long>(node.size());
        for (var element : node) {
            if (!element.isIntegralNumber() || !element.canConvertToLong() || element.longValue() < 0) {
                throw new CheckpointException(file, where + ": " + quote(element.toString())
                        + " is no whole number from 0 to 2^63 - 1");
            }
            list.add(element.longValue());
        }
        return list;
    }

    private static void checkCover(Path file, long dataBytes, List<TensorInfo> tensors) throws CheckpointException {
        long covered = 0;
        var before = "the header";
        for (var t : tensors) {
            if (t.begin() < covered) {
                throw new CheckpointException(file, "tensor " + quote(t.name()) + ": its data begins at " + t.begin()
                        + " and overlaps that of " + before + ", which ends at " + covered);
            }
            if (t.begin() > covered) {
                throw new CheckpointException(file, "tensor " + quote(t.name()) + ": its data begins at " + t.begin()
                        + ", leaving a hole after " + before + ", which ends at " + covered);
            }
            covered = t.end();
            before = quote(t.name());
        }
        if (covered != dataBytes) {
            throw new CheckpointException(file, dataBytes - covered + " bytes after the last tensor belong to none");
        }
    }
}
