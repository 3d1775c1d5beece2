package dev.culebra.spmm;

import dev.culebra.driver.Context;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.Stream;
import dev.culebra.kernel.KernelCatalog;
import dev.culebra.kernel.LaunchPlan;
import dev.culebra.kernel.Planner;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.Section;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A matrix in a device's memory. Beside products from and to the host it multiplies what already lies on the device, on a
 * stream of the caller's. Thread-safe; each call from the host works on a stream of its own.
 */
public final class CudaWeights implements SpmmWeights {

    /** Host memory that one part of a call may take, each way: enough to keep the bus busy. */
    private static final long STAGING_BYTES = 64L << 20;
    private static final int WIDEST_TILE = 64;
    /** Plans that are kept: more than a server has sizes of batches, and of a bounded size where each call has another. */
    private static final int MOST_PLANS = 1024;

    private final CudaSpmm owner;
    private final SparseMatrix matrix;
    private final List<DeviceBuffer> sections; // in the format's order, as a kernel takes them
    private final List<Integer> lastParameters; // of a kernel
    private final Map<Integer, LaunchPlan> plans = new ConcurrentHashMap<>();
    private final AtomicBoolean closed = new AtomicBoolean();

    CudaWeights(CudaSpmm owner, SparseMatrix matrix) {
        if (KernelCatalog.products(matrix.format(), matrix.valueType()).isEmpty()) {
            throw new IllegalArgumentException("no kernel for " + matrix.format().id() + " weights of "
                    + matrix.valueType().id() + "; use the cpu");
        }
        this.owner = owner;
        this.matrix = matrix;
        this.lastParameters = KernelCatalog.lastParameters(matrix);
        this.sections = upload(owner.context(), matrix.sections());
    }

    /** All of them, or none. */
    private static List<DeviceBuffer> upload(Context context, List<Section> sections) {
        List<DeviceBuffer> uploaded = new ArrayList<>();
        try {
            for (Section s : sections) {
                DeviceBuffer buffer = context.allocate(s.bytes().byteSize());
                uploaded.add(buffer);
                buffer.upload(s.bytes());
            }
            return List.copyOf(uploaded);
        } catch (Throwable t) {
            Closing closing = new Closing();
            uploaded.forEach(closing::close);
            throw t;
        }
    }

    @Override
    public int m() { return matrix.m(); }

    @Override
    public int k() { return matrix.k(); }

    @Override
    public ValueType valueType() { return matrix.valueType(); }

    @Override
    public long encodedBytes() { return matrix.encodedBytes(); }

    @Override
    public String kernel(int n) { return plan(n).kernel().name(); }

    /**
     * What would be launched for a number of tokens. Made once for each number, and kept for the next call.
     *
     * @param n tokens, 1 or more
     * @return the plan, which says why
     * @throws IllegalArgumentException if n is under 1
     */
    public LaunchPlan plan(int n) {
        Arguments.checkTokens(n);
        if (plans.size() >= MOST_PLANS && !plans.containsKey(n)) {
            plans.clear();
        }
        return plans.computeIfAbsent(n, tokens -> Planner.plan(matrix, tokens, owner.target()));
    }

    /**
     * The least distance from one token to the next that a kernel takes.
     *
     * @return K rounded up to a multiple of 8, in elements
     */
    public int minimumLdx() { return Math.addExact(k(), 7) & ~7; }

    @Override
    public void multiply(MemorySegment x, DenseType xType, int n, MemorySegment y, Epilogue<MemorySegment> epilogue) {
        Arguments.check(this, x, xType, n, y, epilogue);
        checkOpen();
        int ldx = minimumLdx();
        long tokenBytes = Math.max((long) ldx * valueType().bits() / 8, (long) m() * Float.BYTES);
        long part = Math.max(STAGING_BYTES / tokenBytes / WIDEST_TILE * WIDEST_TILE, WIDEST_TILE);
        CudaLane lane = owner.borrowLane();
        try {
            for (long first = 0; first < n; first += part) { // a long: the last step may pass 2^31
                multiply(lane, x, xType, (int) first, (int) Math.min(part, n - first), ldx, y, epilogue);
            }
        } catch (Throwable t) {
            try {
                owner.discard(lane);
            } catch (RuntimeException e) {
                t.addSuppressed(e);
            }
            throw t;
        }
        owner.giveBack(lane);
    }

