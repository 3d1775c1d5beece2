package dev.culebra.jmh.gpu;

import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Stream;

/** A product of one shape that lies ready on a device, with one or more copies of its weights. One thread. */
public interface DeviceProduct extends AutoCloseable {

    /**
     * What runs, for a row.
     *
     * @return such as an instance of the catalog with its splits
     */
    String kernel();

    /**
     * What one product must read of the weights.
     *
     * @return bytes of one copy
     */
    long bytes();

    /**
     * Copies of the weights, each at an address of its own.
     *
     * @return 1 or more
     */
    int copies();

    /**
     * The result's type.
     *
     * @return true for fp16, false for fp32
     */
    boolean halfResult();

    /**
     * Enqueues one product. Never waits.
     *
     * @param stream where
     * @param copy which copy of the weights, from 0
     * @param x activations fp16 [N, ldx]
     * @param y result [N, M]; every element is written
     */
    void launch(Stream stream, int copy, DeviceBuffer x, DeviceBuffer y);

    /** Frees what this product alone has. */
    @Override
    void close();
}
