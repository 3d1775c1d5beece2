package dev.culebra.tests.spmm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Graph;
import dev.culebra.driver.GraphExec;
import dev.culebra.driver.Stream;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.CpuSpmm;
import dev.culebra.spmm.CudaProduct;
import dev.culebra.spmm.CudaSpmm;
import dev.culebra.spmm.CudaWeights;
import dev.culebra.spmm.SpmmWeights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** What is said of devices behind the driver beyond the contract. */
abstract class AbstractCudaSpmmContract extends AbstractSpmmContract {

    @Override
    boolean tensorCores() { return true; }

    CudaSpmm cuda() { return (CudaSpmm) device; }

    /** [N, ldx] with what must not be read behind K: NaN, which would poison. */
    static MemorySegment padded(Problem p, int ldx, Arena arena) {
        short[] bits = new short[p.n() * ldx];
        Arrays.fill(bits, Problem.bits(Float.NaN, p.type()));
        short[] x = p.xBits();
        for (int t = 0; t < p.n(); t++) {
            System.arraycopy(x, t * p.k(), bits, t * ldx, p.k());
        }
        return arena.allocateFrom(ValueLayout.JAVA_SHORT, bits);
    }

    /** One problem whose K is whole, and one whose K is split. */
    private Problem[] wholeAndSplit() {
        return new Problem[]{Problem.integers(130, 67, 9, .4, ValueType.F16, 31),
            Problem.integers(5, 3000, 3, .2, ValueType.BF16, 32)};
    }

    @Test
    void planSplitsK() {
        try (CudaWeights a = cuda().load(wholeAndSplit()[1].encoded(format()))) {
            assertTrue(a.plan(3).splits() > 1, a.plan(3).why());
            assertSame(a.plan(3), a.plan(3));
            assertEquals(a.plan(3).kernel().name(), a.kernel(3));
        }
    }

    @Test
    void multipliesWhatLiesOnTheDevice() {
        Context context = cuda().context();
        for (Problem p : wholeAndSplit()) {
            try (Arena arena = Arena.ofConfined();
                    CudaWeights a = cuda().load(p.encoded(format()));
                    Stream stream = context.newStream()) {
                int ldx = a.minimumLdx() + 8;
                MemorySegment host = padded(p, ldx, arena);
                MemorySegment result = arena.allocate((long) p.n() * p.m() * Float.BYTES, 4);
                try (DeviceBuffer x = stream.allocate(host.byteSize());
                        DeviceBuffer y = stream.allocate(result.byteSize())) {
                    stream.copy(host, x);
                    a.multiply(stream, x, p.n(), ldx, y);
                    stream.copy(y, result);
                    stream.synchronize();
                }
                p.checkExact(result.toArray(ValueLayout.JAVA_FLOAT));
            }
        }
    }

    @Test
    void preparedOnceLaunchedOftenAndCaptured() {
        Context context = cuda().context();
        for (Problem p : wholeAndSplit()) {
            try (Arena arena = Arena.ofConfined();
                    CudaWeights a = cuda().load(p.encoded(format()));
                    Stream stream = context.newStream();
                    CudaProduct product = a.prepare(p.n(), a.minimumLdx())) {
                MemorySegment host = padded(p, a.minimumLdx(), arena);
                MemorySegment result = arena.allocate((long) p.n() * p.m() * Float.BYTES, 4);
                try (DeviceBuffer x = context.allocate(host.byteSize());
                        DeviceBuffer y = context.allocate(result.byteSize())) {
                    x.upload(host);
                    for (int i = 0; i < 3; i++) {
                        stream.fill(y, (byte) 0xff);
                        product.launch(stream, x, y);
                    }
                    stream.synchronize();
                    y.download(result);
                    p.checkExact(result.toArray(ValueLayout.JAVA_FLOAT));

                    try (Graph graph = stream.capture(() -> product.launch(stream, x, y));
                            GraphExec exec = graph.instantiate()) {
                        stream.fill(y, (byte) 0xff);
                        exec.launch(stream);
                        stream.synchronize();
                        y.download(result);
                        p.checkExact(result.toArray(ValueLayout.JAVA_FLOAT));
                    }
                }
            }
        }
    }

    @Test
    void deviceArgumentsAreChecked() {
        Problem p = Problem.integers(10, 20, 2, .4, ValueType.F16, 33);
        Context context = cuda().context();
        try (CudaWeights a = cuda().load(p.encoded(format()));
                Stream stream = context.newStream();
                DeviceBuffer x = context.allocate(2 * 24 * 2);
                DeviceBuffer y = context.allocate(2 * 10 * 4);
                CudaProduct product = a.prepare(2, 24)) {
            assertEquals(24, a.minimumLdx());
            refused("ldx is 20; give a multiple of 8 from K = 20 on", () -> a.multiply(stream, x, 2, 20, y));
            refused("ldx is 16;", () -> a.prepare(2, 16));
            refused("n is 0", () -> a.prepare(0, 24));
            refused("x has 96 bytes", () -> a.multiply(stream, x, 3, 24, y));
            refused("x has 80 bytes", () -> product.launch(stream, x.slice(16, 80), y));
            refused("y has 76 bytes", () -> product.launch(stream, x, y.slice(4, 76)));
            assertThrows(NullPointerException.class, () -> product.launch(stream, null, y));
            CudaProduct twice = a.prepare(1, 24);
            twice.close();
            twice.close();
        }
    }

    /** The same bytes on both: exact sums agree to the bit, others within both bounds, which {@code check} holds. */
    @Test
    void agreesWithTheCpu() {
        Problem p = Problem.integers(100, 150, 10, .5, ValueType.F16, 34);
        try (CpuSpmm cpu = CpuSpmm.open(); SpmmWeights a = cpu.load(p.encoded(format()))) {
            assertArrayEquals(a.multiply(p.x(), p.n()), multiply(p));
        }
    }

    /** fp32 activations are rounded once, to the nearest, ties to even. */
    @Test
    void fp32ActivationsAreRounded() {
        for (ValueType type : ValueType.values()) {
            Problem one = new Problem(1, 5, 1, type, new short[]{Problem.bits(1, type), 0, 0, 0, 0}, new float[5]);
            float ulp = type == ValueType.F16 ? 0x1p-10f : 0x1p-7f;
            float[][] pairs = {{1 + ulp / 2, 1}, {1 + 1.5f * ulp, 1 + 2 * ulp}, {1 + .51f * ulp, 1 + ulp},
                {-1 - .49f * ulp, -1}};
            for (float[] pair : pairs) {
                one.x()[0] = pair[0];
                assertEquals(pair[1], multiply(one)[0], type + " " + pair[0]);
            }
            one.x()[0] = Float.MAX_VALUE; // overflows both
            assertTrue(Float.isNaN(multiply(one)[0]), type.toString());
        }
    }

    @Test
    void aContextOfTheCallersStaysOpen() {
        Problem p = Problem.integers(10, 20, 2, .4, ValueType.F16, 35);
        try (Context context = cuda().context().device().context()) {
            try (CudaSpmm borrowed = CudaSpmm.in(context); SpmmWeights a = borrowed.load(p.encoded(format()))) {
                p.checkExact(a.multiply(p.x(), 2));
            }
            context.synchronize();
        }
    }
}
