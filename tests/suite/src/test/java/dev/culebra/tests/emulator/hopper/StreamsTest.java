package dev.culebra.tests.emulator.hopper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.exec.DeviceFault;
import dev.culebra.emulator.exec.Dim;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Products that decode streams of nonzeros, a pair for each lane, out of a ring that bulk copies fill ({@code streams.cu}), against
 * sums in double precision. Values are whole numbers whose sums are exact in fp32 and in any order.
 */
class StreamsTest {

    private static final int TOKENS = 8;

    /** A matrix of whole row blocks (64) and k-tiles (64), and its streams. */
    private static final class Encoded {
        final int rowBlocks;
        final int kTiles;
        final int segment;
        final boolean slots;
        final double[][] a;
        final int[] masks;
        final int[] info;
        final int[] offsets;
        /** The values by storage row and list: list A of a lane at 2 lane, B behind it. */
        private short[] rows = new short[64 << 10];
        private int total;
        private final int[] position = new int[64];

        Encoded(int rowBlocks, int kTiles, int segment, boolean slots, double density) {
            this.rowBlocks = rowBlocks;
            this.kTiles = kTiles;
            this.segment = segment;
            this.slots = slots;
            SplittableRandom random = new SplittableRandom(rowBlocks * 31L + kTiles * 7L + (long) (100 * density));
            a = new double[64 * rowBlocks][64 * kTiles];
            for (double[] row : a) {
                for (int k = 0; k < row.length; k++) {
                    boolean full = slots && count(row, k / 4 * 4) == 2; // no group has more than two
                    row[k] = !full && random.nextDouble() < density
                            ? random.nextInt(1, 9) * (random.nextBoolean() ? 1 : -1)
                            : 0;
                }
            }
            int segments = (kTiles + segment - 1) / segment;
            masks = new int[rowBlocks * kTiles * 128];
            info = new int[rowBlocks * kTiles * 2];
            offsets = new int[rowBlocks * segments + 1];
            for (int block = 0; block < rowBlocks; block++) {
                boolean[] turned = new boolean[32];
                for (int kt = 0; kt < kTiles; kt++) {
                    int at = 2 * (block * kTiles + kt);
                    if (kt % segment == 0) {
                        offsets[block * segments + kt / segment] = total;
                        Arrays.fill(position, total);
                        Arrays.fill(turned, false);
                        info[at + 1] |= 1 << 16;
                    }
                    for (int lane = 0; lane < 32; lane++) { // who turns does not matter here, so that chance may say
                        boolean swap = random.nextInt(4) == 0;
                        turned[lane] ^= swap;
                        info[at] |= swap ? 1 << lane : 0;
                    }
                    for (int half = 0; half < 2; half++) {
                        int before = total;
                        for (int lane = 0; lane < 32; lane++) {
                            for (int below = 0; below < 2; below++) {
                                int list = 2 * lane + (turned[lane] ? 1 - below : below);
                                encode(block, kt, half, lane, below, list);
                            }
                        }
                        total = Math.max(total, Arrays.stream(position).max().getAsInt());
                        info[at + 1] |= total - before << 8 * half;
                    }
                }
            }
            offsets[offsets.length - 1] = total;
            assertTrue(rows.length >= 64 * (total + 2));
        }

        private static int count(double[] row, int k) {
            int n = 0;
            for (int i = k; i < k + 4; i++) n += row[i] == 0 ? 0 : 1;
            return n;
        }

        private void put(int list, double v) { rows[64 * position[list]++ + list] = Float.floatToFloat16((float) v); }

        private void encode(int block, int kt, int half, int lane, int below, int list) {
            for (int step = slots ? half : 2 * half; step < (slots ? half + 1 : 2 * half + 2); step++) {
                for (int rt = 0; rt < 4; rt++) {
                    double[] row = a[64 * block + 16 * rt + 8 * below + lane / 4];
                    int mask = 0;
                    for (int p = 0; p < 2; p++) {
                        if (!slots) {
                            for (int h = 0; h < 2; h++) {
                                double v = row[64 * kt + 16 * step + 8 * p + 2 * (lane % 4) + h];
                                if (v != 0) {
                                    mask |= 1 << 2 * step + p + 8 * h + 16 * below;
                                    put(list, v);
                                }
                            }
                            continue;
                        }
                        int nibble = 0;
                        int from = 64 * kt + 32 * step + 4 * (lane % 4 + 4 * p);
                        for (int i = 3; i >= 0; i--) { // the last column first; one alone has 3 as the other's place
                            if (row[from + i] != 0) {
                                nibble = nibble == 0 ? 0xc | i : nibble & 3 | i << 2;
                                put(list, row[from + i]);
                            }
                        }
                        mask |= nibble << 4 * (2 * step + p) + 16 * below;
                    }
                    masks[((block * kTiles + kt) * 32 + lane) * 4 + rt] |= mask;
                }
            }
        }

        /** With two rows behind the last, which a list that is through looks at. */
        int[] streams() {
            return words(rows, 64 * (total + 2));
        }
    }

    private static int[] words(short[] v, int n) {
        int[] w = new int[n / 2];
        for (int i = 0; i < n; i++) w[i / 2] |= (v[i] & 0xffff) << 16 * (i % 2);
        return w;
    }

