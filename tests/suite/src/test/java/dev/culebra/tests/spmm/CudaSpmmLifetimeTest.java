package dev.culebra.tests.spmm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.Device;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Stream;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import dev.culebra.kernel.LaunchPlan;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.CudaProduct;
import dev.culebra.spmm.CudaSpmm;
import dev.culebra.spmm.CudaWeights;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What is closed when, and what is kept, on devices of each test's own. */
class CudaSpmmLifetimeTest {

    private static Device device(EmulatorOptions options) { return Cuda.open(new EmulatorProvider(options)).device(0); }

    private static Device device() { return device(EmulatorOptions.DEFAULT); }

    /** A product left open keeps the context; closing once more after it frees all that is left. */
    @Test
    void closingIsRefusedOnceAndThenDone() {
        Device device = device();
        Problem p = Problem.integers(5, 3000, 3, .2, ValueType.F16, 41);
        CudaSpmm spmm = CudaSpmm.open(device);
        CudaWeights a = spmm.load(p.encoded(Format.TILED_CSL));
        p.checkExact(a.multiply(p.x(), p.n()));
        CudaProduct product = a.prepare(p.n(), a.minimumLdx());
        assertTrue(product.plan().splits() > 1, "it has a workspace");
        assertThrows(IllegalStateException.class, spmm::close);
        p.checkExact(a.multiply(p.x(), p.n())); // nothing was freed
        a.close();
        IllegalStateException e = assertThrows(IllegalStateException.class, spmm::close);
        assertTrue(e.getMessage().contains("buffer 0x"), e.getMessage());
        product.close();
        spmm.close();
        spmm.close();
        assertThrows(IllegalStateException.class, () -> spmm.context().newStream());
        try (CudaSpmm again = CudaSpmm.open(device); CudaWeights b = again.load(p.encoded(Format.TILED_CSL))) {
            p.checkExact(b.multiply(p.x(), p.n()));
        }
    }

    /** Whoever closes while another thread multiplies: that call ends with the result or is refused, and nothing leaks. */
    @Test
    void closingWaitsForCallsOfOthers() throws Exception {
        Device device = device();
        Problem p = Problem.integers(130, 200, 40, .4, ValueType.F16, 42);
        var encoded = p.encoded(Format.TILED_CSL);
        for (int i = 0; i < 8; i++) {
            CudaSpmm spmm = CudaSpmm.open(device);
            CudaWeights a = spmm.load(encoded);
            CompletableFuture<Void> started = new CompletableFuture<>();
            CompletableFuture<float[]> call = CompletableFuture.supplyAsync(() -> {
                started.complete(null);
                return a.multiply(p.x(), p.n());
            });
            started.join();
            Thread.sleep(i % 4);
            a.close();
            spmm.close();
            assertThrows(IllegalStateException.class, () -> spmm.context().newStream(), "the context is closed");
            try {
                p.checkExact(call.join());
            } catch (java.util.concurrent.CompletionException e) {
                assertTrue(e.getCause() instanceof IllegalStateException, e.toString());
            }
        }
    }

    @Test
    void aClosedProductIsRefused() {
        Problem p = Problem.integers(10, 20, 2, .4, ValueType.F16, 43);
        try (CudaSpmm spmm = CudaSpmm.open(device());
                CudaWeights a = spmm.load(p.encoded(Format.TILED_CSL));
                Stream stream = spmm.context().newStream();
                DeviceBuffer x = spmm.context().allocate(2 * 24 * 2);
                DeviceBuffer y = spmm.context().allocate(2 * 10 * 4)) {
            CudaProduct product = a.prepare(2, 24);
            assertEquals(1, product.plan().splits(), "nothing to free");
            product.close();
            assertThrows(IllegalStateException.class, () -> product.launch(stream, x, y));
        }
    }

    /** A matrix that does not fit leaves nothing behind, and the message says what was wanted. */
    @Test
    void aMatrixLargerThanTheDevice() {
        Device device = device(EmulatorOptions.DEFAULT.withMemory(1 << 20));
        try (CudaSpmm spmm = CudaSpmm.open(device)) {
            long free = spmm.context().memoryInfo().free();
            Problem large = Problem.integers(700, 700, 1, .9, ValueType.F16, 44);
            CudaException e = assertThrows(CudaException.class, () -> spmm.load(large.encoded(Format.TILED_CSL)));
            assertEquals(2, e.code(), e.getMessage());
            assertTrue(e.getMessage().contains("memory"), e.getMessage());
            Problem small = Problem.integers(60, 70, 3, .5, ValueType.F16, 45);
            try (CudaWeights a = spmm.load(small.encoded(Format.TILED_CSL))) {
                small.checkExact(a.multiply(small.x(), small.n()));
            }
            assertTrue(spmm.context().memoryInfo().free() >= free - (1 << 16), "only what is kept for the next call");
        }
    }

    @Test
    void aDeviceThatIsTooOld() {
        Device turing = device(EmulatorOptions.DEFAULT.withComputeCapability(7, 5));
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> CudaSpmm.open(turing));
        assertTrue(e.getMessage().contains("compute capability 7.5; the kernels need 8.0"), e.getMessage());
    }

    /** Plans are kept for the next call, but not one for each number that ever came. */
    @Test
    void plansAreBounded() {
        Problem p = Problem.integers(10, 20, 2, .4, ValueType.F16, 46);
        try (CudaSpmm spmm = CudaSpmm.open(device()); CudaWeights a = spmm.load(p.encoded(Format.TILED_CSL))) {
            LaunchPlan first = a.plan(1);
            for (int n = 2; n < 500; n++) {
                a.plan(n);
            }
            assertSame(first, a.plan(1));
            for (int n = 500; n < 3000; n++) {
                a.plan(n);
            }
            assertNotSame(first, a.plan(1));
            assertEquals(first, a.plan(1));
        }
    }

    /** Concurrent calls of all sizes on one matrix, and on two of them. */
    @Test
    void manyCallersAtOnce() {
        Problem p = Problem.integers(70, 130, 30, .4, ValueType.BF16, 47);
        Problem q = Problem.integers(5, 2000, 9, .2, ValueType.F16, 48);
        try (CudaSpmm spmm = CudaSpmm.open(device());
                CudaWeights a = spmm.load(p.encoded(Format.TILED_CSL));
                CudaWeights b = spmm.load(q.encoded(Format.TILED_CSL))) {
            CompletableFuture<?>[] calls = new CompletableFuture<?>[12];
            for (int i = 0; i < calls.length; i++) {
                Problem one = i % 2 == 0 ? p : q;
                CudaWeights w = i % 2 == 0 ? a : b;
                int n = 1 + i * (one.n() - 1) / calls.length;
                Problem part = new Problem(one.m(), one.k(), n, one.type(), one.weights(),
                        java.util.Arrays.copyOf(one.x(), n * one.k()));
                calls[i] = CompletableFuture.runAsync(() -> part.checkExact(w.multiply(part.x(), n)));
            }
            CompletableFuture.allOf(calls).join();
        }
    }
}
