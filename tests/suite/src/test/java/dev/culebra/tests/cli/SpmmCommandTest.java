package dev.culebra.tests.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.llm.checkpoint.TensorType;
import dev.culebra.tests.checkpoint.RawFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** {@code spmm} against a product in double precision that knows nothing of formats. */
class SpmmCommandTest {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    @TempDir
    Path folder;

    /** A matrix as a file has it, and the numbers that it stands for once it is through the door. */
    private record Matrix(String dtype, int rows, int columns, byte[] bytes, double[] values) {
        static Matrix random(String dtype, int rows, int columns, double zeros, long seed) {
            var random = new SplittableRandom(seed);
            var values = new double[rows * columns];
            var floats = new float[values.length];
            var halves = new short[values.length];
            for (int i = 0; i < values.length; i++) {
                float v = random.nextDouble() < zeros ? 0 : (float) random.nextGaussian();
                floats[i] = v;
                halves[i] = dtype.equals("BF16")
                        ? (short) (Float.floatToRawIntBits(v) >>> 16)
                        : Float.floatToFloat16(v);
                values[i] = dtype.equals("BF16")
                        ? Float.intBitsToFloat(halves[i] << 16)
                        : Float.float16ToFloat(halves[i]);
            }
            return new Matrix(dtype, rows, columns, dtype.equals("F32") ? RawFile.bytes(floats) : RawFile.bytes(halves),
                    values);
        }

        Path write(Path path) throws Exception { return RawFile.matrix(path, "t", dtype, rows, columns, bytes); }
    }

    private float[] output(int m, int n) throws Exception {
        try (var file = Safetensors.open(folder.resolve("y.safetensors"))) {
            var tensor = file.onlyTensor();
            assertEquals("output", tensor.name());
            assertEquals(TensorType.F32, tensor.type());
            assertEquals(List.of((long) m, (long) n), tensor.shape());
            var y = new float[m * n];
            for (int i = 0; i < y.length; i++) y[i] = file.data(tensor).get(FLOAT, 4L * i);
            return y;
        }
    }

    /**
     * Products of two 16-bit values are exact in F32 (BF16: 16 bits of 24, F16: 22); each of at most K additions errs by one
     * unit in the last place of a partial sum (Tensor Cores cut off), which is at most 2^-23 of the sum of magnitudes.
     */
    private static void compare(Matrix a, Matrix x, float[] y) {
        int m = a.rows();
        int k = a.columns();
        int n = x.columns();
        double worst = 0;
        String where = "";
        for (int row = 0; row < m; row++) {
            for (int token = 0; token < n; token++) {
                double sum = 0;
                double magnitude = 0;
                for (int i = 0; i < k; i++) {
                    double term = a.values()[row * k + i] * x.values()[i * n + token];
                    sum += term;
                    magnitude += Math.abs(term);
                }
                double error = Math.abs(y[row * n + token] - sum);
                double share = error == 0 ? 0 : error / (k * 0x1p-23 * magnitude);
                if (!(share <= worst)) {
                    worst = share;
                    where = "row " + row + ", column " + token + ": " + y[row * n + token] + " instead of " + sum;
                }
            }
        }
        assertTrue(worst <= 1, "error is " + worst + " of what rounding explains at " + where);
    }

    private JsonNode spmm(Path weights, Path input, String device) throws Exception {
        return Run.json("spmm", "--weights", weights, "--input", input, "--output", folder.resolve("y.safetensors"),
                "--device", device, "--json");
    }

