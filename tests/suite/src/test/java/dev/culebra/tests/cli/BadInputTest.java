package dev.culebra.tests.cli;

import dev.culebra.cli.Culebra;
import dev.culebra.tests.checkpoint.RawFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Everything that can be wrong with files: exit code 1, one line that says what and where, and nothing written. */
class BadInputTest {
    @TempDir
    Path folder;
    private Path weights;
    private Path input;
    private Path encoded;
    private Path output;
    private List<Path> before;

    @BeforeEach
    void soundFiles() throws IOException {
        var values = new short[6 * 4];
        for (int i = 0; i < values.length; i += 2) values[i] = Float.floatToFloat16(i + 1);
        weights = RawFile.matrix(folder.resolve("w.safetensors"), "w", "F16", 6, 4, RawFile.bytes(values));
        input = RawFile.matrix(folder.resolve("x.safetensors"), "x", "F16", 4, 3, new byte[24]);
        encoded = folder.resolve("w.culebra");
        Run.ok("encode", weights, encoded);
        output = folder.resolve("y.safetensors");
        remember();
    }

    private void remember() throws IOException { before = files(); }

    private List<Path> files() throws IOException {
        try (var files = Files.walk(folder)) {
            return files.sorted().toList();
        }
    }

    @AfterEach
    void nothingIsWritten() throws IOException { assertEquals(before, files()); }

    private Path bad(String header, int dataBytes) throws IOException {
        var path = RawFile.write(folder.resolve("bad.safetensors"), header, new byte[dataBytes]);
        remember();
        return path;
    }

    private static Run spmm(Path weights, Path input, Path output) {
        return Run.of("spmm", "--weights", weights, "--input", input, "--output", output, "--device", "cpu", "--json");
    }

    @Test
    void theSoundFilesAreSound() throws IOException {
        assertEquals(0, spmm(weights, input, output).code());
        assertEquals(0, spmm(encoded, input, output).code());
        remember();
    }

