package dev.culebra.sparse;

/**
 * Where an encoder takes its values from: a dense array or a CSR matrix, in rectangular panels of 16-bit values. The source
 * is read by several threads, each with a reader of its own.
 */
interface ValueSource {

    int m();

    int k();

    /** The type of the values that a reader gives; it is one of 16 bits. */
    ValueType type();

    Reader reader();

    /** One thread's view. */
    interface Reader {

        /**
         * Fills {@code out[at + r * pitch + c]} with the values of a panel; what lies between columns and pitch is not touched.
         *
         * @return false when the panel is known to hold nothing but +0 (then {@code out} is not written)
         */
        boolean read(int row, int rows, int column, int columns, short[] out, int at, int pitch);

        /** How many finite values became infinite by rounding in all panels read so far. */
        long overflowed();
    }
}
