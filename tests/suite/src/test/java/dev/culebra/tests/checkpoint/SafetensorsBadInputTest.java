package dev.culebra.tests.checkpoint;

import dev.culebra.llm.checkpoint.CheckpointException;
import dev.culebra.llm.checkpoint.Safetensors;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import static dev.culebra.tests.checkpoint.RawFile.entry;
import static dev.culebra.tests.checkpoint.RawFile.field;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Each way in which a file can lie: refused by name, whether it is mapped or in memory. */
class SafetensorsBadInputTest {
    @TempDir
    Path folder;

    private record Case(String name, byte[] file, String message) {}

    private static Case header(String name, String header, int dataBytes, String message) {
        return new Case(name, raw(header.length(), header.getBytes(StandardCharsets.UTF_8), dataBytes), message);
    }

    private static byte[] raw(long claimed, byte[] header, int dataBytes) {
        var bytes = java.nio.ByteBuffer.allocate(8 + header.length + dataBytes).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        return bytes.putLong(claimed).put(header).array();
    }

    private static final List<Case> CASES = List.of(
            new Case("empty file", new byte[0], "0 bytes are too few"),
            new Case("seven bytes", new byte[7], "7 bytes are too few"),
            new Case("length past the end", raw(100, new byte[50], 0),
                    "header length 100 runs past the end of the file (58 bytes)"),
            new Case("length one past the end", raw(3, "{}".getBytes(StandardCharsets.UTF_8), 0), "runs past the end"),
            new Case("length over the limit", raw(100_000_001, new byte[50], 0), "header length 100000001 is over"),
            new Case("length with the top bit", raw(-1, new byte[50], 0), "header length 18446744073709551615 is over"),
            new Case("no header", raw(0, new byte[0], 0), "header"),
            new Case("not UTF-8", raw(4, new byte[]{'{', '"', (byte) 0xc3, '}'}, 0), "not UTF-8"),
            header("not JSON", "{\"a\":", 0, "not valid JSON at line 1, column"),
            header("nested without end", "[".repeat(100_000), 0, "not valid JSON"),
            header("text after the object", "{} {}", 0, "not valid JSON"),
            header("a number that is none", entry("a", "U8", "[NaN]", 0, 1), 1, "Non-standard token 'NaN'"),
            header("a comment", "/* x */{}", 0, "not valid JSON at line 1, column"),
            header("an array", "[]", 0, "must be one JSON object"),
            header("a name twice", "{" + field("a", "U8", "[1]", 0, 1) + "," + field("a", "U8", "[1]", 1, 2) + "}", 2,
                    "'a'"),
            header("a key of a tensor twice",
                    "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "'dtype'"),
            header("tensor is no object", "{\"a\":3}", 0, "tensor 'a': must be an object"),
            header("no dtype", "{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "tensor 'a': dtype is missing"),
            header("unknown dtype", entry("a", "F17", "[1]", 0, 1), 1, "tensor 'a': unknown dtype 'F17'"),
            header("dtype in lower case", entry("a", "f16", "[1]", 0, 2), 2, "unknown dtype 'f16'"),
            header("no shape", "{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, "tensor 'a': shape must be"),
            header("negative dimension", entry("a", "U8", "[-1]", 0, 1), 1, "tensor 'a': shape: '-1'"),
            header("broken dimension", entry("a", "U8", "[1.0]", 0, 1), 1, "tensor 'a': shape: '1.0'"),
            header("dimension over 63 bits", entry("a", "U8", "[9223372036854775808]", 0, 1), 1,
                    "'9223372036854775808'"),
            header("product over 63 bits", entry("a", "U8", "[4294967296,4294967296]", 0, 1), 1,
                    "no data can have shape"),
            header("product that wraps to the right size", entry("a", "U8", "[4294967296,4294967296,1]", 0, 0), 0,
                    "no data can have shape"),
            header("part of a byte", entry("a", "F4", "[3]", 0, 1), 1, "no data can have shape [3] of F4"),
            header("no offsets", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "tensor 'a': data_offsets must be"),
            header("three offsets", "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,2]}}", 2,
                    "must be [begin, end]"),
            header("end before begin", entry("a", "U8", "[1]", 1, 0), 1, "end before they begin"),
            header("past the end", entry("a", "F16", "[4]", 0, 8), 7,
                    "tensor 'a': data_offsets [0, 8] run past the end of the data (7 bytes)"),
            header("far past the end", entry("a", "U8", "[1]", Long.MAX_VALUE - 1, Long.MAX_VALUE), 1,
                    "run past the end"),
            header("shape and length disagree", entry("a", "F16", "[2,2]", 0, 6), 6,
                    "takes 8 bytes, but data_offsets [0, 6] give it 6"),
            header("overlap", "{" + field("a", "U8", "[4]", 0, 4) + "," + field("b", "U8", "[4]", 3, 7) + "}", 7,
                    "tensor 'b': its data begins at 3 and overlaps that of 'a', which ends at 4"),
            header("the same data twice",
                    "{" + field("a", "U8", "[4]", 0, 4) + "," + field("b", "U8", "[4]", 0, 4) + "}", 4, "overlaps"),
            header("hole", "{" + field("a", "U8", "[4]", 0, 4) + "," + field("b", "U8", "[2]", 5, 7) + "}", 7,
                    "leaving a hole after 'a'"),
            header("hole at the start", entry("a", "U8", "[4]", 1, 5), 5, "leaving a hole after the header"),
            header("rest at the end", entry("a", "U8", "[4]", 0, 4), 6, "2 bytes after the last tensor belong to none"),
            header("data without a tensor", "{}", 1, "1 bytes after the last tensor"),
            header("metadata is no object", "{\"__metadata__\":[]}", 0, "__metadata__ must be an object"),
            header("metadata of numbers", "{\"__metadata__\":{\"a\":1}}", 0, "'a' must be a string"),
            header("a name with a line break", entry("a\\nb\\u001b[31m", "F17", "[1]", 0, 1), 1, "tensor 'a?b?[31m'"),
            header("a name of a megabyte", entry("n".repeat(40_000), "F17", "[1]", 0, 1), 1, "nnn...'"));

    @TestFactory
    List<DynamicTest> isRefusedByName() {
        return CASES.stream().map(c -> DynamicTest.dynamicTest(c.name, () -> {
            var path = Files.write(folder.resolve("bad.safetensors"), c.file);
            var mapped = assertThrows(CheckpointException.class, () -> Safetensors.open(path).close());
            var inMemory = assertThrows(CheckpointException.class,
                    () -> Safetensors.of(path, MemorySegment.ofArray(c.file)).close());
            assertEquals(mapped.getMessage(), inMemory.getMessage());
            assertTrue(mapped.getMessage().startsWith(path + ": "), mapped.getMessage());
            assertTrue(mapped.getMessage().contains(c.message), mapped.getMessage());
            assertEquals(1, mapped.getMessage().lines().count(), mapped.getMessage());
            // Nothing of the parser's own switches and classes, which the reader can not set.
            assertFalse(mapped.getMessage().matches(".*(`|Feature|StreamRead|jackson|Source|REDACTED).*"),
                    mapped.getMessage());
        })).toList();
    }

    /** Whatever byte of a sound file is changed: it opens, or it is refused, and what opens lies within the file. */
    @Test
    void aChangedByteNeverEscapes() throws IOException {
        var header = "{" + field("a", "F16", "[2,3]", 0, 12) + "," + field("b", "U8", "[4]", 12, 16) + "}";
        var sound = raw(header.length(), header.getBytes(StandardCharsets.UTF_8), 16);
        int refused = 0;
        for (int at = 0; at < 8 + header.length(); at++) {
            for (int value = 0; value < 256; value++) {
                var file = sound.clone();
                file[at] = (byte) value;
                try (var open = Safetensors.of(Path.of("x"), MemorySegment.ofArray(file))) {
                    for (var t : open.tensors()) assertEquals(t.bytes(), open.data(t).byteSize());
                } catch (CheckpointException e) {
                    refused++;
                }
            }
        }
        assertTrue(refused > 10_000, "only " + refused + " refused");
    }

    /** However much of a sound file is there. */
    @Test
    void everyTruncationIsRefused() {
        var header = entry("a", "F16", "[2,3]", 0, 12);
        var sound = raw(header.length(), header.getBytes(StandardCharsets.UTF_8), 12);
        for (int length = 0; length < sound.length; length++) {
            var file = MemorySegment.ofArray(sound).asSlice(0, length);
            assertThrows(CheckpointException.class, () -> Safetensors.of(Path.of("x"), file), "length " + length);
        }
    }

    @Test
    void whatIsNoFileIsRefused() {
        var missing = assertThrows(CheckpointException.class, () -> Safetensors.open(folder.resolve("missing")));
        assertTrue(missing.getMessage().endsWith("missing: no such file"), missing.getMessage());
        var directory = assertThrows(CheckpointException.class, () -> Safetensors.open(folder));
        assertTrue(directory.getMessage().contains("not a regular file"), directory.getMessage());
    }
}
