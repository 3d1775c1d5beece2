package dev.culebra.tests.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Stream;
import dev.culebra.jmh.peer.Csr;
import dev.culebra.jmh.peer.HalfTranspose;
import dev.culebra.jmh.peer.TwoOfFour;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What peers multiply, against the plain definitions. */
class PeerFormatsTest {

    private static final short MINUS_ZERO = (short) 0x8000;

    private static short[] random(int count, double zeros) {
        Random random = new Random(count);
        short[] values = new short[count];
        for (int i = 0; i < count; i++) {
            if (random.nextDouble() >= zeros) values[i] = Float.floatToFloat16((float) random.nextGaussian());
            else if (random.nextInt(4) == 0) values[i] = MINUS_ZERO;
        }
        return values;
    }

    @Test
    void compressedRowsHoldEachNonzeroAtItsPlace() {
        int[][] shapes = {{1, 1}, {7, 13}, {64, 65}, {100, 3}};
        for (int[] shape : shapes) {
            for (double zeros : new double[]{0, 0.5, 0.9, 1})
                check(shape[0], shape[1], random(shape[0] * shape[1], zeros));
        }
    }

    private static void check(int m, int k, short[] dense) {
        try (Arena arena = Arena.ofConfined()) {
            // At an odd address, as a part of a file may be.
            MemorySegment odd = arena.allocate(2L * dense.length + 1).asSlice(1);
            MemorySegment.copy(dense, 0, odd, ValueLayout.JAVA_SHORT_UNALIGNED, 0, dense.length);
            Csr csr = Csr.of(odd, m, k, arena);
            int[] offsets = csr.offsets().toArray(ValueLayout.JAVA_INT),
                    columns = csr.columns().toArray(ValueLayout.JAVA_INT);
            short[] values = csr.values().toArray(ValueLayout.JAVA_SHORT);
            assertEquals(m + 1, offsets.length);
            assertEquals(csr.nonzeros(), offsets[m]);
            assertEquals(csr.nonzeros(), columns.length);
            assertEquals(csr.nonzeros(), values.length);
            short[] again = new short[m * k];
            for (int row = 0; row < m; row++) {
                for (int i = offsets[row]; i < offsets[row + 1]; i++) {
                    assertTrue(i == offsets[row] || columns[i] > columns[i - 1], "columns ascend in row " + row);
                    assertTrue((values[i] & 0x7fff) != 0, "no zero is kept in row " + row);
                    again[row * k + columns[i]] = values[i];
                }
            }
            short[] expected = dense.clone();
            for (int i = 0; i < expected.length; i++) if (expected[i] == MINUS_ZERO) expected[i] = 0;
            assertArrayEquals(expected, again);
        }
    }

    /** On the emulator. */
    @Test
    void turnsMatricesOnTheDevice() {
        try (Context context = Cuda.open("emulator").device(0).context();
                Stream stream = context.newStream();
                HalfTranspose transpose = new HalfTranspose(context)) {
            for (int[] shape : new int[][]{{1, 1}, {1, 300}, {8, 100}, {33, 65}}) {
                int rows = shape[0], columns = shape[1];
                short[] from = random(rows * columns, 0), to = new short[rows * columns];
                try (DeviceBuffer in = context.allocate(2L * from.length);
                        DeviceBuffer out = context.allocate(2L * to.length)) {
                    in.upload(MemorySegment.ofArray(from));
                    transpose.of(stream, in.address(), rows, columns, out.address()).run();
                    stream.synchronize();
                    out.download(MemorySegment.ofArray(to));
                }
                for (int r = 0; r < rows; r++) {
                    for (int c = 0; c < columns; c++) {
                        assertEquals(from[r * columns + c], to[c * rows + r],
                                rows + " x " + columns + " at " + r + ", " + c);
                    }
                }
            }
        }
    }

    @Test
    void twoOfFourAreTheLargest() {
        short[] dense = random(4 * 5000, 0.3);
        short[] pruned = TwoOfFour.prune(MemorySegment.ofArray(dense.clone())).toArray(ValueLayout.JAVA_SHORT);
        for (int four = 0; four < dense.length; four += 4) {
            int base = four;
            // A stable sort: of equal ones the first.
            List<Integer> kept = IntStream.range(0, 4).boxed()
                    .sorted(Comparator.comparing(j -> -Math.abs(Float.float16ToFloat(dense[base + j])))).toList()
                    .subList(0, 2);
            for (int j = 0; j < 4; j++) {
                assertEquals(kept.contains(j) ? dense[base + j] : 0, pruned[base + j], "at " + (base + j));
            }
        }
    }

    @Test
    void equalOnesAndWhatWasGivenStay() {
        short[] equal = {1, 1, 1, 1, 1, 2, 2, 2, 0, 0, 0, 5};
        MemorySegment given = MemorySegment.ofArray(equal);
        assertArrayEquals(new short[]{1, 1, 0, 0, 0, 2, 2, 0, 0, 0, 0, 5},
                TwoOfFour.prune(given).toArray(ValueLayout.JAVA_SHORT));
        assertEquals(2, equal[7], "the matrix that was given is not changed");
    }
}