    /** Everything goes in at once: activations, then the residual, then the bias, each at a multiple of 16 bytes. */
    private void multiply(CudaLane lane, MemorySegment x, DenseType xType, int first, int count, int ldx,
            MemorySegment y, Epilogue<MemorySegment> epilogue) {
        long xBytes = (long) count * ldx * valueType().bits() / 8; // a multiple of 16, as ldx is of 8
        long yBytes = (long) count * m() * epilogue.output().bytes();
        long yFrom = (long) first * m() * epilogue.output().bytes();
        MemorySegment residual = epilogue.residual();
        MemorySegment bias = epilogue.bias();
        long biasAt = xBytes + (residual == null ? 0 : yBytes + 15 & ~15L);
        long inBytes = biasAt + (bias == null ? 0 : bias.byteSize());
        LaunchPlan plan = plan(count);
        MemorySegment hostIn = lane.hostX(inBytes).segment();
        MemorySegment hostY = lane.hostY(yBytes).segment();
        DeviceBuffer deviceIn = lane.x(inBytes);
        DeviceBuffer deviceY = lane.y(yBytes);
        HalfActivations.fill(x, xType, first, count, k(), valueType(), hostIn, ldx);
        DeviceBuffer deviceResidual = null;
        DeviceBuffer deviceBias = null;
        if (residual != null) {
            MemorySegment.copy(residual, yFrom, hostIn, xBytes, yBytes);
            deviceResidual = deviceIn.slice(xBytes, yBytes);
        }
        if (bias != null) {
            MemorySegment.copy(bias, 0, hostIn, biasAt, bias.byteSize());
            deviceBias = deviceIn.slice(biasAt, bias.byteSize());
        }
        lane.stream.copy(hostIn, 0, deviceIn, 0, inBytes);
        if (epilogue.accumulate()) {
            MemorySegment.copy(y, yFrom, hostY, 0, yBytes);
            lane.stream.copy(hostY, 0, deviceY, 0, yBytes);
        }
        launch(lane.stream, plan, deviceIn, count, ldx, deviceY, deviceBias, deviceResidual,
                CudaArguments.flags(epilogue), lane.workspace(plan.workspaceBytes()), lane.zeroed(plan.zeroedBytes()));
        lane.stream.copy(deviceY, 0, hostY, 0, yBytes);
        lane.stream.synchronize();
        MemorySegment.copy(hostY, 0, y, yFrom, yBytes);
    }

    /**
     * Enqueues a product of what lies on the device, as with {@link Epilogue#none()}: y is fp32.
     *
     * @param stream a stream of {@link CudaSpmm#context()}
     * @param x activations [N, ldx]
     * @param n tokens, 1 or more
     * @param ldx elements from one token to the next: a multiple of 8, K or more
     * @param y result [N, M] fp32; every element is written
     * @throws IllegalArgumentException if a size does not fit
     * @throws IllegalStateException if this or its device is closed
     */
    public void multiply(Stream stream, DeviceBuffer x, int n, int ldx, DeviceBuffer y) {
        multiply(stream, x, n, ldx, y, Epilogue.none());
    }

    /**
     * Enqueues a product of what lies on the device. Returns before it is done; what is enqueued on the stream after it sees
     * the result. Allocates on the stream where K is split, so it can not be captured then: see {@link #prepare}.
     *
     * @param stream a stream of {@link CudaSpmm#context()}
     * @param x activations [N, ldx], token-major, 16-bit values of the weights' type, 16-byte aligned; columns from K on are
     *        not used
     * @param n tokens, 1 or more
     * @param ldx elements from one token to the next: a multiple of 8, K or more
     * @param y result [N, M] of the epilogue's output type; every element is written
     * @param epilogue what becomes of the sums; its buffers may be freed in the stream's order
     * @throws IllegalArgumentException if a size does not fit
     * @throws IllegalStateException if this or its device is closed
     */
    public void multiply(Stream stream, DeviceBuffer x, int n, int ldx, DeviceBuffer y,
            Epilogue<DeviceBuffer> epilogue) {
        LaunchPlan plan = plan(n);
        check(n, ldx, epilogue);
        CudaArguments.check(this, x, n, ldx, y, epilogue.residual(), epilogue.output());
        checkOpen();
        int flags = CudaArguments.flags(epilogue);
        if (plan.splits() == 1) {
            launch(stream, plan, x, n, ldx, y, epilogue.bias(), epilogue.residual(), flags, null, null);
            return;
        }
        try (DeviceBuffer workspace = plan.workspaceBytes() == 0 ? null : stream.allocate(plan.workspaceBytes());
                DeviceBuffer zeroed = stream.allocate(plan.zeroedBytes())) { // both freed in the stream's order
            stream.fill(zeroed, (byte) 0);
            launch(stream, plan, x, n, ldx, y, epilogue.bias(), epilogue.residual(), flags, workspace, zeroed);
        }
    }

