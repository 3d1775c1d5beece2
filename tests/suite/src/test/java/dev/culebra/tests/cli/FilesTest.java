package dev.culebra.tests.cli;

import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.llm.prune.MagnitudePruning;
import dev.culebra.sparse.DenseType;
import dev.culebra.tests.checkpoint.RawFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** {@code synth}, {@code encode} and {@code decode}: what they write is what they say. */
class FilesTest {
    @TempDir
    Path folder;

    private static byte[] data(Path file) throws Exception {
        try (var open = Safetensors.open(file)) {
            return open.data(open.onlyTensor()).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    @ParameterizedTest
    @CsvSource({"f16, 300, 1000, 0.7", "bf16, 17, 33, 0.29", "f16, 1, 1, 0", "bf16, 65, 64, 1"})
    void synthEncodeDecodeGiveTheSameBytes(String dtype, int m, int k, double sparsity) throws Exception {
        var dense = folder.resolve("w.safetensors");
        var encoded = folder.resolve("w.culebra");
        var back = folder.resolve("back.safetensors");
        long nonzeros = (long) m * k - (long) Math.floor(sparsity * m * k);

        var synth = Run.json("synth", dense, "--shape", m + "," + k, "--sparsity", sparsity, "--dtype", dtype, "--seed",
                3, "--json");
        assertEquals(nonzeros, synth.get("nonzeros").asLong());
        try (var file = Safetensors.open(dense)) {
            assertEquals("weight", file.onlyTensor().name());
            assertEquals(List.of((long) m, (long) k), file.onlyTensor().shape());
            assertEquals(dtype.toUpperCase(), file.onlyTensor().type().name());
        }
        var encode = Run.json("encode", dense, encoded, "--json");
        assertEquals(nonzeros, encode.get("nonzeros").asLong());
        assertEquals("tiled-csl", encode.get("format").asText());
        assertEquals(2L * m * k, encode.get("dense_bytes").asLong());
        assertTrue(encode.get("encoded_bytes").asLong() >= 4 * nonzeros);
        assertTrue(Files.size(encoded) >= encode.get("encoded_bytes").asLong());

        var decode = Run.json("decode", encoded, back, "--json");
        assertEquals(nonzeros, decode.get("nonzeros").asLong());
        assertArrayEquals(data(dense), data(back));

        // Without --json: a line for people, and existing files are replaced.
        assertEquals(1, Run.ok("synth", dense, "--shape", "2x2", "--sparsity", "0.5", "--skew").out().lines().count());
        assertTrue(Run.ok("encode", dense, encoded).out().contains("[2, 2] F16, 50.0% zero"));
        assertTrue(Run.ok("decode", encoded, back).out().contains("[2, 2] F16, 50.0% zero"));
        assertArrayEquals(data(dense), data(back));
        try (var files = Files.list(folder)) {
            assertEquals(3, files.count(), "leftovers");
        }
    }

    /** Whoever reads the line need not know which encoding standard output has here. */
    @Test
    void jsonIsAsciiWhateverTheNames() throws Exception {
        var file = folder.resolve("w \u00fc \u6f22 \"q\".safetensors");
        var run = Run.ok("synth", file, "--shape", "2,2", "--sparsity", "-0", "--json");
        assertTrue(run.out().chars().allMatch(c -> c < 0x7f), run.out());
        var json = new com.fasterxml.jackson.databind.ObjectMapper().readTree(run.out());
        assertEquals(file.toString(), json.get("output").asText());
        assertEquals("0.0", json.get("sparsity").toString());
    }

    @Test
    void theSeedDecides() throws Exception {
        var a = folder.resolve("a");
        var b = folder.resolve("b");
        Run.ok("synth", a, "--shape", "200,100", "--sparsity", "0.6", "--seed", "4");
        Run.ok("synth", b, "--shape", "200,100", "--sparsity", "0.6", "--seed", "4");
        assertArrayEquals(Files.readAllBytes(a), Files.readAllBytes(b));
        Run.ok("synth", b, "--shape", "200,100", "--sparsity", "0.6", "--seed", "5");
        assertTrue(Files.mismatch(a, b) >= 0);
    }

    /** One tensor of several, by name; unaligned, as its header has an odd length. */
    @Test
    void aTensorIsChosenByName() throws Exception {
        var random = new SplittableRandom(1);
        var data = new byte[2 * 35 + 4 * 6];
        for (int i = 0; i < 70; i += 2) data[i] = (byte) random.nextInt();
        var header = "{\"x\":{\"dtype\":\"F16\",\"shape\":[5,7],\"data_offsets\":[0,70]},\"y\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[70,94]}}";
        if (header.length() % 2 == 0) header += " ";
        var file = RawFile.write(folder.resolve("two.safetensors"), header, data);
        Run.of("encode", file, folder.resolve("e")).failed(1, "it holds 2 tensors, so name one of 'x', 'y'");
        Run.of("encode", file, folder.resolve("e"), "--tensor", "z").failed(1, "no tensor 'z'; it has 'x', 'y'");
        Run.ok("encode", file, folder.resolve("e"), "--tensor", "x", "--format", "tiled-csl");
        Run.ok("decode", folder.resolve("e"), folder.resolve("d"));
        assertArrayEquals(java.util.Arrays.copyOf(data, 70), data(folder.resolve("d")));
    }

    @Test
    void f32IsRoundedToF16OnceAndOverflowIsSaid() throws Exception {
        // A tie to even downwards, one upwards, the last finite value and the first infinite one, subnormals.
        var values = new float[]{1 + 0x1p-11f, 1 + 3 * 0x1p-11f, 65_519.996f, 65_520, -1e30f, 0x1p-24f, 0x1p-25f,
            Float.NaN, Float.POSITIVE_INFINITY};
        var file = RawFile.matrix(folder.resolve("w"), "w", "F32", 3, 3, RawFile.bytes(values));
        var encode = Run.of("encode", file, folder.resolve("e"));
        assertEquals(0, encode.code());
        assertEquals(
                "culebra: warning: 2 of the weights are finite in F32 but beyond F16's largest number, 65504, and became infinite",
                encode.err().strip());
        Run.ok("decode", folder.resolve("e"), folder.resolve("d"));
        assertArrayEquals(RawFile.bytes((short) 0x3c00, (short) 0x3c02, (short) 0x7bff, (short) 0x7c00, (short) 0xfc00,
                (short) 1, (short) 0,
                Float.floatToFloat16(Float.NaN), (short) 0x7c00), data(folder.resolve("d")));
    }

    /** What 'demo' does by calls, by files: prune the bundled model's kind of weights and see the count arrive. */
    @Test
    void prunedWeightsKeepTheirCount() throws Exception {
        var weights = MemorySegment.ofArray(new byte[2 * 96 * 80]);
        var random = new SplittableRandom(2);
        for (int i = 0; i < 96 * 80; i++) {
            weights.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, Float.floatToFloat16((float) random.nextGaussian()));
        }
        MagnitudePruning.prune(weights, DenseType.F16, 0.6);
        var file = RawFile.matrix(folder.resolve("w"), "w", "F16", 96, 80, weights.toArray(ValueLayout.JAVA_BYTE));
        assertEquals(96 * 80 - 4608, Run.json("encode", file, folder.resolve("e"), "--json").get("nonzeros").asInt());
    }
}
