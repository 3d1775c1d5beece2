package dev.culebra.tests.spmm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Graph;
import dev.culebra.driver.GraphExec;
import dev.culebra.driver.Stream;
import dev.culebra.kernel.Activation;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.CpuSpmm;
import dev.culebra.spmm.CudaProduct;
import dev.culebra.spmm.CudaSpmm;
import dev.culebra.spmm.CudaWeights;
import dev.culebra.spmm.Epilogue;
import dev.culebra.spmm.Spmm;
import dev.culebra.spmm.SpmmWeights;
import dev.culebra.tests.kernel.ExactProduct;
import dev.culebra.tests.kernel.FusedProduct;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Products with epilogues, on every device, from and to the host and on the device: the same bits wherever sums are exact. */
class EpilogueSpmmTest {

    private static Spmm open(String name) {
        return switch (name) {
            case "cpu" -> CpuSpmm.open(3);
            case "cpu, plain" -> CpuSpmm.open(3, false);
            default -> {
                assumeTrue(!name.equals("cuda") || Cuda.available().available(), () -> Cuda.available().reason());
                yield Spmm.open(name);
            }
        };
    }

    private static FusedProduct fused(ValueType type, int m, int k, int n, FusedProduct.Parts parts, boolean poison) {
        boolean gelu = parts.activation() == Activation.GELU;
        ExactProduct p = new ExactProduct(type, m, k, n, m + k, ExactProduct.random(gelu ? 10. / k : .4, k),
                gelu ? 1 : 4);
        for (int token = 1; poison && token < n; token += 3) {
            p.poison(token, token * 31 % k);
        }
        return new FusedProduct(p, parts, k);
    }

    /** [N, K], packed. */
    private static short[] packed(ExactProduct p) {
        short[] rows = p.activations();
        short[] x = new short[p.n * p.k];
        for (int token = 0; token < p.n; token++) {
            System.arraycopy(rows, token * p.ldx, x, token * p.k, p.k);
        }
        return x;
    }

    private static MemorySegment y(FusedProduct f, DenseType output, Arena arena) {
        MemorySegment y = arena.allocate((long) f.product.n * f.product.m * output.bytes() + 1).asSlice(1); // unaligned
        if (f.held() == null) {
            y.fill((byte) 0xff);
        } else {
            y.copyFrom(f.held());
        }
        return y;
    }

