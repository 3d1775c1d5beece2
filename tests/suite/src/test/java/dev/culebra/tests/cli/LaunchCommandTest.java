package dev.culebra.tests.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.culebra.driver.Cuda;
import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.llm.checkpoint.TensorType;
import dev.culebra.tests.checkpoint.RawFile;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code launch}: a user's own PTX, with arguments of every kind. What is wrong with them is {@link LaunchRefusalTest}'s. */
class LaunchCommandTest {
    @TempDir
    Path folder;
    private Path output;

    @BeforeEach
    void place() { output = folder.resolve("result.safetensors"); }

    private Path ptx(String text) throws Exception { return Files.writeString(folder.resolve("kernel.ptx"), text); }

    private Path floats(String file, String tensor, float... values) throws Exception {
        return RawFile.matrix(folder.resolve(file), tensor, "F32", 1, values.length, RawFile.bytes(values));
    }

    private Path ints(String file, int... values) throws Exception {
        var bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int v : values) bytes.putInt(v);
        return RawFile.matrix(folder.resolve(file), "t", "I32", 1, values.length, bytes.array());
    }

    private JsonNode launch(Object... args) throws Exception {
        var all = new ArrayList<Object>(List.of("launch", "--device", "emulator", "--json", "--output", output));
        all.addAll(List.of(args));
        return Run.json(all.toArray());
    }

    private ByteBuffer output(String name, TensorType type, Long... shape) throws Exception {
        try (var file = Safetensors.open(output)) {
            var tensor = file.tensor(name);
            assertEquals(type, tensor.type());
            assertEquals(List.of(shape), tensor.shape());
            return ByteBuffer.wrap(file.data(tensor).toArray(ValueLayout.JAVA_BYTE)).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    @Test
    void numbersGoInAndOut() throws Exception {
        int n = 1000;
        var x = new float[n];
        var y = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = i;
            y[i] = 3 * i + 1;
        }
        var json = launch("--ptx", ptx(LaunchPrograms.AXPY), "--kernel", "axpy", "--grid", 8, "--block", 128, "--arg",
                "in:" + floats("x.safetensors", "x", x), "--arg", "inout:sum:" + floats("y.safetensors", "y", y),
                "--arg",
                "f32:2", "--arg", "i32:1000");
        var sum = output("sum", TensorType.F32, 1L, (long) n).asFloatBuffer();
        for (int i = 0; i < n; i++) assertEquals(5 * i + 1, sum.get(i)); // whole numbers below 2^24: exact

        var fields = new ArrayList<String>();
        json.fieldNames().forEachRemaining(fields::add);
        assertEquals(List.of("device", "description", "kernel", "grid", "block", "cooperative", "shared_bytes",
                "static_shared_bytes", "registers", "local_bytes", "time_ms", "outputs"), fields);
        assertEquals("emulator", json.get("device").asText());
        assertEquals("axpy", json.get("kernel").asText());
        assertEquals("[8,1,1]", json.get("grid").toString());
        assertEquals("[128,1,1]", json.get("block").toString());
        assertTrue(json.get("registers").asInt() > 0 && json.get("time_ms").asDouble(-1) >= 0);
        assertEquals("[{\"name\":\"sum\",\"type\":\"F32\",\"shape\":[1,1000]}]", json.get("outputs").toString());
    }

    /** All after one --arg is the same as one --arg each; the kernel is the only one; auto is a GPU or the emulator. */
    @Test
    void whatMayBeLeftOut() throws Exception {
        var ptx = ptx(LaunchPrograms.AXPY);
        var x = floats("x", "x", 1, 2, 3);
        var y = floats("y", "y", 10, 20, 30);
        var run = Run.json("launch", "--ptx", ptx, "--grid", 1, "--block", 32, "--json", "--output", output, "--arg",
                "in:" + x, "inout:y:" + y, "f32:-1", "i32:3");
        assertEquals(Cuda.available().available() ? "cuda" : "emulator", run.get("device").asText());
        var floats = output("y", TensorType.F32, 1L, 3L).asFloatBuffer();
        assertArrayEquals(new float[]{9, 18, 27}, new float[]{floats.get(0), floats.get(1), floats.get(2)});
        assertArrayEquals(RawFile.bytes(10f, 20f, 30f), dataOf(y)); // what is read is not written
    }

    private static byte[] dataOf(Path path) throws Exception {
        try (var file = Safetensors.open(path)) {
            return file.data(file.onlyTensor()).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /** Bits as they arrive, one row a way of writing them. */
    @ParameterizedTest
    @CsvSource({
        "i8:-1, i16:-2, i32:-3, i64:-4, f32:1.5, f64:-2.5, f16:1, -1, -2, -3, -4, 3fc00000, c004000000000000, 3c00",
        "i8:255, i16:65535, i32:4294967295, i64:18446744073709551615, f32:nan, f64:nan, f16:nan, "
                + "-1, -1, -1, -1, 7fc00000, 7ff8000000000000, 7e00",
        "i8:0x7f, i16:0x8000, i32:0xFFFFFFFE, i64:-0x8000000000000000, f32:-inf, f64:inf, f16:-Infinity, "
                + "127, -32768, -2, -9223372036854775808, ff800000, 7ff0000000000000, fc00",
        "i8:-128, i16:-32768, i32:-2147483648, i64:0x10, f32:0f7F7fffff, f64:0d0000000000000001, f16:65504, "
                + "-128, -32768, -2147483648, 16, 7f7fffff, 1, 7bff",
        // 1 + 2^-24 + 2^-60 is above the middle of two floats; rounded to a double first it would be at the middle, and go down.
        "i8:+1, i16:0, i32:+7, i64:0, f32:1.0000000596046447753906258673617379884035472, f64:.5, f16:-0, "
                + "1, 0, 7, 0, 3f800001, 3fe0000000000000, 8000"})
    void valuesArriveAsTheyAreWritten(String a, String b, String c, String d, String e, String f, String g, long i8,
            long i16, long i32, long i64, String f32, String f64, String f16) throws Exception {
        launch("--ptx", ptx(LaunchPrograms.ECHO), "--grid", 1, "--block", 1, "--arg", "out:seen:i64:9", "--arg", a,
                "--arg",
                b, "--arg", c, "--arg", d, "--arg", e, "--arg", f, "--arg", g, "--arg",
                "bytes:00000000efBEadde01020304");
        var seen = output("seen", TensorType.I64, 9L).asLongBuffer();
        long[] expected = {i8, i16, i32, i64, Long.parseLong(f32, 16), Long.parseUnsignedLong(f64, 16),
            Long.parseLong(f16, 16), 0xdeadbeefL, 0x04030201L};
        for (int i = 0; i < expected.length; i++) {
            assertEquals(Long.toHexString(expected[i]), Long.toHexString(seen.get(i)), "value " + i);
        }
    }

    @Test
    void sharedMemoryAndOneKernelOfTwo() throws Exception {
        var x = ints("x", IntStream.range(0, 256).toArray());
        var json = launch("--ptx", ptx(LaunchPrograms.TWO), "--kernel", "reverse", "--grid", "4", "--block", "64",
                "--shared",
                256, "--arg", "in:" + x, "out:y:i32:256");
        assertEquals(256, json.get("shared_bytes").asInt());
        var y = output("y", TensorType.I32, 256L).asIntBuffer();
        for (int i = 0; i < 256; i++) assertEquals(i / 64 * 64 + 63 - i % 64, y.get(i));
    }

    @Test
    void sumsBeginAtZero() throws Exception {
        var x = ints("x", IntStream.range(0, 1024).map(i -> i * i % 10).toArray());
        launch("--ptx", ptx(LaunchPrograms.TWO), "--kernel", "count", "--grid", "8", "--block", "128", "--arg",
                "in:" + x,
                "zeros:bins:i32:10");
        var bins = output("bins", TensorType.I32, 10L).asIntBuffer();
        for (int v = 0; v < 10; v++) {
            int value = v;
            assertEquals(IntStream.range(0, 1024).filter(i -> i * i % 10 == value).count(), bins.get(v));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"2,3,2|4,2,3|12|24", "5|33|5|33", "2x2|3x1x2|4|6"})
    void extentsOfEveryAxis(String grid, String block, int blocks, int threads) throws Exception {
        launch("--ptx", ptx(LaunchPrograms.PLACES), "--grid", grid, "--block", block, "--arg",
                "out:at:i64:" + blocks * threads);
        var at = output("at", TensorType.I64, (long) blocks * threads).asLongBuffer();
        for (int b = 0; b < blocks; b++) {
            for (int t = 0; t < threads; t++) assertEquals(1000L * b + t, at.get(b * threads + t));
        }
    }

    /** Both may have colons: the file is what is there. */
    @Test
    void namesWithColons() throws Exception {
        var x = floats("x:1", "layer:0:x", 1);
        var y = floats("y", "0:y", 5);
        launch("--ptx", ptx(LaunchPrograms.AXPY), "--grid", 1, "--block", 1, "--arg", "in:" + x + ":layer:0:x",
                "inout:y:" + y + ":0:y", "f32:1", "i32:1");
        assertEquals(6, output("y", TensorType.F32, 1L, 1L).getFloat());
        launch("--ptx", ptx(LaunchPrograms.AXPY), "--grid", 1, "--block", 1, "--arg", "in:" + x, "inout:y:" + y,
                "f32:2",
                "i32:1");
        assertEquals(7, output("y", TensorType.F32, 1L, 1L).getFloat());
    }

    /** Tensors of other types and shapes are bytes to the device, and keep both on their way out. */
    @ParameterizedTest
    @CsvSource({"F16, 2", "BF16, 2", "F64, 8", "U8, 1", "BOOL, 1", "I64, 8", "F8_E4M3, 1"})
    void tensorsOfEveryType(String dtype, int bytes) throws Exception {
        var data = new byte[6 * bytes];
        for (int i = 0; i < data.length; i++) data[i] = (byte) (i * 37);
        var file = RawFile.matrix(folder.resolve("t"), "t", dtype, 2, 3, data);
        var ptx = LaunchPrograms.NOTHING.replace("()", "(.param .u64 x)");
        launch("--ptx", ptx(ptx), "--grid", 1, "--block", 1, "--arg", "inout:same:" + file);
        var same = output("same", TensorType.valueOf(dtype), 2L, 3L);
        assertArrayEquals(data, same.array());
    }

    @ParameterizedTest
    @CsvSource({"f16, 2", "bf16, 2", "f32, 4", "f64, 8", "i8, 1", "i16, 2", "i32, 4", "i64, 8"})
    void zerosOfEveryType(String type, int bytes) throws Exception {
        var ptx = LaunchPrograms.NOTHING.replace("()", "(.param .u64 x, .param .u64 y)");
        launch("--ptx", ptx(ptx), "--grid", 1, "--block", 1, "--arg", "zeros:a:b:" + type + ":0x5", "zeros:none:f32:0");
        assertArrayEquals(new byte[5 * bytes], output("a:b", TensorType.valueOf(type.toUpperCase()), 5L).array());
        assertEquals(0, output("none", TensorType.F32, 0L).remaining());
    }

    @Test
    void withoutArgumentsAndForPeople() throws Exception {
        var run = Run.ok("launch", "--ptx", ptx(LaunchPrograms.NOTHING), "--grid", "2,2", "--block", 32, "--device",
                "emulator:0", "--cooperative");
        assertTrue(run.out().startsWith("nothing\n"), run.out());
        for (var piece : new String[]{"  device   emulator: ",
            "  shape    2 x 2 x 1 blocks of 32 x 1 x 1 threads, all at once",
            "  memory   ", "  time     ", "says nothing of a GPU's"}) {
            assertTrue(run.out().contains(piece), run.out());
        }
        var out = Run.ok("launch", "--ptx", ptx(LaunchPrograms.ECHO), "--grid", 1, "--block", 1, "--device", "emulator",
                "--arg", "out:seen:i64:9", "i8:1", "i16:1", "i32:1", "i64:1", "f32:1", "f64:1", "f16:1",
                "bytes:" + "00".repeat(12)).out();
        assertTrue(out.contains("  output   'seen' I64 [9], not kept: there is no --output"), out);
    }

    @Test
    void clusters() throws Exception {
        assumeTrue(Cuda.open("emulator").device(0).supportsClusters(), "the emulated device has no clusters");
        var json = launch("--ptx", ptx(LaunchPrograms.PLACES), "--grid", "4", "--block", "32", "--cluster", "2",
                "--arg",
                "out:at:i64:128");
        assertEquals("[2,1,1]", json.get("cluster").toString());
        assertEquals(3031, output("at", TensorType.I64, 128L).asLongBuffer().get(127));
    }

    /** On the emulator it can be told: what a kernel leaves out is no zero on a GPU either. */
    @Test
    void elementsThatTheKernelDoesNotWrite() throws Exception {
        var ptx = ptx(LaunchPrograms.PLACES);
        var run = Run.of("launch", "--device", "emulator", "--ptx", ptx, "--grid", 1, "--block", 32, "--output", output,
                "--arg", "out:at:i64:40");
        assertEquals(0, run.code());
        assertTrue(
                run.err().startsWith(
                        "culebra: warning: output 'at': 8 of 40 elements are as fresh memory is on the emulator"),
                run.err());
        assertEquals(31, output("at", TensorType.I64, 40L).asLongBuffer().get(31));
        Run.ok("launch", "--device", "emulator", "--ptx", ptx, "--grid", 1, "--block", 32, "--output", output, "--arg",
                "zeros:at:i64:40");
        assertEquals(0, output("at", TensorType.I64, 40L).asLongBuffer().get(39));
        // A sum that begins with what nobody wrote is stopped at once.
        var x = ints("x", new int[32]);
        Run.of("launch", "--device", "emulator", "--ptx", ptx(LaunchPrograms.TWO), "--kernel", "count", "--grid", 1,
                "--block",
                32, "--arg", "in:" + x, "out:bins:i32:10").failed(1, "unwritten memory", "count", "red.global.add.u32");
    }

    /** Two blocks of 64 threads: 4 warps, each with one barrier; 256 elements, of which each is read and written once. */
    @Test
    void countsWhatIsExecuted() throws Exception {
        var x = ints("x", IntStream.range(0, 128).toArray());
        Object[] args = {"--ptx", ptx(LaunchPrograms.TWO), "--kernel", "reverse", "--grid", "2", "--block", "64",
            "--shared",
            256, "--arg", "in:" + x, "out:y:i32:128", "--counters", "--elements", "128"};
        var counters = launch(args).get("counters");
        assertEquals(4, counters.get("barriers").asInt());
        assertEquals(512, counters.at("/bytes/global/read").asInt());
        assertEquals(512, counters.at("/bytes/global/written").asInt());
        assertEquals(8.0, counters.get("global_bytes_per_element").asDouble());
        assertEquals(counters.get("lane_instructions").asDouble() / 128,
                counters.get("lane_instructions_per_element").asDouble());
        assertEquals(counters, launch(args).get("counters"));
        var all = new ArrayList<Object>(List.of("launch", "--device", "emulator"));
        all.addAll(List.of(args));
        assertTrue(Run.ok(all.toArray()).out().contains("counters of 1 launch: 1 x reverse"));
    }

    /** An existing file is replaced by a whole one. */
    @Test
    void anOutputIsReplaced() throws Exception {
        Files.writeString(output, "something else");
        launch("--ptx", ptx(LaunchPrograms.NOTHING.replace("()", "(.param .u64 x)")), "--grid", 1, "--block", 1,
                "--arg",
                "zeros:z:i32:2");
        assertArrayEquals(new byte[8], output("z", TensorType.I32, 2L).array());
        try (var files = Files.list(folder)) {
            assertEquals(2, files.count()); // the PTX and the output: nothing half-made beside it
        }
        assertFalse(Files.isSymbolicLink(output));
    }
}
