package dev.culebra.spmm;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.ValueType;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** What every device checks before it multiplies. */
final class Arguments {

    /** What an array holds; JVMs keep a few less than 2^31 to themselves. */
    static final int MOST_ELEMENTS = Integer.MAX_VALUE - 8;

    private Arguments() {}

    static void checkTokens(int n) {
        if (n < 1) {
            throw new IllegalArgumentException("n is " + n + "; give 1 token or more");
        }
    }

    static void checkElements(String name, long given, int n, int width, String widthName) {
        if (given != (long) n * width) {
            throw new IllegalArgumentException(
                    name + " has " + given + " elements; [N, " + widthName + "] = [" + n + ", "
                            + width + "] takes " + (long) n * width);
        }
    }

    /** N * M, where an array can hold it. */
    static int arrayLength(int n, int m) {
        long elements = (long) n * m;
        if (elements > MOST_ELEMENTS) {
            throw new IllegalArgumentException("y takes [N, M] = [" + n + ", " + m + "] = " + elements
                    + " elements; an array holds " + MOST_ELEMENTS + ": give segments, or fewer tokens at a time");
        }
        return (int) elements;
    }

    static void check(SpmmWeights a, MemorySegment x, DenseType xType, int n, MemorySegment y,
            Epilogue<MemorySegment> epilogue) {
        Objects.requireNonNull(epilogue, "epilogue");
        Objects.requireNonNull(x, "x");
        Objects.requireNonNull(xType, "xType");
        Objects.requireNonNull(y, "y");
        checkTokens(n);
        checkType(a.valueType(), xType);
        checkBytes("x", x.byteSize(), n, a.k(), "K", xType);
        checkBytes("y", y.byteSize(), n, a.m(), "M", epilogue.output());
        if (epilogue.bias() != null && epilogue.bias().byteSize() != (long) a.m() * Float.BYTES) {
            throw new IllegalArgumentException("the bias has " + epilogue.bias().byteSize() + " bytes; [M] = [" + a.m()
                    + "] of F32 takes " + (long) a.m() * Float.BYTES);
        }
        if (epilogue.residual() != null) {
            checkBytes("the residual", epilogue.residual().byteSize(), n, a.m(), "M", epilogue.output());
        }
        if (y.isReadOnly()) {
            throw new IllegalArgumentException("y is read-only; give a segment that can be written");
        }
    }

    static void checkType(ValueType weights, DenseType xType) {
        if (xType != DenseType.F32 && xType != weights.dense()) {
            throw new IllegalArgumentException("x is " + xType + " and the weights are " + weights.dense()
                    + "; give x as " + weights.dense() + " or F32, or encode the weights as " + xType);
        }
    }

    /** By division: N * K elements of 4 bytes can pass 2^63. */
    private static void checkBytes(String name, long given, int n, int width, String widthName, DenseType type) {
        long elements = (long) n * width;
        if (given % type.bytes() != 0 || given / type.bytes() != elements) {
            throw new IllegalArgumentException(name + " has " + given + " bytes; [N, " + widthName + "] = [" + n + ", "
                    + width + "] of " + type + " takes " + elements + " elements of " + type.bytes() + " bytes");
        }
    }
}
