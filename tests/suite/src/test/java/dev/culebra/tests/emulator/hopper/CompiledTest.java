package dev.culebra.tests.emulator.hopper;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.exec.Dim;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What nvcc makes of cooperative groups, cuda::barrier, cuda::pipeline and cuda::ptx and wgmma; the sources lie beside the PTX. */
class CompiledTest {

    private static Dim dim(int x) { return new Dim(x, 1, 1); }

    @ParameterizedTest
    @CsvSource({"2,4,64", "4,8,32", "1,1,128"})
    void histogram(int clusters, int size, int binsEach) throws DeviceFault {
        int bins = size * binsEach;
        int[] values = new Random(1).ints(5000, 0, bins).toArray();
        ClusterRig rig = ClusterRig.resource("histogram.ptx");
        long out = rig.zeros(bins);
        rig.launch("histogram", dim(clusters * size), dim(96), dim(size), 4 * binsEach, rig.ints(values), values.length,
                out,
                binsEach);
        int[] expected = new int[bins];
        Arrays.stream(values).forEach(v -> expected[v]++);
        assertArrayEquals(expected, rig.read(out));
    }

    @Test
    void splitK() throws DeviceFault {
        int n = 32;
        int k = 50;
        Random random = new Random(2);
        // Small integers: every sum is exact, in whatever order.
        int[] a = random.ints(n * k, -4, 5).toArray();
        int[] b = random.ints(k * n, -4, 5).toArray();
        ClusterRig rig = ClusterRig.resource("splitk.ptx");
        long out = rig.zeros(n * n);
        int[] cluster = rig.module.kernel("splitk").requiredCluster();
        assertArrayEquals(new int[]{4, 1, 1}, cluster);
        rig.launch("splitk", new Dim(4 * n / 16, n / 16, 1), new Dim(16, 16, 1), dim(4), 0, rig.ints(floats(a)),
                rig.ints(floats(b)), out, n, k);
        int[] expected = new int[n * n];
        for (int i = 0; i < n * n; i++) {
            int row = i / n;
            int column = i % n;
            expected[i] = IntStream.range(0, k).map(j -> a[row * k + j] * b[j * n + column]).sum();
        }
        assertArrayEquals(floats(expected), rig.read(out));
    }

    private static int[] floats(int[] v) { return Arrays.stream(v).map(Float::floatToRawIntBits).toArray(); }

    @ParameterizedTest
    @CsvSource({"1,1", "1,3", "1,20", "3,20"})
    void ring(int blocks, int tiles) throws DeviceFault {
        ClusterRig rig = ClusterRig.resource("ring.ptx");
        int[] in = new Random(3).ints(tiles * 256).toArray();
        long out = rig.zeros(128 * blocks);
        rig.launch("ring", dim(blocks), dim(160), null, 0, rig.ints(in), out, tiles);
        int[] expected = new int[128 * blocks];
        for (int t = 0; t < tiles; t++) {
            for (int i = 0; i < 128; i++) {
                expected[t % blocks * 128 + i] += in[t * 256 + i] * (t + 1) + in[t * 256 + 255 - i];
            }
        }
        assertArrayEquals(expected, rig.read(out));
    }

    @ParameterizedTest
    @CsvSource({"2", "4", "8"})
    void multicast(int size) throws DeviceFault {
        ClusterRig rig = ClusterRig.resource("multicast.ptx");
        int[] in = new Random(4).ints(2 * 512).toArray();
        long out = rig.zeros(2 * size * 512);
        rig.launch("multicast", dim(2 * size), dim(64), dim(size), 0, rig.ints(in), out);
        int[] got = rig.read(out);
        for (int i = 0; i < got.length; i++) {
            int block = i / 512;
            assertEquals(in[block / size * 512 + i % 512] * (block % size + 1), got[i]);
        }
    }

    @Test
    void barriersOfTheLibrary() throws DeviceFault {
        ClusterRig rig = ClusterRig.resource("barriers.ptx");
        int[] in = new Random(5).ints(3 * 128).toArray();
        long out = rig.zeros(3 * 128);
        rig.launch("barriers", dim(3), dim(128), null, 0, rig.ints(in), out);
        int[] got = rig.read(out);
        for (int i = 0; i < got.length; i++) {
            int block = i / 128 * 128;
            int t = i % 128;
            // A thread of the first 96 reads what thread 95 - t wrote: twice what that had read from the other end.
            assertEquals(t >= 96 ? in[block + 127 - t] : 2 * in[block + 127 - (95 - t)], got[i], "thread " + i);
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "9"})
    void pipelineOfTheLibrary(int tiles) throws DeviceFault {
        ClusterRig rig = ClusterRig.resource("barriers.ptx");
        int[] in = new Random(6).ints(64 * tiles).toArray();
        long out = rig.zeros(64);
        rig.launch("pipelined", dim(1), dim(64), null, 0, rig.ints(in), out, tiles);
        int[] got = rig.read(out);
        for (int t = 0; t < 64; t++) {
            int thread = t;
            assertEquals(IntStream.range(0, tiles).map(i -> in[64 * i + 63 - thread]).sum(), got[t]);
        }
    }

