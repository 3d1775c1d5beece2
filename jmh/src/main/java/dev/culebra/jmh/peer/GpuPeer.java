package dev.culebra.jmh.peer;

import dev.culebra.driver.Stream;
import java.lang.foreign.MemorySegment;

/**
 * A library that multiplies fp16 weights on a GPU, sums in fp32 and rounds to fp16, to compare with. It works in the
 * context that it was found for, on one platform thread at a time. What it made is closed before it.
 */
public interface GpuPeer extends AutoCloseable {

    /**
     * Its name in results.
     *
     * @return {@code cublaslt}, {@code cusparse} or {@code cusparselt}
     */
    String name();

    /**
     * How it keeps weights.
     *
     * @return {@code dense}, {@code csr} or {@code 2:4}
     */
    String format();

    /**
     * The library's version in its own words.
     *
     * @return such as {@code 13.1.1}
     */
    String version();

    /**
     * The file that was loaded.
     *
     * @return a path, or the name by which the system's loader found it
     */
    String origin();

    /**
     * Whether the library accepts a product of these sizes.
     *
     * @param m outputs
     * @param k inputs
     * @param n tokens
     * @return false where {@link #load} or {@link PeerWeights#prepare} would refuse
     */
    boolean takes(int m, int k, int n);

    /**
     * Brings weights into the library's format and onto the device. Waits until they are there.
     *
     * @param dense fp16 [M, K] row-major, on the heap or native; it must stay as it is while the result is open
     * @param m outputs
     * @param k inputs
     * @param copies how many, each at an address of its own: products that take them in turns find none in the cache
     * @param stream where products will be enqueued; not the default stream
     * @return the weights, to be closed before this and before the stream
     * @throws PeerException where the library fails
     */
    PeerWeights load(MemorySegment dense, int m, int k, int copies, Stream stream);

    /** Gives the library's handle back. A second call does nothing. */
    @Override
    void close();
}
