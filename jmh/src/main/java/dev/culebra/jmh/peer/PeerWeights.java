package dev.culebra.jmh.peer;

import dev.culebra.driver.DeviceBuffer;
import java.lang.foreign.MemorySegment;

/** Copies of one matrix on the device, as a library wants it. Used on the thread of its {@link GpuPeer}. */
public interface PeerWeights extends AutoCloseable {

    /**
     * What a product must read of one copy.
     *
     * @return bytes
     */
    long bytes();

    /**
     * How many copies there are.
     *
     * @return 1 or more
     */
    int copies();

    /**
     * What is multiplied, for a check.
     *
     * @return fp16 [M, K] row-major: what was loaded, or where the format can not hold that ({@code 2:4}), what it holds
     */
    MemorySegment reference();

    /**
     * Makes ready to multiply: chooses the fastest of what the library offers, by timing it over the copies in turns, and
     * allocates its workspace. Waits for the device, and overwrites {@code y}.
     *
     * @param x fp16 [N, K] row-major, 16-byte aligned
     * @param n tokens, which {@link GpuPeer#takes} accepts
     * @param y fp16 [N, M] row-major, 16-byte aligned
     * @return the product, to be closed before these weights and both buffers
     * @throws PeerException where the library fails
     */
    PeerProduct prepare(DeviceBuffer x, int n, DeviceBuffer y);

    /** Waits for the stream and frees the copies. A second call does nothing. */
    @Override
    void close();
}