    private static MemorySegment in(Arena arena, MemorySegment from) {
        return from == null ? null : arena.allocate(from.byteSize(), 8).copyFrom(from);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "cpu, plain", "emulator", "cuda"})
    void everyCombination(String name) {
        try (Spmm device = open(name)) {
            for (int i = 0; i < 72; i++) {
                FusedProduct.Parts parts = FusedProduct.Parts.of(i);
                ValueType type = ValueType.values()[i % 2];
                boolean split = i % 5 == 0; // K so long that a GPU splits it
                FusedProduct f = fused(type, split ? 9 : 70 + i, split ? 1500 : 130, 1 + i % 7, parts, true);
                Format format = Format.values()[i / 2 % 2];
                try (SpmmWeights a = device.load(f.product.weights(format)); Arena arena = Arena.ofConfined()) {
                    MemorySegment y = y(f, parts.output(), arena);
                    a.multiply(MemorySegment.ofArray(packed(f.product)), type.dense(), f.product.n, y, f.epilogue());
                    assertEquals(null, f.difference(y), () -> name + ", " + format.id() + ": " + f);
                }
            }
        }
    }

    /**
     * So large that other threads of a CPU help, in two passes: they can reach neither Y nor the others where all is confined to
     * the caller.
     */
    @ParameterizedTest
    @ValueSource(strings = {"cpu", "cpu, plain"})
    void confinedMemory(String name) {
        try (Spmm device = open(name)) {
            for (DenseType output : DenseType.values()) {
                FusedProduct f = fused(ValueType.F16, 300, 600, 130,
                        new FusedProduct.Parts(true, Activation.RELU, true, true, output), true);
                try (SpmmWeights a = device.load(f.product.weights(Format.TILED_CSL));
                        Arena arena = Arena.ofConfined()) {
                    MemorySegment y = y(f, output, arena);
                    Epilogue<MemorySegment> e = f.epilogue();
                    a.multiply(in(arena, MemorySegment.ofArray(packed(f.product))), DenseType.F16, 130, y,
                            e.withBias(in(arena, e.bias())).withResidual(in(arena, e.residual())));
                    assertEquals(null, f.difference(y), f::toString);
                }
            }
        }
    }

    /** A GELU rounds many times: what it comes to is the same on both, from tiny arguments to large ones. */
    @ParameterizedTest
    @ValueSource(strings = {"emulator", "cuda"})
    void aGelusBitsAreTheCpus(String name) {
        ExactProduct p = new ExactProduct(ValueType.F16, 1028, 3, 2, 1, (row, column) -> false);
        float[] bias = new float[p.m];
        for (int i = 0; i < p.m; i++) {
            bias[i] = (i % 2 == 0 ? 1 : -1) * (i < 400
                    ? (float) Math.pow(2, i / 4. - 95)
                    : i == 400 ? Float.POSITIVE_INFINITY : i == 402 ? 0 : (i - 400) * .0123f);
        }
        float[][] results = new float[2][2 * p.m];
        int i = 0;
        for (String one : new String[]{"cpu", name}) {
            try (Spmm device = open(one); SpmmWeights a = device.load(p.weights(Format.TILED_CSL))) {
                a.multiply(MemorySegment.ofArray(packed(p)), DenseType.F16, 2, MemorySegment.ofArray(results[i++]),
                        Epilogue.<MemorySegment>none().withBias(MemorySegment.ofArray(bias))
                                .withActivation(Activation.GELU));
            }
        }
        assertArrayEquals(bits(results[0]), bits(results[1]));
        assertEquals(Float.POSITIVE_INFINITY, results[0][400]);
        assertEquals(-0f, results[0][1027], "far below 0");
        assertEquals(bias[1026], results[0][1026], "far above it");
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
        return bits;
    }

    /** What stays NaN, what becomes 0, what overflows. */
    @ParameterizedTest
    @ValueSource(strings = {"cpu", "cpu, plain", "emulator", "cuda"})
    void numbersThatAreNotFinite(String name) {
        ExactProduct p = new ExactProduct(ValueType.BF16, 5, 3, 1, 1, (row, column) -> false);
        float inf = Float.POSITIVE_INFINITY;
        float nan = Float.NaN;
        MemorySegment bias = MemorySegment.ofArray(new float[]{nan, inf, -inf, -0f, 1e30f});
        float[][] expected = {{nan, inf, -inf, 0, 1e30f}, {nan, inf, 0, 0, 1e30f}, {nan, inf, nan, 0, 1e30f}};
        try (Spmm device = open(name); SpmmWeights a = device.load(p.weights(Format.DENSE))) {
            for (Activation activation : Activation.values()) {
                Epilogue<MemorySegment> e = Epilogue.<MemorySegment>none().withBias(bias).withActivation(activation);
                float[] y = new float[5];
                a.multiply(MemorySegment.ofArray(packed(p)), DenseType.BF16, 1, MemorySegment.ofArray(y), e);
                assertArrayEquals(expected[activation.ordinal()], y, activation.toString());
                short[] halves = new short[5];
                a.multiply(MemorySegment.ofArray(packed(p)), DenseType.BF16, 1, MemorySegment.ofArray(halves),
                        e.withOutput(DenseType.F16));
                assertTrue(Float.isNaN(Float.float16ToFloat(halves[0])), "NaN in fp16");
                assertEquals(0x7c00, halves[4], "1e30 is more than fp16 holds");
                MemorySegment rest = MemorySegment.ofArray(new float[]{1, -inf, 1, 1, nan});
                a.multiply(MemorySegment.ofArray(packed(p)), DenseType.BF16, 1, MemorySegment.ofArray(y),
                        e.withResidual(rest));
                assertTrue(Float.isNaN(y[0]) && Float.isNaN(y[1]) && Float.isNaN(y[4]), Arrays.toString(y));
            }
        }
    }

    /** Y itself as the residual, which gives what accumulation gives; and one product onto another. */
    @ParameterizedTest
    @ValueSource(strings = {"cpu", "emulator", "cuda"})
    void ontoItself(String name) {
        Problem p = Problem.integers(130, 200, 3, .5, ValueType.F16, 5);
        try (Spmm device = open(name); SpmmWeights a = device.load(p.encoded(Format.TILED_CSL))) {
            float[] once = a.multiply(p.x(), 3);
            float[] y = once.clone();
            MemorySegment x = MemorySegment.ofArray(p.x());
            MemorySegment out = MemorySegment.ofArray(y);
            a.multiply(x, DenseType.F32, 3, out, Epilogue.<MemorySegment>none().withAccumulate(true));
            a.multiply(x, DenseType.F32, 3, out, Epilogue.<MemorySegment>none().withResidual(out));
            for (int i = 0; i < y.length; i++) {
                assertEquals(3 * once[i], y[i], "element " + i);
            }
        }
    }

    private static FusedProduct deviceProduct(DenseType output, boolean accumulate, int seed) {
        ExactProduct p = new ExactProduct(ValueType.F16, 70, 2000, 9, seed, ExactProduct.random(.3, seed), 4);
        p.poison(4, 1234);
        return new FusedProduct(p, new FusedProduct.Parts(true, Activation.RELU, true, accumulate, output), seed);
    }

    /** A product's buffers on a device. */
    private record Buffers(DeviceBuffer x, DeviceBuffer y, Epilogue<DeviceBuffer> epilogue) implements AutoCloseable {

        static Buffers of(Context context, FusedProduct f, int ldx) {
            ExactProduct p = f.product;
            short[] rows = new short[p.n * ldx];
            short[] x = packed(p);
            for (int token = 0; token < p.n; token++) {
                System.arraycopy(x, token * p.k, rows, token * ldx, p.k);
            }
            Epilogue<MemorySegment> e = f.epilogue();
            return new Buffers(upload(context, MemorySegment.ofArray(rows)),
                    context.allocate((long) p.n * p.m * e.output().bytes()),
                    new Epilogue<>(upload(context, e.bias()), e.activation(), upload(context, e.residual()),
                            e.accumulate(), e.output()));
        }

        private static DeviceBuffer upload(Context context, MemorySegment from) {
            DeviceBuffer buffer = context.allocate(from.byteSize());
            buffer.upload(from);
            return buffer;
        }

        MemorySegment result() {
            MemorySegment result = MemorySegment.ofArray(new byte[(int) y.bytes()]);
            y.download(result);
            return result;
        }

        @Override
        public void close() {
            for (DeviceBuffer b : new DeviceBuffer[]{x, y, epilogue.bias(), epilogue.residual()}) {
                b.close();
            }
        }
    }

    /** Prepared once: launched again and again, captured and replayed, with K split and nothing reset in between. */
    @ParameterizedTest
    @ValueSource(strings = {"emulator", "cuda"})
    void preparedLaunchedCapturedReplayed(String name) {
        for (DenseType output : DenseType.values()) {
            FusedProduct f = deviceProduct(output, true, 7);
            try (CudaSpmm device = (CudaSpmm) open(name);
                    CudaWeights a = device.load(f.product.weights(Format.TILED_CSL));
                    Buffers b = Buffers.of(device.context(), f, a.minimumLdx());
                    CudaProduct product = a.prepare(f.product.n, a.minimumLdx(), b.epilogue());
                    Stream stream = device.context().newStream()) {
                assertTrue(product.plan().splits() > 1, product.plan().why());
                for (int i = 0; i < 3; i++) {
                    b.y().upload(f.held());
                    product.launch(stream, b.x(), b.y());
                    stream.synchronize();
                    assertEquals(null, f.difference(b.result()), f::toString);
                }
                try (Graph graph = stream.capture(() -> product.launch(stream, b.x(), b.y()));
                        GraphExec exec = graph.instantiate()) {
                    for (int i = 0; i < 3; i++) {
                        b.y().upload(f.held());
                        exec.launch(stream);
                        stream.synchronize();
                        assertEquals(null, f.difference(b.result()), f::toString);
                    }
                }
                // a residual of the launch's own: all that Y holds counts twice less what the residual was
                b.y().upload(f.epilogue().residual());
                try (CudaProduct plain = a.prepare(f.product.n, a.minimumLdx(), b.epilogue().withAccumulate(false));
                        CudaProduct without = a.prepare(f.product.n, a.minimumLdx(),
                                b.epilogue().withResidual(null).withAccumulate(false))) {
                    plain.launch(stream, b.x(), b.y());
                    stream.synchronize();
                    MemorySegment expected = b.result();
                    b.y().upload(f.epilogue().residual());
                    without.launch(stream, b.x(), b.y(), b.y());
                    stream.synchronize();
                    assertEquals(-1, expected.mismatch(b.result()));
                }
            }
        }
    }

    /** Two products on two streams at once, each with a workspace and counters of its own; many times over. */
    @ParameterizedTest
    @ValueSource(strings = {"emulator", "cuda"})
    void twoStreams(String name) {
        FusedProduct f = deviceProduct(DenseType.F32, false, 8);
        FusedProduct g = deviceProduct(DenseType.BF16, false, 9);
        try (CudaSpmm device = (CudaSpmm) open(name);
                CudaWeights a = device.load(f.product.weights(Format.DENSE));
                CudaWeights c = device.load(g.product.weights(Format.TILED_CSL));
                Buffers fb = Buffers.of(device.context(), f, a.minimumLdx());
                Buffers gb = Buffers.of(device.context(), g, c.minimumLdx());
                CudaProduct fp = a.prepare(f.product.n, a.minimumLdx(), fb.epilogue());
                CudaProduct gp = c.prepare(g.product.n, c.minimumLdx(), gb.epilogue());
                Stream one = device.context().newStream();
                Stream two = device.context().newStream()) {
            for (int i = 0; i < 5; i++) {
                one.fill(fb.y(), (byte) 0xff);
                two.fill(gb.y(), (byte) 0xff);
                for (int j = 0; j < 2; j++) {
                    fp.launch(one, fb.x(), fb.y());
                    gp.launch(two, gb.x(), gb.y());
                }
                // and without a preparation, beside them, in memory of the streams' own
                a.multiply(one, fb.x(), f.product.n, a.minimumLdx(), fb.y(), fb.epilogue());
                c.multiply(two, gb.x(), g.product.n, c.minimumLdx(), gb.y(), gb.epilogue());
                one.synchronize();
                two.synchronize();
                assertEquals(null, f.difference(fb.result()), f::toString);
                assertEquals(null, g.difference(gb.result()), g::toString);
            }
        }
    }

    @Test
    void hostArgumentsAreChecked() {
        Problem p = Problem.integers(5, 7, 2, .5, ValueType.F16, 14);
        for (String name : new String[]{"cpu", "emulator"}) {
            try (Spmm device = open(name); SpmmWeights a = device.load(p.encoded(Format.DENSE))) {
                MemorySegment x = MemorySegment.ofArray(p.x());
                MemorySegment y = MemorySegment.ofArray(new float[10]);
                Epilogue<MemorySegment> e = Epilogue.none();
                AbstractSpmmContract.refused("y has 40 bytes; [N, M] = [2, 5] of F16 takes 10 elements of 2",
                        () -> a.multiply(x, DenseType.F32, 2, y, e.withOutput(DenseType.F16)));
                AbstractSpmmContract.refused("the bias has 24 bytes; [M] = [5] of F32 takes 20",
                        () -> a.multiply(x, DenseType.F32, 2, y, e.withBias(MemorySegment.ofArray(new float[6]))));
                AbstractSpmmContract.refused("the residual has 20 bytes; [N, M] = [2, 5] of F32 takes 10 elements",
                        () -> a.multiply(x, DenseType.F32, 2, y, e.withResidual(y.asSlice(20))));
                assertThrows(NullPointerException.class, () -> a.multiply(x, DenseType.F32, 2, y, null));
                assertThrows(NullPointerException.class, () -> e.withActivation(null));
                assertThrows(NullPointerException.class, () -> e.withOutput(null));
            }
        }
    }

    @Test
    void deviceArgumentsAreChecked() {
        Problem p = Problem.integers(10, 20, 2, .4, ValueType.F16, 33);
        try (CudaSpmm device = (CudaSpmm) open("emulator");
                CudaWeights a = device.load(p.encoded(Format.DENSE));
                Stream stream = device.context().newStream();
                DeviceBuffer x = device.context().allocate(2 * 24 * 2);
                DeviceBuffer y = device.context().allocate(2 * 10 * 4)) {
            Epilogue<DeviceBuffer> e = Epilogue.none();
            AbstractSpmmContract.refused("the bias has 36 bytes", () -> a.prepare(2, 24, e.withBias(y.slice(0, 36))));
            AbstractSpmmContract.refused("the bias has 40 bytes at",
                    () -> a.multiply(stream, x, 2, 24, y, e.withBias(y.slice(2, 40))));
            AbstractSpmmContract.refused("the residual has 76 bytes",
                    () -> a.multiply(stream, x, 2, 24, y, e.withResidual(y.slice(0, 76))));
            AbstractSpmmContract.refused("y has 38 bytes at",
                    () -> a.multiply(stream, x, 2, 24, y.slice(0, 38), e.withOutput(DenseType.BF16)));
            AbstractSpmmContract.refused("y has 40 bytes at",
                    () -> a.multiply(stream, x, 2, 24, y.slice(1, 40), e.withOutput(DenseType.BF16)));
            assertThrows(NullPointerException.class, () -> a.prepare(2, 24, null));
            try (CudaProduct product = a.prepare(2, 24)) {
                assertThrows(NullPointerException.class, () -> product.launch(stream, x, y, null));
                AbstractSpmmContract.refused("the residual has 4 bytes",
                        () -> product.launch(stream, x, y, y.slice(0, 4)));
            }
        }
    }
}
