package dev.culebra.sparse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** A dense row-major array, rounded on its way in when it is wider than the values. */
record DenseSource(MemorySegment dense, DenseType from, int m, int k, ValueType type) implements ValueSource {

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED
            .withOrder(ByteOrder.LITTLE_ENDIAN);

    DenseSource {
        if (m < 1 || k < 1) {
            throw new IllegalArgumentException("shape " + m + " x " + k + "; M and K must be 1 or more");
        }
        if (from != DenseType.F32 && from != type.dense()) {
            throw new IllegalArgumentException(
                    "values of type " + from + " can not be stored as " + type + "; choose " + from + " or give F32");
        }
        from.checkSize(dense, m, k);
    }

    @Override
    public Reader reader() {
        return new Reader() {
            private float[] row32 = {};
            private long overflowed;

            @Override
            public boolean read(int row, int rows, int column, int columns, short[] out, int at, int pitch) {
                if (from == DenseType.F32 && row32.length < columns) {
                    row32 = new float[columns];
                }
                for (int r = 0; r < rows; r++) {
                    long offset = ((long) (row + r) * k + column) * from.bytes();
                    if (from == DenseType.F32) {
                        MemorySegment.copy(dense, FLOAT, offset, row32, 0, columns);
                        overflowed += Rounding.round(row32, out, at + r * pitch, columns, type);
                    } else {
                        MemorySegment.copy(dense, SHORT, offset, out, at + r * pitch, columns);
                    }
                }
                return true;
            }

            @Override
            public long overflowed() { return overflowed; }
        };
    }
}