    /** One header a line, as weights, as input and for encoding: each path to a file checks it. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "{\"w\":{\"dtype\":\"F16\",\"shape\":[6,4],\"data_offsets\":[0,48]}}|47|data_offsets [0, 48] run past the end of the data (47 bytes)",
        "{\"w\":{\"dtype\":\"F16\",\"shape\":[6,4],\"data_offsets\":[0,48]}}|49|1 bytes after the last tensor",
        "{\"w\":{\"dtype\":\"F16\",\"shape\":[6,5],\"data_offsets\":[0,48]}}|48|takes 60 bytes",
        "{\"w\":{\"dtype\":\"F17\",\"shape\":[6,4],\"data_offsets\":[0,48]}}|48|unknown dtype 'F17'",
        "{\"w\":{\"dtype\":\"I16\",\"shape\":[6,4],\"data_offsets\":[0,48]}}|48|is I16; a product takes F16, BF16 or F32",
        "{\"w\":{\"dtype\":\"F16\",\"shape\":[24],\"data_offsets\":[0,48]}}|48|has shape [24]; needed is a matrix",
        "{\"w\":{\"dtype\":\"F16\",\"shape\":[1,6,4],\"data_offsets\":[0,48]}}|48|has shape [1, 6, 4]; needed is a matrix",
        "{\"w\":{\"dtype\":\"F16\",\"shape\":[0,4],\"data_offsets\":[0,0]}}|0|each dimension must be from 1",
        "{\"w\":{\"dtype\":\"F16\",\"shape\":[4294967296,0],\"data_offsets\":[0,0]}}|0|each dimension must be from 1",
        "{\"w\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"v\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}|3|overlaps",
        "{\"w\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"v\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[3,5]}}|5|hole",
        "{\"w\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"w\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]}}|4|'w'",
        "{\"w\":{\"dtype\"|0|not valid JSON",
        "{}|0|it holds no tensor"})
    void headersThatLie(String header, int dataBytes, String piece) throws IOException {
        var bad = bad(header, dataBytes);
        spmm(bad, input, output).failed(Culebra.FAILED, bad.toString(), piece);
        spmm(weights, bad, output).failed(Culebra.FAILED, bad.toString(), piece);
        Run.of("encode", bad, output).failed(Culebra.FAILED, bad.toString(), piece);
    }

    @Test
    void headersOfNoLength() throws IOException {
        var bad = folder.resolve("bad");
        for (long claimed : new long[]{57, 100_000_001, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            var bytes = java.nio.ByteBuffer.allocate(64).order(java.nio.ByteOrder.LITTLE_ENDIAN).putLong(claimed)
                    .array();
            Files.write(bad, bytes);
            remember();
            Run.of("encode", bad, output).failed(Culebra.FAILED,
                    bad + ": bytes 0..7: header length " + Long.toUnsignedString(claimed));
        }
        Files.write(bad, new byte[0]);
        Run.of("encode", bad, output).failed(Culebra.FAILED, "0 bytes are too few");
        Files.write(bad, "PK\3\4 this is something else, a zip file perhaps".getBytes());
        Run.of("encode", bad, output).failed(Culebra.FAILED, "not a safetensors file?");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 8, 50, 100, 119, 127})
    void truncatedSafetensors(int percentOf128) throws IOException {
        var bytes = Files.readAllBytes(weights);
        var bad = Files.write(folder.resolve("bad"), Arrays.copyOf(bytes, bytes.length * percentOf128 / 128));
        remember();
        spmm(bad, input, output).failed(Culebra.FAILED, bad.toString());
        spmm(weights, bad, output).failed(Culebra.FAILED, bad.toString());
    }

    @Test
    void missingFilesAndFolders() throws IOException {
        var missing = folder.resolve("missing");
        spmm(missing, input, output).failed(Culebra.FAILED, missing + ": no such file");
        spmm(weights, missing, output).failed(Culebra.FAILED, missing + ": no such file");
        Run.of("encode", missing, output).failed(Culebra.FAILED, missing + ": no such file");
        Run.of("decode", missing, output).failed(Culebra.FAILED, missing + ": no such file");
        // A folder is a model, or none.
        Run.of("encode", folder, output).failed(Culebra.FAILED, folder + ": ", "config.json");
        var nowhere = missing.resolve("y");
        for (var run : List.of(spmm(weights, input, nowhere), Run.of("encode", weights, nowhere),
                Run.of("decode", encoded, nowhere),
                Run.of("synth", nowhere, "--shape", "2,2", "--sparsity", "0"))) {
            run.failed(Culebra.FAILED, nowhere + ": can not be written: no folder " + missing);
        }
        spmm(weights, input, folder).failed(Culebra.FAILED, folder + ": can not be written: it is a folder");
    }

    @Test
    void anOutputThatIsAlsoRead() throws IOException {
        var old = Files.readAllBytes(weights);
        spmm(weights, input, weights).failed(Culebra.FAILED, weights + ": is also read");
        spmm(weights, input, input).failed(Culebra.FAILED, input + ": is also read");
        Run.of("encode", weights, folder.resolve(".").resolve("w.safetensors")).failed(Culebra.FAILED, "is also read");
        Run.of("decode", encoded, encoded).failed(Culebra.FAILED, "is also read");
        assertArrayEquals(old, Files.readAllBytes(weights));
    }

    @Test
    void shapesAndTypesThatDoNotFit() throws IOException {
        var tall = RawFile.matrix(folder.resolve("tall"), "x", "F16", 5, 3, new byte[30]);
        var brain = RawFile.matrix(folder.resolve("brain"), "x", "BF16", 4, 3, new byte[24]);
        var brainWeights = RawFile.matrix(folder.resolve("brain-w"), "w", "BF16", 6, 4, new byte[48]);
        var floats = RawFile.matrix(folder.resolve("floats"), "x", "F32", 4, 3, new byte[48]);
        remember();
        for (var w : List.of(weights, encoded)) {
            spmm(w, tall, output).failed(Culebra.FAILED, "shapes do not fit", "[6, 4]", "[5, 3]", "[4, N]");
            spmm(w, brain, output).failed(Culebra.FAILED, "types do not fit", "F16", "BF16");
        }
        spmm(brainWeights, input, output).failed(Culebra.FAILED, "types do not fit");
        spmm(brainWeights, floats, output).failed(Culebra.FAILED, "types do not fit", "F32 counts as F16");
    }

    @Test
    void tensorsThatAreNotThere() {
        Run.of("spmm", "--weights", weights, "--weights-tensor", "v", "--input", input, "--output", output)
                .failed(Culebra.FAILED, "no tensor 'v'; it has 'w'");
        Run.of("spmm", "--weights", weights, "--input-tensor", "v", "--input", input, "--output", output)
                .failed(Culebra.FAILED, "no tensor 'v'; it has 'x'");
        Run.of("spmm", "--weights", encoded, "--weights-tensor", "w", "--input", input, "--output", output)
                .failed(Culebra.FAILED, "holds one matrix without a name");
        spmm(weights, encoded, output).failed(Culebra.FAILED,
                encoded + ": is an encoded file; needed here is a safetensors file");
    }

    /** Every truncation and every changed byte of an encoded file: its checksums leave nothing undetected. */
    @Test
    void corruptEncodedFiles() throws IOException {
        var sound = Files.readAllBytes(encoded);
        var bad = folder.resolve("bad.culebra");
        for (int length = 0; length < sound.length; length += 1 + length / 16) {
            Files.write(bad, Arrays.copyOf(sound, length));
            remember();
            Run.of("decode", bad, output).failed(Culebra.FAILED, bad.toString());
            spmm(bad, input, output).failed(Culebra.FAILED, bad.toString());
        }
        int refused = 0;
        for (int at = 0; at < sound.length; at += 1 + at / 64) {
            var changed = sound.clone();
            changed[at] ^= 0x10;
            Files.write(bad, changed);
            var run = Run.of("decode", bad, output);
            // What lies between the sections is read by nobody.
            if (run.code() == 0) {
                assertTrue(Files.deleteIfExists(output));
                assertTrue(sound[at] == 0, "a changed byte " + at + " passed");
            } else {
                run.failed(Culebra.FAILED, bad.toString());
                refused++;
            }
        }
        assertTrue(refused > 60, "only " + refused);
        Run.of("decode", weights, output).failed(Culebra.FAILED, weights.toString());
    }

