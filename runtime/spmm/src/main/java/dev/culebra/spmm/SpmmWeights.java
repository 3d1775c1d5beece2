package dev.culebra.spmm;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.ValueType;
import java.lang.foreign.MemorySegment;

/**
 * A sparse matrix A [M, K], loaded on a device, that multiplies: Y = X A<sup>T</sup> for X [N, K], so that Y is [N, M]: row n
 * of Y is A times token n.
 *
 * <p>
 * Immutable and thread-safe: any number of threads may multiply at once. A result does not depend on the number of threads
 * nor on what else runs; every output is summed in one fixed order in fp32. It may differ in its last bits between devices,
 * and for one token between calls of different N.
 *
 * <p>
 * <b>Numbers that are not finite.</b> If any activation of a token is NaN or infinite, every output of that token is NaN: a
 * poisoned token stays visible, whatever the format skips. Otherwise a zero weight contributes nothing. A stored weight that
 * is NaN or infinite is an ordinary value: infinity times 0 is NaN.
 */
public interface SpmmWeights extends AutoCloseable {

    /**
     * Rows: outputs of a token.
     *
     * @return M
     */
    int m();

    /**
     * Columns: activations of a token.
     *
     * @return K
     */
    int k();

    /**
     * The type of the values.
     *
     * @return the type
     */
    ValueType valueType();

    /**
     * What the device reads in one product, activations aside.
     *
     * @return bytes of values, places, offsets and padding
     */
    long encodedBytes();

    /**
     * What would run for a number of tokens.
     *
     * @param n tokens, 1 or more
     * @return the kernel's name
     * @throws IllegalArgumentException if n is under 1
     */
    String kernel(int n);

    /**
     * Multiplies, and returns when the result is there. As with {@link Epilogue#none()}: y is fp32.
     *
     * @param x activations [N, K]
     * @param xType the activations' type: F32, or the weights' type
     * @param n tokens, 1 or more
     * @param y result [N, M] fp32
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if n is under 1, a segment's size does not fit, {@code y} can not be written, or the
     *         types are mixed; the message says what was given and what is accepted
     * @throws IllegalStateException if these weights or their device are closed
     */
    default void multiply(MemorySegment x, DenseType xType, int n, MemorySegment y) {
        multiply(x, xType, n, y, Epilogue.none());
    }

    /**
     * Multiplies, does to the sums what is asked for, and returns when the result is there.
     *
     * <p>
     * 16-bit activations must have the weights' type. F32 activations stay as they are on a CPU; on a GPU they are rounded
     * once to the weights' type, to the nearest, ties to even (a finite activation that overflows there poisons its token).
     *
     * @param x activations [N, K] row-major, packed, little-endian; a heap or native segment of any alignment, which the
     *        calling thread can read; not kept
     * @param xType the activations' type: F32, or the weights' type
     * @param n tokens, 1 or more
     * @param y result [N, M] row-major of the epilogue's output type, packed, little-endian; a heap or native segment of any
     *        alignment, which the calling thread can write; every element is written; it must not overlap {@code x}
     * @param epilogue what becomes of the sums; its segments are like {@code x}, and are not kept
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if n is under 1, a segment's size does not fit, {@code y} can not be written, or the
     *         types are mixed; the message says what was given and what is accepted
     * @throws IllegalStateException if these weights or their device are closed
     */
    void multiply(MemorySegment x, DenseType xType, int n, MemorySegment y, Epilogue<MemorySegment> epilogue);

    /**
     * Multiplies arrays. See {@link #multiply(MemorySegment, DenseType, int, MemorySegment)}.
     *
     * @param x activations [N, K] row-major
     * @param n tokens, 1 or more
     * @return result [N, M] row-major
     * @throws IllegalArgumentException if n is under 1, the array's length is not N * K, or N * M is more than an array holds
     * @throws IllegalStateException if these weights or their device are closed
     */
    default float[] multiply(float[] x, int n) {
        Arguments.checkTokens(n);
        Arguments.checkElements("x", x.length, n, k(), "K");
        float[] y = new float[Arguments.arrayLength(n, m())];
        multiply(MemorySegment.ofArray(x), DenseType.F32, n, MemorySegment.ofArray(y));
        return y;
    }

    /**
     * Frees what the device holds. May be called twice. Close weights before their {@link Spmm}.
     */
    @Override
    void close();
}
