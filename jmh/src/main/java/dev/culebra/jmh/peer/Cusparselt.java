package dev.culebra.jmh.peer;

import static dev.culebra.jmh.peer.StatusFunction.INT;
import static dev.culebra.jmh.peer.StatusFunction.LONG;
import static dev.culebra.jmh.peer.StatusFunction.PTR;

import dev.culebra.driver.Context;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * cuSPARSELt: weights of which two of four neighbours are zero, which is another matrix than the one that was given, by what
 * its own search takes.
 *
 * <p>
 * Compressing leaves something in the plan that multiplying needs. On an H200 (2026-11-20, version 0.8.0) a search with another
 * plan than the weights were compressed with ended in an illegal instruction, which takes the context along; of eleven
 * differences to a program that worked, tried one by one, this one alone mattered. So each plan compresses for itself, and the
 * dense weights stay on the device for that.
 */
final class Cusparselt implements GpuPeer {

    static final Places.Library LIBRARY = new Places.Library("cuSPARSELt", "culebra.cusparselt", "libcusparseLt.so",
            List.of(0), "nvidia-cusparselt-cu13 (or -cu12)");

    // Of cusparse.h and cusparseLt.h from 0.6 on; older ones number the compute types otherwise.
    private static final int ORDER_COL = 1;
    private static final int ORDER_ROW = 2;
    private static final int OP_N = 0;
    private static final int SPARSITY_50_PERCENT = 0;
    private static final int COMPUTE_32F = 2;
    private static final String ALG_DESTROY = "cusparseLtMatmulAlgSelectionDestroy";
    private static final int ALG_DEFAULT = 0;
    private static final int ALG_CONFIG_ID = 0;
    private static final int ALG_CONFIG_MAX_ID = 1;
    private static final int ALG_SPLIT_K = 3;
    private static final int ALG_SPLIT_K_MODE = 4;

    /** Of the opaque structs: 512 in 0.8, 1024 in 0.6, 11024 in the oldest. */
    private static final long STRUCT_BYTES = 16384;
    private static final int ALIGNMENT = 16;

    /** The library's search times each algorithm a few times on one copy, so one in a while is misled. */
    private static final int SEARCHES = 3;

    /** For the search, which may split K. */
    private static final long SEARCH_WORKSPACE_BYTES = 64L << 20;

    private final Context context;
    private final String origin;
    private final String version;
    private final MemorySegment handle = struct(Arena.ofAuto());
    private final Owned owned = new Owned();
    private final StatusFunction denseInit, structuredInit, matDestroy, matmulInit, algInit, algDestroy, algGet,
            planInit, planDestroy, workspace, compressedSize, compress, search, matmul;

    Cusparselt(SharedLibrary library, Context context) throws SharedLibrary.NotLoaded {
        this.context = context;
        this.origin = library.file();
        StatusFunction.Of functions = new StatusFunction.Of(library, "cusparseLtGetErrorName");
        StatusFunction init = functions.of("cusparseLtInit", PTR);
        StatusFunction destroy = functions.of("cusparseLtDestroy", PTR);
        denseInit = functions.of("cusparseLtDenseDescriptorInit", PTR, PTR, LONG, LONG, LONG, INT, INT, INT);
        structuredInit = functions.of("cusparseLtStructuredDescriptorInit", PTR, PTR, LONG, LONG, LONG, INT, INT, INT,
                INT);
        matDestroy = functions.of("cusparseLtMatDescriptorDestroy", PTR);
        matmulInit = functions.of("cusparseLtMatmulDescriptorInit", PTR, PTR, INT, INT, PTR, PTR, PTR, PTR, INT);
        algInit = functions.of("cusparseLtMatmulAlgSelectionInit", PTR, PTR, PTR, INT);
        // New in 0.8, as are its status names; older ones have nothing to give back there.
        algDestroy = library.has(ALG_DESTROY) ? functions.of(ALG_DESTROY, PTR) : null;
        algGet = functions.of("cusparseLtMatmulAlgGetAttribute", PTR, PTR, INT, PTR, LONG);
        planInit = functions.of("cusparseLtMatmulPlanInit", PTR, PTR, PTR, PTR);
        planDestroy = functions.of("cusparseLtMatmulPlanDestroy", PTR);
        workspace = functions.of("cusparseLtMatmulGetWorkspace", PTR, PTR, PTR);
        compressedSize = functions.of("cusparseLtSpMMACompressedSize", PTR, PTR, PTR, PTR);
        compress = functions.of("cusparseLtSpMMACompress", PTR, PTR, PTR, PTR, PTR, PTR);
        search = functions.of("cusparseLtMatmulSearch", PTR, PTR, PTR, PTR, PTR, PTR, PTR, PTR, PTR, PTR, INT);
        matmul = functions.of("cusparseLtMatmul", PTR, PTR, PTR, PTR, PTR, PTR, PTR, PTR, PTR, PTR, INT);
        version = Scalars.version(functions.of("cusparseLtGetProperty", INT, PTR));
        if (version.matches("0\\.[0-5]\\..*")) {
            throw new PeerException("its version is " + version + "; 0.6 or newer is needed");
        }
        context.lend(() -> init.call(handle));
        owned.then(() -> context.lend(() -> destroy.call(handle)));
    }

