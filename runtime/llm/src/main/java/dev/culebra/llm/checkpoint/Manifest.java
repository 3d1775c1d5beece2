package dev.culebra.llm.checkpoint;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

import static dev.culebra.llm.checkpoint.CheckpointException.quote;

/**
 * The contents of an encoded model's folder, {@code culebra.json}.
 *
 * @param files the files beside the matrices, by name
 * @param products the matrices, by the product's name; each is in the file {@code NAME.culebra}
 */
record Manifest(Map<String, Content> files, Map<String, Product> products) {
    static final String FILE = "culebra.json";
    private static final String KIND = "culebra-model";
    private static final int VERSION = 1;

    /** A file of one of these names can lie nowhere but in the folder. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}");
    private static final Pattern CHECKSUM = Pattern.compile("[0-9a-f]{8}");

    /** The first bytes of a matrix's file hold its header (220 bytes with four sections), and that the checksums of the rest. */
    private static final long HEAD = 4096;

    /** How much goes through one buffer: a ByteBuffer can not show more than 2 GiB of a segment. */
    private static final long CHUNK = 64 << 20;

    /** A file's length and the CRC32C of all of it, in hexadecimal. */
    record Content(long bytes, String checksum) {
        static Content of(Path file) throws IOException {
            long bytes = Files.size(file);
            return new Content(bytes, checksumOf(file, bytes));
        }

        void check(Path file) throws IOException {
            checkLength(file, bytes);
            compare(file, "the file", checksum, checksumOf(file, bytes));
        }
    }

    /**
     * A matrix's file.
     *
     * @param bytes its length
     * @param head CRC32C of its first {@link #HEAD} bytes
     * @param format the matrix's
     * @param type its values'
     * @param source type of the elements that it was made of
     * @param nonzeros how many it has
     */
    record Product(long bytes, String head, Format format, ValueType type, DenseType source, long nonzeros) {
        static Product of(Path file, SparseMatrix matrix, DenseType source) throws IOException {
            long bytes = Files.size(file);
            return new Product(bytes, checksumOf(file, Math.min(HEAD, bytes)), matrix.format(), matrix.valueType(),
                    source,
                    matrix.nonzeros());
        }

        void check(Path file, SparseMatrix matrix) throws IOException {
            compare(file, "the beginning", head, checksumOf(file, Math.min(HEAD, bytes)));
            if (matrix.format() == format && matrix.valueType() == type && matrix.nonzeros() == nonzeros) return;
            throw new CheckpointException(file, "is " + matrix + ", but " + FILE + " says " + type + ", " + nonzeros
                    + " nonzeros, " + format.id());
        }
    }

    static String fileOf(String product) { return product + ".culebra"; }

    // ---- writing

    void write(Path folder) throws IOException {
        var root = JsonNodeFactory.instance.objectNode().put("kind", KIND).put("version", VERSION);
        var list = root.putObject("files");
        files.forEach((name, c) -> list.putObject(name).put("bytes", c.bytes).put("crc32c", c.checksum));
        var matrices = root.putObject("products");
        products.forEach((name, p) -> matrices.putObject(name).put("bytes", p.bytes).put("head_crc32c", p.head)
                .put("format", p.format.id()).put("type", p.type.name()).put("source_type", p.source.name())
                .put("nonzeros", p.nonzeros));
        // The same bytes on every system, whatever ends its lines.
        var printer = new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n"));
        Files.write(folder.resolve(FILE), new JsonMapper().writer(printer).writeValueAsBytes(root));
    }

    // ---- reading

