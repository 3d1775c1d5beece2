package dev.culebra.tests.emulator.textbook;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import dev.culebra.driver.LaunchConfig;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lanes and blocks that go different ways and meet again. */
class ControlFlowTest extends TextbookTests {

    @Test
    void collatz() {
        Program program = load("divergence.ptx");
        int[] in = new int[200];
        int[] expected = new int[200];
        for (int i = 0; i < in.length; i++) {
            in[i] = i == 13 ? 0 : i + 1; // 0 never ends: its lane returns early
            long v = in[i];
            int s = 0;
            for (; v != 1 && s <= 500; s++) {
                v = (v & 1) != 0 ? 3 * v + 1 : v >> 1;
            }
            expected[i] = v != 1 ? -1 : s;
        }
        DeviceBuffer out = program.ints(200);
        program.launch("collatz", Dim3.of(4), Dim3.of(64), 0, program.upload(in), out, 200);
        assertArrayEquals(expected, Program.ints(out));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void aLockThatLanesOfOneWarpTakeInTurn(int workers) {
        Program program = load("divergence.ptx", workers);
        DeviceBuffer counter = program.upload(0);
        program.launch("spin_lock", Dim3.of(3), Dim3.of(48), 0, program.upload(0), counter);
        assertEquals(3 * 48, Program.ints(counter)[0]);
    }

    @Test
    void callsRecursionSwitchesAndLocalArrays() {
        Program program = load("divergence.ptx");
        int n = 100;
        DeviceBuffer powers = program.fresh(n, Long.BYTES);
        DeviceBuffer picks = program.ints(n);
        DeviceBuffer sorted = program.ints(16 * n);
        program.launch("calls", Dim3.of(2), Dim3.of(64), 0, powers, picks, sorted, n);
        for (int i = 0; i < n; i++) {
            long p = 1;
            for (int e = 0; e < i % 40; e++) {
                p *= 3;
            }
            assertEquals(p, Program.longs(powers)[i], "power " + i);
            int pick = switch (i % 9) {
                case 0 -> i + 1;
                case 1 -> i * i;
                case 2 -> i ^ 0x55;
                case 3 -> -i;
                case 4 -> i << 3;
                case 5 -> i % 7;
                default -> 42;
            };
            assertEquals(pick, Program.ints(picks)[i], "pick " + i);
            int[] v = new int[16];
            for (int j = 0; j < 16; j++) {
                v[j] = (i * 7919 + j * 104729) % 1009;
            }
            Arrays.sort(v);
            assertArrayEquals(v, Arrays.copyOfRange(Program.ints(sorted), 16 * i, 16 * i + 16), "sorted " + i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void blocksOfACooperativeGridMeet(int workers) {
        Program program = load("cooperative.ptx", workers);
        int blocks = 7;
        int threads = 64;
        int n = blocks * threads;
        DeviceBuffer x = program.ints(n);
        DeviceBuffer y = program.ints(n);
        DeviceBuffer z = program.ints(n);
        program.launch("grid_sync", LaunchConfig.of(blocks, threads).withCooperative(true), x, y, z);
        for (int i = 0; i < n; i++) {
            int next = (i + threads) % n;
            assertEquals(next + (next + threads) % n, Program.ints(z)[i], "thread " + i);
        }
    }

    @Test
    void tilesAndCoalescedGroups() {
        Program program = load("cooperative.ptx");
        int[] in = random.ints(96, 0, 1000).toArray();
        DeviceBuffer tiles = program.ints(96);
        DeviceBuffer taken = program.ints(96);
        program.launch("groups", Dim3.of(1), Dim3.of(96), 0, program.upload(in), tiles, taken);
        for (int i = 0; i < 96; i++) {
            int sum = 0;
            for (int j = i & -8; j < (i & -8) + 8; j++) {
                sum += in[j];
            }
            assertEquals(sum, Program.ints(tiles)[i], "tile of " + i);
            int size = 0;
            int rank = 0;
            int first = -1;
            for (int j = i & -32; j < (i & -32) + 32; j++) {
                if (in[j] % 3 == 0) {
                    first = first < 0 ? in[j] : first;
                    size++;
                    rank += j < i ? 1 : 0;
                }
            }
            assertEquals(in[i] % 3 != 0 ? -1 : size * 1000 + rank * 10 + (first & 1), Program.ints(taken)[i],
                    "thread " + i);
        }
    }
}