    private static MemorySegment struct(Arena arena) { return arena.allocate(STRUCT_BYTES, ALIGNMENT); }

    @Override
    public String name() { return "cusparselt"; }

    @Override
    public String format() { return "2:4"; }

    @Override
    public String version() { return version; }

    @Override
    public String origin() { return origin; }

    /** 16-byte rows: the structured matrix in multiples of 16, dense ones of 8. */
    @Override
    public boolean takes(int m, int k, int n) {
        return m > 0 && k > 0 && n > 0 && m % 16 == 0 && k % 16 == 0 && n % 8 == 0;
    }

    @Override
    public PeerWeights load(MemorySegment dense, int m, int k, int copies, Stream stream) {
        Scalars.requireWeights(this, dense, m, k);
        int anyN = 64; // what is compressed does not depend on N, but the library asks for a whole product
        if (!takes(m, k, anyN)) {
            throw new IllegalArgumentException("cusparselt takes M and K in multiples of 16, got " + m + " and " + k);
        }
        MemorySegment pruned = TwoOfFour.prune(dense);
        DeviceBuffer whole = context.allocate(pruned.byteSize());
        Copies[] made = new Copies[1];
        try (Plan plan = new Plan(m, k, anyN)) {
            whole.upload(pruned);
            context.lend(() -> {
                plan.init();
                made[0] = new Copies(stream, plan.compressedBytes(), copies);
                plan.compress(whole, made[0]);
                made[0].spread();
            });
            return new Weights(pruned, m, k, plan.compressedBytes(), whole, made[0]);
        } catch (RuntimeException e) {
            if (made[0] != null) made[0].close();
            whole.close();
            throw e;
        }
    }

    @Override
    public void close() { owned.close(); }

    private final class Weights implements PeerWeights {

        private final MemorySegment pruned;
        private final int m;
        private final int k;
        private final long bytes;
        private final DeviceBuffer whole;
        private final Copies device;

        Weights(MemorySegment pruned, int m, int k, long bytes, DeviceBuffer whole, Copies device) {
            this.pruned = pruned;
            this.m = m;
            this.k = k;
            this.bytes = bytes;
            this.whole = whole;
            this.device = device;
        }

        @Override
        public long bytes() { return bytes; }

        @Override
        public int copies() { return device.count(); }

        @Override
        public MemorySegment reference() { return pruned; }

        @Override
        public PeerProduct prepare(DeviceBuffer x, int n, DeviceBuffer y) {
            Scalars.requireProduct(Cusparselt.this, m, k, n, x.bytes(), y.bytes());
            try (var fastest = new Fastest<Product>(device.stream(), device.count())) {
                for (int i = 0; i < SEARCHES; i++) {
                    Product product = new Product(this, n);
                    RuntimeException[] refusal = new RuntimeException[1];
                    context.lend(() -> {
                        try {
                            product.describe(x, y);
                        } catch (PeerException | CudaException e) {
                            refusal[0] = e;
                        }
                    });
                    if (refusal[0] == null) fastest.offer(product);
                    else fastest.refuse(product, refusal[0]);
                }
                return fastest.take();
            }
        }

        @Override
        public void close() {
            device.close(); // waits for the stream
            whole.close();
        }
    }

    /** The descriptors of one product. In the library's terms weights are M x K in rows, x K x N and y M x N in columns. */
    private final class Plan implements AutoCloseable {

        final Arena memory = Arena.ofShared();
        final Owned mine = new Owned();
        final MemorySegment selection = struct(memory);
        final MemorySegment plan = struct(memory);
        private final int m;
        private final int k;
        private final int n;

        Plan(int m, int k, int n) {
            this.m = m;
            this.k = k;
            this.n = n;
            mine.then(memory::close);
        }