    /**
     * Lays out a product that is enqueued many times, as with {@link Epilogue#none()}.
     *
     * @param n tokens, 1 or more
     * @param ldx elements from one token to the next: a multiple of 8, K or more
     * @return the product; the caller closes it, before these weights
     * @throws IllegalArgumentException if a size does not fit
     * @throws IllegalStateException if this or its device is closed
     */
    public CudaProduct prepare(int n, int ldx) { return prepare(n, ldx, Epilogue.none()); }

    /**
     * Lays out a product that is enqueued many times: it allocates what it needs on the device once, and nothing in a
     * launch. It can be captured in a graph.
     *
     * @param n tokens, 1 or more
     * @param ldx elements from one token to the next: a multiple of 8, K or more
     * @param epilogue what becomes of the sums; its buffers stay the caller's, and open as long as launches use them
     * @return the product; the caller closes it, before these weights
     * @throws IllegalArgumentException if a size does not fit
     * @throws IllegalStateException if this or its device is closed
     */
    public CudaProduct prepare(int n, int ldx, Epilogue<DeviceBuffer> epilogue) {
        LaunchPlan plan = plan(n);
        check(n, ldx, epilogue);
        checkOpen();
        return new CudaProduct(this, plan, n, ldx, epilogue);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            owner.released();
            Closing closing = new Closing();
            sections.forEach(closing::close);
            closing.rethrow();
        }
    }

    @Override
    public String toString() { return matrix + " on " + owner; }

    CudaSpmm owner() { return owner; }

    List<DeviceBuffer> sections() { return sections; }

    List<Integer> lastParameters() { return lastParameters; }

    void checkOpen() {
        if (closed.get()) {
            throw new IllegalStateException("these weights are closed");
        }
        owner.checkOpen();
    }

    private void check(int n, int ldx, Epilogue<DeviceBuffer> epilogue) {
        Arguments.checkTokens(n);
        if (ldx < k() || ldx % 8 != 0) {
            throw new IllegalArgumentException("ldx is " + ldx + "; give a multiple of 8 from K = " + k() + " on");
        }
        Objects.requireNonNull(epilogue, "epilogue");
        CudaArguments.checkBias(this, epilogue.bias());
    }

    private void launch(Stream stream, LaunchPlan plan, DeviceBuffer x, int n, int ldx, DeviceBuffer y,
            DeviceBuffer bias, DeviceBuffer residual, int flags, DeviceBuffer workspace, DeviceBuffer zeroed) {
        List<Object> arguments = new ArrayList<>(sections);
        arguments.addAll(List.of(x, y, m(), k(), n, ldx, orNull(bias), orNull(residual), orNull(workspace),
                orNull(zeroed), flags));
        arguments.addAll(lastParameters);
        owner.kernel(plan.kernel()).launch(stream, config(plan), arguments.toArray());
    }

    /** A pointer for the driver. */
    private static Object orNull(DeviceBuffer buffer) {
        return buffer == null ? (Object) 0L : buffer;
    }

    static LaunchConfig config(LaunchPlan plan) {
        return LaunchConfig.of(new Dim3(plan.gridX(), plan.gridY(), plan.gridZ()), Dim3.of(plan.threads()))
                .withShared(plan.sharedBytes()).withProgrammatic(plan.kernel().programmatic());
    }
}
