package dev.culebra.tests.kernel;

import dev.culebra.driver.Context;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.Device;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.Stream;
import dev.culebra.kernel.KernelCatalog;
import dev.culebra.kernel.KernelInstance;
import dev.culebra.kernel.LaunchPlan;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.spmm.Epilogue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Products as a plan says them, on a device of any driver: buffers of exactly the documented sizes, results and workspace in
 * memory that nobody wrote.
 */
public final class KernelDevice implements AutoCloseable {

    private final Context context;
    private final Function<KernelInstance, String> ptx;
    private final Map<String, CudaModule> modules = new HashMap<>();

    /**
     * A device with the catalog's kernels.
     *
     * @param device the device
     */
    public KernelDevice(Device device) { this(device, KernelCatalog::ptx); }

    /**
     * A device with kernels from elsewhere.
     *
     * @param device the device
     * @param ptx the text that has a kernel of the catalog's
     */
    public KernelDevice(Device device, Function<KernelInstance, String> ptx) {
        this.context = device.context();
        this.ptx = ptx;
    }

    /**
     * A plan with each size of shared memory that its kernel makes use of: a block's copies are then as many tiles ahead.
     *
     * @param plan a plan
     * @return one or two
     */
    public static List<LaunchPlan> depths(LaunchPlan plan) {
        if (lanes(plan)) {
            return List.of(plan); // its rings are as long as the matrix's lists ask
        }
        return IntStream.of(plan.kernel().sharedBytes(), plan.kernel().mostSharedBytes()).distinct()
                .mapToObj(bytes -> new LaunchPlan(plan.kernel(), plan.splits(), plan.gridX(), plan.gridY(),
                        plan.gridZ(), plan.threads(), bytes, plan.workspaceBytes(), plan.zeroedBytes(), plan.why()))
                .toList();
    }

    private static boolean lanes(LaunchPlan plan) { return plan.kernel().format().hasLaneLists(); }

    /**
     * A plan whose blocks take several rows of tiles one after the other, where they can.
     *
     * @param plan a plan
     * @param most blocks above each other
     * @return the same with so many at most
     */
    public static LaunchPlan fewerRows(LaunchPlan plan, int most) {
        // with lanes' own lists the blocks in y share all of the work, and what they sum up depends on how many they are
        int y = lanes(plan) ? plan.gridY() : Math.min(plan.gridY(), most);
        return new LaunchPlan(plan.kernel(), plan.splits(), plan.gridX(), y, plan.gridZ(), plan.threads(),
                plan.sharedBytes(),
                plan.workspaceBytes(), plan.zeroedBytes(), plan.why());
    }

    /**
     * One product, its sums as they are.
     *
     * @param plan the kernel and its grid
     * @param a [M, K], encoded
     * @param x activations, [N, ldx] without what follows the last row's K
     * @param ldx elements from row to row of x
     * @param n tokens
     * @return [N, M]
     */
    public float[] multiply(LaunchPlan plan, SparseMatrix a, short[] x, int ldx, int n) {
        return multiply(plan, a, x, ldx, n, Epilogue.none(), null, 0, 1).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }

    /**
     * One product with an epilogue, launched some times over counters that nobody resets. The last launch's result is returned,
     * or the first that differs from the one before.
     *
     * @param plan the kernel and its grid
     * @param a [M, K], encoded
     * @param x activations, [N, ldx] without what follows the last row's K
     * @param ldx elements from row to row of x
     * @param n tokens
     * @param epilogue what becomes of the sums
     * @param held what y holds before, or null: nothing that may be read
     * @param misaligned bytes by which y, the residual and the bias miss a multiple of 256
     * @param launches how many, 1 or more
     * @return [N, M] of the output's type
     */
    public MemorySegment multiply(LaunchPlan plan, SparseMatrix a, short[] x, int ldx, int n,
            Epilogue<MemorySegment> epilogue, MemorySegment held, int misaligned, int launches) {
        Deque<AutoCloseable> opened = new ArrayDeque<>();
        try {
            Stream stream = context.defaultStream();
            long bytes = (long) epilogue.output().bytes() * n * a.m();
            DeviceBuffer y = buffer(opened, misaligned + bytes).slice(misaligned, bytes);
            DeviceBuffer zeroed = plan.zeroedBytes() == 0 ? null : buffer(opened, plan.zeroedBytes());
            if (zeroed != null) {
                stream.fill(zeroed, (byte) 0);
            }
            List<Object> arguments = new ArrayList<>();
            a.sections().forEach(s -> arguments.add(filled(opened, s.bytes(), 0)));
            arguments.addAll(List.of(filled(opened, MemorySegment.ofArray(x), 0), y, a.m(), a.k(), n, ldx,
                    filled(opened, epilogue.bias(), misaligned), filled(opened, epilogue.residual(), misaligned),
                    plan.workspaceBytes() == 0 ? (Object) 0L : buffer(opened, plan.workspaceBytes()),
                    zeroed == null ? (Object) 0L : zeroed,
                    KernelCatalog.flags(epilogue.activation(), epilogue.output(), epilogue.accumulate())));
            arguments.addAll(KernelCatalog.lastParameters(a));
            LaunchConfig config = LaunchConfig
                    .of(Dim3.of(plan.gridX(), plan.gridY(), plan.gridZ()), Dim3.of(plan.threads()))
                    .withShared(plan.sharedBytes());
            MemorySegment result = null;
            boolean alike = true;
            for (int i = 0; i < launches && alike; i++) {
                if (held != null) {
                    y.upload(held);
                }
                module(plan.kernel()).kernel(plan.kernel().name()).launch(stream, config, arguments.toArray());
                stream.synchronize();
                MemorySegment again = MemorySegment.ofArray(new byte[(int) bytes]);
                y.download(again);
                alike = result == null || again.mismatch(result) < 0;
                result = again;
            }
            return result;
        } finally {
            closeAll(opened);
        }
    }

    private CudaModule module(KernelInstance kernel) {
        return modules.computeIfAbsent(kernel.resource(), r -> context.load(ptx.apply(kernel)));
    }

    private DeviceBuffer buffer(Deque<AutoCloseable> opened, long bytes) {
        DeviceBuffer buffer = context.allocate(bytes);
        opened.push(buffer);
        return buffer;
    }

    private Object filled(Deque<AutoCloseable> opened, MemorySegment bytes, int misaligned) {
        if (bytes == null) {
            return 0L;
        }
        DeviceBuffer buffer = buffer(opened, misaligned + bytes.byteSize()).slice(misaligned, bytes.byteSize());
        buffer.upload(bytes);
        return buffer;
    }

    /** After a fault each call fails, and what it was for is done all the same; the fault itself is on its way already. */
    private static void closeAll(Iterable<? extends AutoCloseable> opened) {
        for (AutoCloseable o : opened) {
            try {
                o.close();
            } catch (Exception e) {
                // Told by the launch.
            }
        }
    }

    @Override
    public void close() {
        List<AutoCloseable> all = new ArrayList<>(modules.values());
        all.add(context);
        closeAll(all);
    }
}
