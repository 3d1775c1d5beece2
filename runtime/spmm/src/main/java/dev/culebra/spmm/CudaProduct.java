package dev.culebra.spmm;

import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.PreparedLaunch;
import dev.culebra.driver.Stream;
import dev.culebra.kernel.LaunchPlan;

/**
 * A product laid out once and enqueued many times. Enqueuing allocates nothing, on the host or on the device, and can be
 * captured in a graph. One thread's at a time, and on one stream at a time: where K is split, launches share a workspace.
 */
public final class CudaProduct implements AutoCloseable {

    private static final int SUM_Y = 1; // a parameter, in KernelCatalog's order

    private final CudaWeights weights;
    private final LaunchPlan plan;
    private final int n;
    private final int ldx;
    private final int afterSections; // the parameter x, in KernelCatalog's order
    private final PreparedLaunch product;
    private final PreparedLaunch sum; // null with one split, like the workspace
    private final DeviceBuffer workspace;
    private volatile boolean closed;

    CudaProduct(CudaWeights weights, LaunchPlan plan, int n, int ldx) {
        this.weights = weights;
        this.plan = plan;
        this.n = n;
        this.ldx = ldx;
        CudaSpmm owner = weights.owner();
        product = owner.kernel(plan.kernel()).prepare(CudaWeights.config(plan));
        int at = 0;
        for (DeviceBuffer section : weights.sections()) {
            product.set(at++, section);
        }
        afterSections = at;
        product.set(at + 2, weights.m()).set(at + 3, weights.k()).set(at + 4, n).set(at + 5, ldx);
        if (plan.splits() == 1) {
            sum = null;
            workspace = null;
            return;
        }
        PreparedLaunch second = owner.kernel(plan.reduce()).prepare(CudaWeights.reduceConfig(plan));
        workspace = owner.context().allocate(plan.workspaceBytes());
        sum = second.set(0, workspace).set(2, (long) n * weights.m()).set(3, plan.splits());
        product.set(afterSections + 1, workspace);
    }

    /**
     * Enqueues the product.
     *
     * @param stream a stream of {@link CudaSpmm#context()}
     * @param x activations [N, ldx], token-major, 16-bit values of the weights' type, 16-byte aligned
     * @param y result [N, M] fp32; every element is written
     * @throws IllegalArgumentException if a buffer is too small
     * @throws IllegalStateException if this, the weights or their device are closed
     */
    public void launch(Stream stream, DeviceBuffer x, DeviceBuffer y) {
        if (closed) {
            throw new IllegalStateException("this product is closed");
        }
        weights.checkOpen();
        weights.checkBuffers(x, y, n, ldx);
        product.set(afterSections, x);
        if (sum == null) {
            product.set(afterSections + 1, y);
            product.launch(stream);
        } else {
            product.launch(stream);
            sum.set(SUM_Y, y);
            sum.launch(stream);
        }
    }

    /**
     * What is launched.
     *
     * @return the plan
     */
    public LaunchPlan plan() { return plan; }

    /** Frees the workspace after its last use. May be called twice. */
    @Override
    public void close() {
        closed = true;
        if (workspace != null) {
            workspace.close();
        }
    }
}
