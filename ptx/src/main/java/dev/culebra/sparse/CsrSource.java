package dev.culebra.sparse;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A CSR matrix, laid out densely a panel at a time. */
record CsrSource(Csr csr) implements ValueSource {

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    @Override
    public int m() { return csr.m(); }

    @Override
    public int k() { return csr.k(); }

    @Override
    public ValueType type() { return csr.type(); }

    @Override
    public Reader reader() {
        return new Reader() {
            @Override
            public boolean read(int row, int rows, int column, int columns, short[] out, int at, int pitch) {
                boolean any = false;
                for (int r = 0; r < rows; r++) {
                    int end = (int) csr.rowStart()[row + r + 1];
                    int i = first((int) csr.rowStart()[row + r], end, column);
                    for (; i < end && csr.column()[i] - column < columns; i++) {
                        if (!any) {
                            any = true;
                            for (int z = 0; z < rows; z++) {
                                Arrays.fill(out, at + z * pitch, at + z * pitch + columns, (short) 0);
                            }
                        }
                        out[at + r * pitch + csr.column()[i] - column] = csr.values().get(SHORT, 2L * i);
                    }
                }
                return any;
            }

            @Override
            public long overflowed() { return 0; }

            /** The first position of a row whose column is not before the panel. */
            private int first(int from, int to, int column) {
                int found = Arrays.binarySearch(csr.column(), from, to, column);
                return found < 0 ? -found - 1 : found;
            }
        };
    }
}
