package dev.culebra.tests.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.driver.Availability;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Graph;
import dev.culebra.driver.GraphExec;
import dev.culebra.driver.Stream;
import dev.culebra.jmh.peer.GpuPeer;
import dev.culebra.jmh.peer.GpuPeers;
import dev.culebra.jmh.peer.PeerProduct;
import dev.culebra.jmh.peer.PeerWeights;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each library on a GPU, against double precision. */
class PeersOnGpuTest {

    private static final int COPIES = 3;

    @ParameterizedTest
    @ValueSource(strings = {"cublaslt", "cusparse", "cusparselt"})
    void multiplies(String name) {
        Availability cuda = Cuda.available();
        assumeTrue(cuda.available(), "no GPU: " + cuda.reason());
        try (Context context = Cuda.open().device(0).context(); var found = GpuPeers.find(context)) {
            found.missing().forEach(missing -> assumeTrue(!missing.name().equals(name), missing.why()));
            GpuPeer peer = found.peers().stream().filter(one -> one.name().equals(name)).findFirst().orElseThrow();
            int[][] shapes = {{16, 16}, {256, 512}, {208, 48}, {33, 65}, {1024, 2048}};
            int products = 0;
            try (Stream stream = context.newStream()) {
                for (int[] shape : shapes) {
                    for (int n : new int[]{1, 3, 8, 16, 24, 64, 128}) {
                        if (peer.takes(shape[0], shape[1], n)) {
                            product(peer, shape[0], shape[1], n, stream);
                            products++;
                        }
                    }
                }
            }
            assertTrue(products >= 20, name + " took only " + products + " products");
        }
    }

    private static short[] halves(int count, double zeros, long seed) {
        Random random = new Random(seed);
        short[] values = new short[count];
        for (int i = 0; i < count; i++) {
            if (random.nextDouble() >= zeros) values[i] = Float.floatToFloat16((float) random.nextGaussian());
        }
        return values;
    }

    private static void product(GpuPeer peer, int m, int k, int n, Stream stream) {
        Context context = stream.context();
        short[] x = halves(n * k, 0, n);
        MemorySegment dense = MemorySegment.ofArray(halves(m * k, 0.7, m + k));
        try (DeviceBuffer in = context.allocate(2L * n * k); DeviceBuffer out = context.allocate(2L * n * m)) {
            in.upload(MemorySegment.ofArray(x));
            try (PeerWeights weights = peer.load(dense, m, k, COPIES, stream);
                    PeerProduct product = weights.prepare(in, n, out)) {
                assertEquals(COPIES, weights.copies());
                assertTrue(weights.bytes() > 0 && !product.kernel().isBlank());
                Expected expected = new Expected(weights.reference().toArray(ValueLayout.JAVA_SHORT_UNALIGNED), x, m, k,
                        n);
                String what = peer.name() + " " + peer.version() + " (" + product.kernel() + "), M " + m + " K " + k
                        + " N " + n;
                for (int copy = 0; copy < COPIES; copy++) {
                    stream.fill(out, (byte) 0xff); // NaN
                    product.launch(copy);
                    stream.synchronize();
                    expected.check(out, what);
                }
                try (Graph graph = stream.capture(() -> product.launch(COPIES - 1));
                        GraphExec exec = graph.instantiate()) {
                    stream.fill(out, (byte) 0xff);
                    exec.launch(stream);
                    stream.synchronize();
                    expected.check(out, what + ", from a graph");
                }
                assertThrows(IllegalArgumentException.class, () -> weights.prepare(in, n + 8, out), "x is too short");
            }
        }
    }

    /**
     * The product of two fp16 numbers is exact in fp32. A sum of k of them in fp32, in any order and even if each step
     * truncates, as Tensor Cores do, is off by at most k * 2^-23 of the sum of magnitudes; rounding to fp16 adds 2^-11 of the
     * result, or half the least subnormal, 2^-25.
     */
    private static final class Expected {

        private final double[] sums;
        private final double[] allowed;
        private final int m;

        Expected(short[] w, short[] x, int m, int k, int n) {
            this.m = m;
            sums = new double[n * m];
            allowed = new double[n * m];
            float[] weights = floats(w), inputs = floats(x);
            for (int i = 0; i < n * m; i++) {
                int a = i % m * k, b = i / m * k;
                double sum = 0, magnitudes = 0;
                for (int j = 0; j < k; j++) {
                    double p = (double) weights[a + j] * inputs[b + j];
                    sum += p;
                    magnitudes += Math.abs(p);
                }
                double inFp32 = k * 0x1p-23 * magnitudes;
                sums[i] = sum;
                allowed[i] = inFp32 + Math.max((Math.abs(sum) + inFp32) * 0x1p-11, 0x1p-25);
            }
        }

        private static float[] floats(short[] halves) {
            float[] floats = new float[halves.length];
            for (int i = 0; i < halves.length; i++) floats[i] = Float.float16ToFloat(halves[i]);
            return floats;
        }

        void check(DeviceBuffer out, String what) {
            short[] y = new short[sums.length];
            out.download(MemorySegment.ofArray(y));
            double worst = 0;
            String where = "";
            for (int i = 0; i < y.length; i++) {
                float got = Float.float16ToFloat(y[i]);
                double error = Math.abs(got - sums[i]) / allowed[i];
                if (!(error <= worst)) {
                    worst = Double.isNaN(error) ? Double.POSITIVE_INFINITY : error;
                    where = "y[" + i / m + ", " + i % m + "] is " + got + ", which should be " + sums[i];
                }
            }
            if (worst > 1) fail(what + ": " + where + ", " + worst + " of the tolerance");
        }
    }
}
