package dev.culebra.jmh.host;

import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.llm.checkpoint.SafetensorsWriter;
import dev.culebra.llm.checkpoint.SafetensorsWriter.Declaration;
import dev.culebra.llm.checkpoint.TensorInfo;
import dev.culebra.llm.checkpoint.TensorType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A safetensors file of {@value #TENSORS} fp16 tensors in the folder for temporary files, just written and so in the
 * page cache: opened, and opened and read to the last byte. A reading maps the file anew, so that the page faults of
 * the first touch are in the time, as they are when a model is loaded. The sum of what was read is compared.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgs = {"--enable-native-access=ALL-UNNAMED", "-Xmx1g"})
public class SafetensorsBenchmark {

    static final int TENSORS = 64;

    private static final int COLUMNS = 1024;
    private static final int CHUNK = 1 << 20;

    /** Bytes of data, a multiple of 64 tensors' rows (131072). */
    @Param("268435456")
    public long size;

    private Path file;
    private long expected;
    private long sum;
    private int count;

    /** Writes the file. */
    @Setup(Level.Trial)
    public void write() throws IOException {
        file = Files.createTempFile("culebra-", ".safetensors");
        Files.delete(file); // the writer wants the name free
        long rows = size / (TENSORS * COLUMNS * Short.BYTES);
        Declaration[] declarations = IntStream.range(0, TENSORS)
                .mapToObj(i -> Declaration.matrix("layers." + i + ".weight", TensorType.F16, rows, COLUMNS))
                .toArray(Declaration[]::new);
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, Map.of(), declarations);
                Arena arena = Arena.ofConfined()) {
            for (TensorInfo tensor : writer.tensors()) {
                MemorySegment bytes = arena.allocate(tensor.bytes(), Long.BYTES);
                for (long at = 0; at < bytes.byteSize(); at += Long.BYTES) {
                    long value = (tensor.begin() + at + 1) * 0x9E3779B97F4A7C15L;
                    bytes.set(ValueLayout.JAVA_LONG, at, value);
                    expected += value;
                }
                writer.write(tensor, 0, bytes);
            }
            writer.commit();
        }
        sum = expected;
        count = TENSORS;
    }

    /** The header alone: read, parsed, held against the file's length; the data is mapped. */
    @Benchmark
    public void open() throws IOException {
        try (Safetensors tensors = Safetensors.open(file)) {
            count = tensors.tensors().size();
        }
    }

    /** Opens, and reads every tensor. */
    @Benchmark
    public void read() throws IOException {
        long all = 0;
        try (Safetensors tensors = Safetensors.open(file)) {
            for (TensorInfo tensor : tensors.tensors()) all += sum(tensors.data(tensor));
        }
        sum = all;
    }

    /** In pieces that an int counts, which the JVM makes vectors of. */
    private static long sum(MemorySegment data) {
        long sum = 0;
        for (long from = 0; from < data.byteSize(); from += CHUNK) {
            MemorySegment part = data.asSlice(from, Math.min(CHUNK, data.byteSize() - from));
            for (int i = 0, n = (int) (part.byteSize() / Long.BYTES); i < n; i++) {
                sum += part.get(ValueLayout.JAVA_LONG_UNALIGNED, (long) i * Long.BYTES);
            }
        }
        return sum;
    }

    /** Compares what was read, and takes the file away. */
    @TearDown(Level.Trial)
    public void check() throws IOException {
        Files.delete(file);
        if (sum != expected || count != TENSORS) {
            throw new IllegalStateException(
                    "read " + count + " tensors with the sum " + sum + ", not " + TENSORS + " with " + expected);
        }
    }
}