    @Test
    void verboseShowsWhere() {
        var run = Run.of("decode", "--verbose", folder.resolve("missing"), output);
        assertEquals(Culebra.FAILED, run.code());
        assertTrue(run.err().startsWith("culebra: ") && run.err().contains("\tat "), run.err());
        assertEquals(run.code(), Run.of("--verbose", "decode", folder.resolve("missing"), output).code());
    }

    /** Results that nobody receives are a failure. */
    @Test
    void standardOutputThatIsClosed() {
        var err = new java.io.ByteArrayOutputStream();
        var broken = new PrintStream(new OutputStream() {
            @Override
            public void write(int b) throws IOException { throw new IOException("closed"); }
        });
        assertEquals(Culebra.FAILED, Culebra.run(new String[]{"--version"}, broken, new PrintStream(err, true)));
        assertTrue(err.toString().contains("standard output"), err.toString());
    }

    private Path sparse(String name, int rows, int columns) throws IOException {
        long bytes = 2L * rows * columns;
        var path = RawFile.write(folder.resolve(name),
                "{\"t\":{\"dtype\":\"F16\",\"shape\":[%d,%d],\"data_offsets\":[0,%d]}}"
                        .formatted(rows, columns, bytes),
                new byte[0]);
        // A file of holes takes no room on the disk.
        try (var file = new java.io.RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(file.length() + bytes);
        }
        return path;
    }

    /** Small files can ask for more than any machine has: 2^26 rows times 2^21 columns are 2^49 bytes. */
    @Test
    void resultsThatNoMemoryHolds() throws IOException {
        var tall = sparse("tall", 1 << 26, 1);
        var wide = sparse("wide", 1, 1 << 21);
        remember();
        spmm(tall, wide, output).failed(Culebra.FAILED, "out of memory while allocating 512.0 TiB for the output",
                "this machine has");
    }

    /** The disk is asked before the hours of work. */
    @Test
    void weightsThatNoDiskHolds() {
        Run.of("synth", output, "--shape", "2147483647,1000000000", "--sparsity", "0.5").failed(Culebra.FAILED,
                output + ": would take 3.7 EiB, but its disk has room for ");
        Run.of("synth", output, "--shape", "2147483647,2147483647", "--sparsity", "0.5").failed(Culebra.FAILED);
        Run.of("synth", output, "--shape", "1,2147483647", "--sparsity", "0.5").failed(Culebra.FAILED,
                "1,2147483647 has more than 1073741819 columns");
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void whatIsNoFileIsNeitherReadNorWaitedFor() throws Exception {
        var pipe = folder.resolve("pipe");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "no mkfifo");
        remember();
        for (var path : List.of(pipe, folder)) {
            Run.of("decode", path, output).failed(Culebra.FAILED, path + ": not a regular file");
            Run.of("encode", path, output).failed(Culebra.FAILED, path + ": ",
                    path == pipe ? "not a regular file" : "");
            spmm(path, input, output).failed(Culebra.FAILED, path + ": not a regular file");
            spmm(weights, path, output).failed(Culebra.FAILED, path + ": not a regular file");
        }
    }

    /** Found before the work, and said of the name that was given, not of one beside it. */
    @Test
    void namesThatTheSystemRefuses() throws IOException {
        var length = folder.resolve("n".repeat(300));
        var circle = Files.createSymbolicLink(folder.resolve("circle"), Path.of("circle"));
        remember();
        for (var path : List.of(length, circle)) {
            Run.of("encode", path, output).failed(Culebra.FAILED, path + ": ");
            Run.of("encode", weights, path).failed(Culebra.FAILED, path + ": can not be written: ");
            spmm(weights, input, path).failed(Culebra.FAILED, path + ": can not be written: ");
        }
    }

    /** A name may hold what moves a terminal's cursor, turns the direction of text or goes on for pages. */
    @Test
    void namesThatAreNoText() throws IOException {
        var header = "{\"a\\nb\\u001b[2J\\u202e\\u2028%s\":{\"dtype\":\"I8\",\"shape\":[4],\"data_offsets\":[0,4]}}";
        for (var rest : List.of("", "n".repeat(60_000))) {
            var run = Run.of("encode", bad(header.formatted(rest), 4), output);
            run.failed(Culebra.FAILED, "tensor 'a?b?[2J??", "' is I8; a product takes F16, BF16 or F32");
        }
        var name = folder.resolve("a\u001b[2J");
        Run.of("decode", name, output).failed(Culebra.FAILED, "a?[2J: no such file");
        Run.of("encode", weights, output, "--tensor", "\u001b[2J\n").failed(Culebra.FAILED,
                "no tensor '?[2J?'; it has 'w'");
    }
}