    static Manifest read(Path folder) throws IOException {
        var file = folder.resolve(FILE);
        var root = JsonFile.read(file);
        if (!root.path("kind").asText().equals(KIND)) {
            throw new CheckpointException(file,
                    "kind is " + quote(root.path("kind").asText()) + ", not '" + KIND + "'");
        }
        if (!root.path("version").isInt() || root.path("version").intValue() != VERSION) {
            throw new CheckpointException(file, "version is " + quote(root.path("version").toString())
                    + "; this program reads version " + VERSION + "; encode the checkpoint again");
        }
        var reader = new Reader(file);
        var files = new LinkedHashMap<String, Content>();
        for (var e : reader.object(root, "files").properties()) {
            if (!PLAIN.matcher(e.getKey()).matches()) {
                throw new CheckpointException(file, "files: " + quote(e.getKey()) + " is no plain name of a file");
            }
            files.put(e.getKey(), new Content(reader.count(e, "bytes"), reader.checksum(e, "crc32c")));
        }
        var products = new LinkedHashMap<String, Product>();
        for (var e : reader.object(root, "products").properties()) {
            products.put(e.getKey(), new Product(reader.count(e, "bytes"), reader.checksum(e, "head_crc32c"),
                    reader.format(e), reader.choice(ValueType.class, e, "type"),
                    reader.choice(DenseType.class, e, "source_type"), reader.count(e, "nonzeros")));
        }
        return new Manifest(files, products);
    }

    /** Values of the entries, refused by name where they are not what they should be. */
    private record Reader(Path file) {
        JsonNode object(JsonNode root, String key) throws CheckpointException {
            var node = root.path(key);
            if (!node.isObject()) throw new CheckpointException(file, key + " must be an object");
            return node;
        }

        long count(Map.Entry<String, JsonNode> e, String key) throws CheckpointException {
            var node = e.getValue().path(key);
            if (node.isIntegralNumber() && node.canConvertToLong() && node.longValue() >= 0) return node.longValue();
            throw wrong(e, key, "a whole number");
        }

        String checksum(Map.Entry<String, JsonNode> e, String key) throws CheckpointException {
            var text = e.getValue().path(key).asText();
            if (CHECKSUM.matcher(text).matches()) return text;
            throw wrong(e, key, "eight hexadecimal digits");
        }

        Format format(Map.Entry<String, JsonNode> e) throws CheckpointException {
            var text = e.getValue().path("format").asText();
            var known = Arrays.stream(Format.values()).filter(f -> f.id().equals(text)).findFirst();
            return known.orElseThrow(() -> wrong(e, "format", "one of "
                    + Arrays.stream(Format.values()).map(Format::id).toList()));
        }

        <T extends Enum<T>> T choice(Class<T> type, Map.Entry<String, JsonNode> e, String key)
                throws CheckpointException {
            var text = e.getValue().path(key).asText();
            for (var constant : type.getEnumConstants()) {
                if (constant.name().equals(text)) return constant;
            }
            throw wrong(e, key, "one of " + Arrays.toString(type.getEnumConstants()));
        }

        private CheckpointException wrong(Map.Entry<String, JsonNode> e, String key, String accepted) {
            return new CheckpointException(file, quote(e.getKey()) + ": " + key + " is "
                    + quote(e.getValue().path(key).toString()) + "; it must be " + accepted);
        }
    }

    // ---- checking

    static void checkLength(Path file, long bytes) throws IOException {
        if (!Files.isRegularFile(file)) throw new CheckpointException(file, "no such file, but " + FILE + " names it");
        long there = Files.size(file);
        if (there == bytes) return;
        throw new CheckpointException(file, "has " + there + " bytes, but " + FILE + " says " + bytes
                + (there < bytes ? "; truncated?" : ""));
    }

    private static void compare(Path file, String what, String announced, String found) throws CheckpointException {
        if (found.equals(announced)) return;
        throw new CheckpointException(file,
                what + " is damaged: its CRC32C is " + found + ", " + FILE + " says " + announced);
    }

    private static String checksumOf(Path file, long bytes) throws IOException {
        var crc = new CRC32C();
        try (var arena = Arena.ofConfined(); var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes, arena);
            for (long done = 0; done < bytes; done += CHUNK) {
                crc.update(all.asSlice(done, Math.min(CHUNK, bytes - done)).asByteBuffer());
            }
        }
        return String.format("%08x", crc.getValue());
    }
}