    @ParameterizedTest
    @CsvSource({"cpu, F16, F16, 1, 1, 1, 0", "cpu, F16, F16, 17, 33, 5, 0.5", "cpu, BF16, BF16, 300, 1000, 33, 0.9",
        "cpu, F32, F32, 65, 130, 9, 0.6",
        "cpu, F16, F32, 64, 64, 8, 0.5", "cpu, F32, F16, 64, 64, 8, 1", "cpu, F16, F16, 256, 64, 8, 0",
        "cpu, F16, F16, 3, 5, 5000, 0.5", "cpu, F16, F16, 200, 300, 2, 0.97",
        "emulator, F16, F16, 1, 1, 1, 0", "emulator, F16, F16, 17, 33, 5, 0.5", "emulator, BF16, BF16, 130, 70, 3, 0.7",
        "emulator, F32, F32, 65, 130, 9, 0.6", "emulator, F16, F32, 64, 200, 17, 1"})
    void productsAgreeWithDoublePrecision(String device, String weightType, String inputType, int m, int k, int n,
            double zeros) throws Exception {
        var a = Matrix.random(weightType, m, k, zeros, 1);
        var x = Matrix.random(inputType, k, n, 0, 2);
        var weights = a.write(folder.resolve("w.safetensors"));
        var input = x.write(folder.resolve("x.safetensors"));
        var json = spmm(weights, input, device);
        var y = output(m, n);
        compare(a, x, y);

        var fields = new ArrayList<String>();
        json.fieldNames().forEachRemaining(fields::add);
        assertEquals(List.of("device", "kernel", "format", "m", "k", "n", "nonzeros", "sparsity", "encoded_bytes",
                "time_ms"), fields);
        long nonzeros = java.util.Arrays.stream(a.values()).filter(v -> v != 0).count();
        assertEquals(device, json.get("device").asText());
        long denseBytes = ((m + 63L) / 64) * ((k + 63L) / 64) * 8192;
        // far from equal in all of these, so that offsets do not matter; on a CPU little is sparse
        boolean dense = device.equals("cpu") ? nonzeros > .1 * m * k : nonzeros * 4 >= denseBytes;
        assertEquals(dense ? "dense" : "tiled-csl", json.get("format").asText());
        assertEquals(m, json.get("m").asInt());
        assertEquals(k, json.get("k").asInt());
        assertEquals(n, json.get("n").asInt());
        assertEquals(nonzeros, json.get("nonzeros").asLong());
        assertEquals(1 - (double) nonzeros / (m * k), json.get("sparsity").asDouble(), 1e-12);
        assertTrue(json.get("encoded_bytes").asLong() >= (dense ? denseBytes : 4 * nonzeros));
        assertTrue(json.get("time_ms").asDouble() > 0);
        assertTrue(!json.get("kernel").asText().isEmpty());

        // The same from an encoded file, whatever it is called.
        var encoded = folder.resolve("encoded.safetensors");
        Run.ok("encode", weights, encoded, "--format", json.get("format").asText());
        var again = spmm(encoded, input, device);
        assertEquals(json.get("encoded_bytes"), again.get("encoded_bytes"));
        assertArrayEquals(y, output(m, n));
    }

    /** Large enough that blocks, pieces of rows and several threads come in; the shape of each is ragged. */
    @Test
    void largeInputsAreTransposedInBlocks() throws Exception {
        int m = 70;
        int k = 3;
        int n = 9001;
        var a = Matrix.random("F16", m, k, 0.3, 1);
        var x = Matrix.random("F16", k, n, 0, 2);
        spmm(a.write(folder.resolve("w")), x.write(folder.resolve("x")), "cpu");
        compare(a, x, output(m, n));
    }

    @Test
    void forPeopleThereAreAFewLines() throws Exception {
        var weights = Matrix.random("F16", 8, 8, 0.5, 1).write(folder.resolve("w"));
        var input = Matrix.random("F16", 8, 2, 0, 2).write(folder.resolve("x"));
        var run = Run.ok("spmm", "--weights", weights, "--input", input, "--output", folder.resolve("y.safetensors"),
                "--weights-tensor", "t",
                "--input-tensor", "t", "--format", "tiled-csl", "--device", "cpu");
        assertTrue(run.out().contains("[8, 2] = weights [8, 8] x input [8, 2]"), run.out());
        assertTrue(run.out().contains("device   cpu: "), run.out());
        assertEquals(5, run.out().lines().count());
    }

    /** A poisoned token stays visible on every device; the others are untouched; overflow on the way in is said. */
    @ParameterizedTest
    @CsvSource({"cpu", "emulator"})
    void nonFiniteInputs(String device) throws Exception {
        int m = 33;
        int k = 40;
        int n = 4;
        var a = Matrix.random("F16", m, k, 0.8, 1);
        var x = Matrix.random("F32", k, n, 0, 2);
        var floats = java.nio.ByteBuffer.wrap(x.bytes()).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        floats.put(5 * n + 1, Float.NaN);
        floats.put(6 * n + 3, 1e9f);
        var run = Run.of("spmm", "--weights", a.write(folder.resolve("w")), "--input", x.write(folder.resolve("x")),
                "--output",
                folder.resolve("y.safetensors"), "--device", device, "--json");
        assertEquals(0, run.code(), run.err());
        assertEquals(
                "culebra: warning: 1 of the inputs are finite in F32 but beyond F16's largest number, 65504, and became infinite",
                run.err().strip());
        var y = output(m, n);
        for (int row = 0; row < m; row++) {
            assertTrue(Float.isFinite(y[row * n]) && Float.isFinite(y[row * n + 2]));
            assertTrue(Float.isNaN(y[row * n + 1]) && Float.isNaN(y[row * n + 3]), "row " + row);
        }
    }

    @Test
    void autoIsTheBestDevice() throws Exception {
        var weights = Matrix.random("F16", 8, 8, 0.5, 1).write(folder.resolve("w"));
        var input = Matrix.random("F16", 8, 2, 0, 2).write(folder.resolve("x"));
        var best = dev.culebra.driver.Cuda.available().available() ? "cuda" : "cpu";
        assertEquals(best, spmm(weights, input, "auto").get("device").asText());
        if (best.equals("cpu")) {
            Run.of("spmm", "--weights", weights, "--input", input, "--output", folder.resolve("z"), "--device", "cuda")
                    .failed(1, "cuda");
            assertTrue(Files.notExists(folder.resolve("z")));
        }
    }
}
