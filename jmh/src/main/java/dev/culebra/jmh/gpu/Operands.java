package dev.culebra.jmh.gpu;

import dev.culebra.driver.Context;
import dev.culebra.driver.DeviceBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A layer's weights on the host, and activations and room for results on the device. One thread. */
final class Operands implements AutoCloseable {

    private static final int SEED_OF_X = 11;

    final GpuPlan.Layer layer;
    /** From token to token of the activations: what our kernels take, K where that is a multiple of 8. */
    final int ldx;
    /** Activations fp16 [tokens, ldx]. */
    final DeviceBuffer x;
    /** Room for fp32 [tokens, M]. */
    final DeviceBuffer y;
    /** Weights fp16 [M, K] row-major, as they were filled last. */
    final MemorySegment dense;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment hostX;
    private final int tokens;

    Operands(Context context, GpuPlan.Layer layer, int tokens) {
        this.layer = layer;
        this.tokens = tokens;
        ldx = layer.k() + 7 & ~7;
        try {
            dense = arena.allocate(2L * layer.m() * layer.k(), 64);
            hostX = arena.allocate(2L * tokens * ldx, 64);
            RandomHalves.fill(hostX, tokens, layer.k(), ldx, 0, SEED_OF_X);
            x = context.allocate(hostX.byteSize());
        } catch (Throwable t) {
            arena.close();
            throw t;
        }
        try {
            x.upload(hostX);
            y = context.allocate(4L * tokens * layer.m());
        } catch (Throwable t) {
            x.close();
            arena.close();
            throw t;
        }
    }

    /** Makes the weights: the same ones for the same layer, with more zeros for a higher share of them. */
    void fill(double sparsity) {
        RandomHalves.fill(dense, layer.m(), layer.k(), layer.k(), sparsity, layer.m() * 31L + layer.k());
    }

    /** What products with such weights give. */
    SampledReference reference(MemorySegment weights) {
        return new SampledReference(weights, layer.m(), layer.k(), hostX, ldx, tokens);
    }

    @Override
    public void close() {
        y.close();
        x.close();
        arena.close();
    }
}