        void init() {
            MemorySegment a = struct(memory), x = struct(memory), y = struct(memory), product = struct(memory);
            structuredInit.call(handle, a, (long) m, (long) k, (long) k, ALIGNMENT, Scalars.R_16F, ORDER_ROW,
                    SPARSITY_50_PERCENT);
            mine.then(() -> matDestroy.call(a));
            denseInit.call(handle, x, (long) k, (long) n, (long) k, ALIGNMENT, Scalars.R_16F, ORDER_COL);
            mine.then(() -> matDestroy.call(x));
            denseInit.call(handle, y, (long) m, (long) n, (long) m, ALIGNMENT, Scalars.R_16F, ORDER_COL);
            mine.then(() -> matDestroy.call(y));
            matmulInit.call(handle, product, OP_N, OP_N, a, x, y, y, COMPUTE_32F);
            algInit.call(handle, selection, product, ALG_DEFAULT);
            if (algDestroy != null) mine.then(() -> algDestroy.call(selection));
            planInit.call(handle, plan, product, selection);
            mine.then(() -> planDestroy.call(plan));
        }

        long compressedBytes() { return compressedSizes().getAtIndex(LONG, 0); }

        private MemorySegment compressedSizes() {
            MemorySegment sizes = memory.allocate(LONG, 2); // of the compressed matrix, and of what compressing needs
            compressedSize.call(handle, plan, sizes, sizes.asSlice(8));
            return sizes;
        }

        /** Into the first copy, always the same bytes. When it returns it is done. */
        void compress(DeviceBuffer whole, Copies to) {
            try (DeviceBuffer scratch = context.allocate(Math.max(compressedSizes().getAtIndex(LONG, 1), 1))) {
                compress.call(handle, plan, Scalars.pointer(whole.address()), Scalars.pointer(to.address(0)),
                        Scalars.pointer(scratch.address()), Scalars.pointer(to.stream().handle()));
                to.stream().synchronize();
            }
        }

        int get(int attribute) {
            MemorySegment value = memory.allocate(INT);
            return algGet.status(handle, selection, attribute, value, 4L) == 0 ? value.get(INT, 0) : 0;
        }

        @Override
        public void close() { mine.close(); }
    }

    private final class Product implements PeerProduct, Fastest.Way {

        private final Weights weights;
        private final Plan plan;
        private final Runnable[] launches;
        private String kernel;

        Product(Weights weights, int n) {
            this.weights = weights;
            this.plan = new Plan(weights.m, weights.k, n);
            launches = new Runnable[weights.copies()];
        }

        /** Makes all ready, by the library's own search. */
        void describe(DeviceBuffer x, DeviceBuffer y) {
            plan.init();
            plan.compress(weights.whole, weights.device);
            MemorySegment streams = plan.memory.allocate(PTR);
            streams.set(ValueLayout.ADDRESS, 0, Scalars.pointer(weights.device.stream().handle()));
            MemorySegment in = Scalars.pointer(x.address());
            MemorySegment out = Scalars.pointer(y.address());
            try (DeviceBuffer scratch = context.allocate(SEARCH_WORKSPACE_BYTES)) {
                search.call(handle, plan.plan, Scalars.ONE, Scalars.pointer(weights.device.address(0)), in,
                        Scalars.ZERO, out,
                        out, Scalars.pointer(scratch.address()), streams, 1);
                weights.device.stream().synchronize();
            }
            kernel = "algorithm " + plan.get(ALG_CONFIG_ID) + " split-k " + plan.get(ALG_SPLIT_K) + " mode "
                    + plan.get(ALG_SPLIT_K_MODE) + ", searched of " + plan.get(ALG_CONFIG_MAX_ID);
            MemorySegment size = plan.memory.allocate(LONG);
            workspace.call(handle, plan.plan, size);
            DeviceBuffer scratch = context.allocate(Math.max(size.get(LONG, 0), 1));
            plan.mine.then(scratch::close);
            for (int i = 0; i < launches.length; i++) {
                launches[i] = launch(Scalars.pointer(weights.device.address(i)), in, out,
                        Scalars.pointer(scratch.address()), streams);
            }
        }

        private Runnable launch(MemorySegment a, MemorySegment in, MemorySegment out, MemorySegment scratch,
                MemorySegment streams) {
            return () -> {
                int status;
                try {
                    status = (int) matmul.exact().invokeExact(handle, plan.plan, Scalars.ONE, a, in, Scalars.ZERO, out,
                            out,
                            scratch, streams, 1);
                } catch (Throwable e) {
                    throw new AssertionError("cusparseLtMatmul takes these types", e);
                }
                matmul.check(status);
            };
        }

        @Override
        public String kernel() { return kernel; }

        @Override
        public void launch(int copy) { context.lend(launches[copy]); }

        @Override
        public void close() {
            weights.device.stream().synchronize();
            plan.close();
        }
    }
}
