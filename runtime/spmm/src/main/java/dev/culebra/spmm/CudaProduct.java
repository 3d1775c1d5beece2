package dev.culebra.spmm;

import dev.culebra.driver.Context;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.PreparedLaunch;
import dev.culebra.driver.Stream;
import dev.culebra.kernel.LaunchPlan;
import java.util.Objects;

/**
 * A product laid out once and enqueued many times. Enqueuing allocates nothing, on the host or on the device, and can be
 * captured in a graph. One thread's at a time, and on one stream at a time: where K is split, launches share a workspace. So do
 * two graphs that captured it, and a graph that is launched again before its last launch is done on another stream.
 */
public final class CudaProduct implements AutoCloseable {

    private final CudaWeights weights;
    private final LaunchPlan plan;
    private final int n;
    private final int ldx;
    private final Epilogue<DeviceBuffer> epilogue;
    private final int afterSections; // the parameter x, in KernelCatalog's order
    private final PreparedLaunch product;
    private final DeviceBuffer workspace; // null where the plan has none, as is
    private final DeviceBuffer zeroed;
    private volatile boolean closed;

    CudaProduct(CudaWeights weights, LaunchPlan plan, int n, int ldx, Epilogue<DeviceBuffer> epilogue) {
        this.weights = weights;
        this.plan = plan;
        this.n = n;
        this.ldx = ldx;
        this.epilogue = epilogue;
        Context context = weights.owner().context();
        product = weights.owner().kernel(plan.kernel()).prepare(CudaWeights.config(plan));
        int at = 0;
        for (DeviceBuffer section : weights.sections()) {
            product.set(at++, section);
        }
        afterSections = at;
        product.set(at + 2, weights.m()).set(at + 3, weights.k()).set(at + 4, n).set(at + 5, ldx);
        set(at + 6, epilogue.bias());
        set(at + 7, epilogue.residual());
        workspace = plan.workspaceBytes() == 0 ? null : context.allocate(plan.workspaceBytes());
        zeroed = plan.zeroedBytes() == 0 ? null : zeros(context, plan.zeroedBytes());
        set(at + 8, workspace);
        set(at + 9, zeroed);
        product.set(at + 10, CudaArguments.flags(epilogue));
        at += 11;
        for (int last : weights.lastParameters()) {
            product.set(at++, last);
        }
    }

    private void set(int parameter, DeviceBuffer buffer) {
        if (buffer == null) {
            product.set(parameter, 0L);
        } else {
            product.set(parameter, buffer);
        }
    }

    /** There before any stream can look. The workspace goes where there is no memory for them. */
    private DeviceBuffer zeros(Context context, long bytes) {
        DeviceBuffer buffer = null;
        try {
            buffer = context.allocate(bytes);
            context.defaultStream().fill(buffer, (byte) 0);
            context.defaultStream().synchronize();
            return buffer;
        } catch (Throwable t) {
            Closing closing = new Closing();
            closing.close(buffer);
            closing.close(workspace);
            throw t;
        }
    }

    /**
     * Enqueues the product, with the residual that it was prepared with.
     *
     * @param stream a stream of {@link CudaSpmm#context()}
     * @param x activations [N, ldx], token-major, 16-bit values of the weights' type, 16-byte aligned
     * @param y result [N, M] of the epilogue's output type; every element is written
     * @throws IllegalArgumentException if a buffer is too small
     * @throws IllegalStateException if this, the weights or their device are closed
     */
    public void launch(Stream stream, DeviceBuffer x, DeviceBuffer y) { enqueue(stream, x, y, epilogue.residual()); }

    /**
     * Enqueues the product with a residual of this launch's own.
     *
     * @param stream a stream of {@link CudaSpmm#context()}
     * @param x activations, as above
     * @param y result, as above
     * @param residual [N, M] of the epilogue's output type, which may be {@code y} itself
     * @throws IllegalArgumentException if a buffer is too small
     * @throws IllegalStateException if this, the weights or their device are closed
     */
    public void launch(Stream stream, DeviceBuffer x, DeviceBuffer y, DeviceBuffer residual) {
        enqueue(stream, x, y, Objects.requireNonNull(residual, "residual"));
    }

    private void enqueue(Stream stream, DeviceBuffer x, DeviceBuffer y, DeviceBuffer residual) {
        if (closed) {
            throw new IllegalStateException("this product is closed");
        }
        weights.checkOpen();
        CudaArguments.check(weights, x, n, ldx, y, residual, epilogue.output());
        product.set(afterSections, x).set(afterSections + 1, y);
        set(afterSections + 7, residual);
        product.launch(stream);
    }

    /**
     * What is launched.
     *
     * @return the plan
     */
    public LaunchPlan plan() { return plan; }

    /** Frees the workspace and what is zeroed after their last use. May be called twice. */
    @Override
    public void close() {
        closed = true;
        Closing closing = new Closing();
        closing.close(workspace);
        closing.close(zeroed);
        closing.rethrow();
    }
}