    @Test
    void storesInBulk() throws DeviceFault {
        ClusterRig rig = ClusterRig.resource("store.ptx");
        int blocks = 3;
        int rounds = 5;
        long out = rig.zeros(blocks * rounds * 256);
        long sums = rig.zeros(256);
        rig.launch("store", dim(blocks), dim(256), null, 0, out, sums, rounds);
        assertArrayEquals(IntStream.range(0, blocks * rounds * 256).toArray(), rig.read(out));
        assertArrayEquals(IntStream.range(0, 256)
                .map(i -> IntStream.range(0, blocks * rounds).map(j -> 256 * j + i).sum()).toArray(), rig.read(sums));
    }

    @ParameterizedTest
    @CsvSource({"2,1", "2,7", "4,6"})
    void exchange(int size, int rounds) throws DeviceFault {
        ClusterRig rig = ClusterRig.resource("exchange.ptx");
        long out = rig.zeros(2 * size * 32);
        rig.launch("exchange", dim(2 * size), dim(32), dim(size), 0, out, rounds);
        int[] value = IntStream.range(0, 2 * size * 32).toArray();
        for (int r = 0; r < rounds; r++) {
            int[] old = value.clone();
            for (int i = 0; i < value.length; i++) {
                int block = i / 32;
                int first = block / size * size;
                int before = first + (block - first + size - 1) % size;
                value[i] = old[before * 32 + 31 - i % 32] + 1;
            }
        }
        assertArrayEquals(value, rig.read(out));
    }

    @ParameterizedTest
    @CsvSource({"1,1", "2,7"})
    void transactionsOfTheLibrary(int blocks, int tiles) throws DeviceFault {
        ClusterRig rig = ClusterRig.resource("transactions.ptx");
        int[] in = new Random(8).ints(tiles * 512).toArray();
        long data = rig.ints(in);
        rig.launch("doubled", dim(blocks), dim(128), null, 0, data, tiles);
        assertArrayEquals(Arrays.stream(in).map(v -> 2 * v).toArray(), rig.read(data));
    }

    @Test
    void neighboursInThreeDimensions() throws DeviceFault {
        ClusterRig rig = ClusterRig.resource("transactions.ptx");
        Dim grid = new Dim(4, 3, 2);
        Dim cluster = new Dim(2, 1, 2);
        long out = rig.zeros(24 * 32);
        rig.launch("neighbours", grid, dim(32), cluster, 128, out);
        int[] got = rig.read(out);
        for (int b = 0; b < 24; b++) {
            int rank = b % 4 % 2 + 2 * (b / 12); // x within 2, z within 2, y alone
            int next = (rank + 1) % 4;
            for (int t = 0; t < 32; t++) {
                assertEquals(((next * 32 + t) * 10 + next) * 100 + rank, got[32 * b + t],
                        "block " + b + " thread " + t);
            }
        }
    }

    /** A warpgroup's product, and slips in it that must be told. */
    @ParameterizedTest
    @CsvSource(delimiter = '|',
            textBlock = """
                    nothing                              |
                    fence.proxy.async.shared::cta;       | which an ordinary store or cp.async wrote with no fence.proxy.async since
                    wgmma.fence.sync.aligned;            | no wgmma.fence before it
                    wgmma.commit_group.sync.aligned;     | has it; wait for that with wgmma.commit_group
                    wgmma.wait_group.sync.aligned 0;     | has it; wait for that with wgmma.commit_group
                    bar.sync \t0;                        | race: shared address 0x
                    cp.async.wait_group 0;               | race: shared address 0x
                    """)
    void warpgroup(String without, String said) throws DeviceFault {
        int k = 192;
        Random random = new Random(3);
        int[] a = random.ints(64 * k, -8, 9).toArray();
        int[] b = random.ints(32 * k, -8, 9).toArray();
        ClusterRig rig = new ClusterRig(ClusterRig.file("warpgroup.ptx").replace(without, ""));
        long out = rig.zeros(64 * 32);
        Object[] arguments = {rig.ints(halves(a)), rig.ints(halves(b)), out, k};
        if (said != null) {
            DeviceFault f = assertThrows(DeviceFault.class,
                    () -> rig.launch("warpgroup", dim(1), dim(128), null, 0, arguments));
            assertTrue(f.diagnostic().contains(said), f.diagnostic());
            return;
        }
        rig.launch("warpgroup", dim(1), dim(128), null, 0, arguments);
        int[] expected = new int[64 * 32];
        Arrays.setAll(expected, i -> IntStream.range(0, k).map(j -> a[i / 32 * k + j] * b[i % 32 * k + j]).sum());
        assertArrayEquals(floats(expected), rig.read(out));
    }

    private static int[] halves(int[] v) {
        return IntStream.range(0, v.length / 2).map(i -> Float.floatToFloat16(v[2 * i]) & 0xffff
                | Float.floatToFloat16(v[2 * i + 1]) << 16).toArray();
    }
}