    private static double[][] tokens(int k) {
        SplittableRandom random = new SplittableRandom(k);
        double[][] x = new double[TOKENS][k];
        for (double[] row : x) Arrays.setAll(row, i -> random.nextInt(-8, 9));
        return x;
    }

    /** Y, [tokens][rows]. */
    private static float[] multiply(ClusterRig rig, Encoded e, double[][] x) throws DeviceFault {
        int k = 64 * e.kTiles;
        short[] bits = new short[TOKENS * k];
        for (int i = 0; i < bits.length; i++) bits[i] = Float.floatToFloat16((float) x[i / k][i % k]);
        int m = 64 * e.rowBlocks;
        long y = rig.zeros(TOKENS * m);
        rig.launch(e.slots ? "slots" : "bitmap",
                new Dim((e.rowBlocks + 1) / 2, (e.kTiles + e.segment - 1) / e.segment, 1),
                new Dim(64, 1, 1), null, 2 * 128 * 128, rig.ints(e.streams()), rig.ints(e.masks), rig.ints(e.info),
                rig.ints(e.offsets), rig.ints(words(bits, bits.length)), y, e.rowBlocks, e.kTiles, e.segment);
        int[] got = rig.read(y);
        float[] all = new float[got.length];
        for (int i = 0; i < all.length; i++) all[i] = Float.intBitsToFloat(got[i]);
        return all;
    }

    @ParameterizedTest
    @CsvSource({"1, 8, 8, false, 0.3", "1, 8, 8, true, 0.3", "3, 5, 2, false, 0.5", "3, 5, 2, true, 0.2",
        "1, 3, 4, false, 1",
        "1, 3, 4, true, 1", "1, 2, 1, false, 0", "2, 2, 1, true, 0", "2, 9, 16, true, 0.1"})
    void products(int rowBlocks, int kTiles, int segment, boolean slots, double density) throws DeviceFault {
        Encoded e = new Encoded(rowBlocks, kTiles, segment, slots, density);
        double[][] x = tokens(64 * kTiles);
        float[] y = multiply(ClusterRig.resource("streams.ptx"), e, x);
        int m = 64 * rowBlocks;
        for (int n = 0; n < TOKENS; n++) {
            for (int i = 0; i < m; i++) {
                double want = 0; // at most 576 * 64 in size, so exact
                for (int k = 0; k < x[n].length; k++) want += e.a[i][k] * x[n][k];
                assertEquals(want, y[n * m + i], "token " + n + ", row " + i);
            }
        }
    }

    private static final Encoded LONG = new Encoded(1, 12, 12, false, 0.3);

    /** One slip in the kernel, and what is said of it. */
    private static void slip(int error, UnaryOperator<String> slip, String... words) {
        String good = ClusterRig.file("streams.ptx");
        String bad = slip.apply(good);
        assertNotEquals(good, bad, "the slip is in the text");
        DeviceFault f = assertThrows(DeviceFault.class, () -> multiply(new ClusterRig(bad), LONG, tokens(64 * 12)));
        assertEquals(error, f.cudaError(), f.diagnostic());
        for (String w : words)
            assertTrue(f.diagnostic().contains(w), () -> "'" + w + "' is missing in: " + f.diagnostic());
    }

    @Test
    void bytesThatNeverCome() {
        slip(DeviceFault.LAUNCH_TIMEOUT, s -> s.replaceAll("cp\\.async\\.bulk\\.shared.*", ""),
                "deadlock: 32 threads wait",
                "mbarrier.try_wait.parity", "0 arrivals and 1024 bytes are missing");
        slip(DeviceFault.LAUNCH_TIMEOUT, s -> s.replaceAll("(mbarrier\\.arrive\\.expect_tx.*, )%r\\d+;", "$12048;"),
                "deadlock: 32 threads wait", "0 arrivals and 2048 bytes are missing, 1024 bytes on their way");
    }

    @Test
    void anAnswerNobodyLooksAt() {
        slip(DeviceFault.LAUNCH_FAILED, s -> s.replaceAll("selp.b32 (%r\\d+), 1, 0, P_OUT;", "mov.b32 $1, 1;"), "race",
                "is in flight; wait for the copy first", "ld.shared.u16");
    }

    @Test
    void placesFilledAgainBeforeAllHaveRead() {
        // All barriers of the warp but the first, behind which the mbarriers are used.
        slip(DeviceFault.LAUNCH_FAILED, s -> {
            int first = s.indexOf("bar.warp.sync") + 1;
            return s.substring(0, first) + s.substring(first).replaceAll("bar\\.warp\\.sync\\s+-1;", "");
        }, "race", "cp.async.bulk");
    }

    @Test
    void rowsThatAreNotThere() {
        Encoded one = new Encoded(1, 2, 2, true, 0.3);
        one.total -= 3; // of what is uploaded
        DeviceFault f = assertThrows(DeviceFault.class,
                () -> multiply(ClusterRig.resource("streams.ptx"), one, tokens(64 * 2)));
        assertTrue(f.diagnostic().contains("illegal global address") && f.diagnostic().contains("cp.async.bulk"),
                f.diagnostic());
    }
}
