package dev.culebra.jmh.peer;

import static dev.culebra.jmh.peer.StatusFunction.INT;
import static dev.culebra.jmh.peer.StatusFunction.LONG;
import static dev.culebra.jmh.peer.StatusFunction.PTR;

import dev.culebra.driver.Context;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** cuBLASLt: the dense product, by the fastest of the algorithms that its heuristics propose. */
final class CublasLt implements GpuPeer {

    static final Places.Library LIBRARY = new Places.Library("cuBLASLt", "culebra.cublaslt", "libcublasLt.so",
            List.of(13, 12, 11), "nvidia-cublas");

    // Of cublas_api.h and cublasLt.h, whose numbers are part of the ABI.
    private static final int COMPUTE_32F = 68;
    private static final int OP_T = 1;
    private static final int DESC_TRANSA = 3;
    private static final int PREF_MAX_WORKSPACE_BYTES = 1;
    private static final int PREF_REDUCTION_SCHEME_MASK = 3;
    private static final int REDUCTION_IN_COMPUTE_TYPE = 2;
    private static final int PREF_MIN_ALIGNMENT_B_BYTES = 6;
    private static final int PREF_MIN_ALIGNMENT_C_BYTES = 7;
    private static final int PREF_MIN_ALIGNMENT_D_BYTES = 8;

    /** {@code cublasLtMatmulHeuristicResult_t}: algorithm 64, workspace 8, state 4, waves 4, reserved 16. */
    private static final long RESULT_BYTES = 96;
    private static final long ALGORITHM_BYTES = 64;
    private static final long RESULT_WORKSPACE = 64;
    private static final long RESULT_STATE = 72;

    /** {@code CUBLASLT_ALGO_CONFIG_…} that tell one algorithm from another, with their names here. */
    private static final Object[][] CONFIG = {{"algorithm", 0, 4}, {"tile", 1, 4}, {"stages", 6, 4}, {"cluster", 8, 2},
        {"split-k", 2, 4}, {"custom", 5, 4}};

    /** The heuristics of 13.1 propose 8 at most. */
    private static final int MOST_ALGORITHMS = 32;

    /** What split-K likes to have; PyTorch gives 32 MiB on Hopper. */
    private static final long WORKSPACE_BYTES = 64L << 20;

    private final Context context;
    private final String origin;
    private final String version;
    private final MemorySegment handle;
    private final Owned owned = new Owned();
    private final StatusFunction descCreate, descDestroy, descSet, layoutCreate, layoutDestroy, prefCreate, prefDestroy,
            prefSet, heuristic, check, configGet, matmul;

    CublasLt(SharedLibrary library, Context context) throws SharedLibrary.NotLoaded {
        this.context = context;
        this.origin = library.file();
        StatusFunction.Of functions = new StatusFunction.Of(library, "cublasLtGetStatusName");
        StatusFunction create = functions.of("cublasLtCreate", PTR);
        StatusFunction destroy = functions.of("cublasLtDestroy", PTR);
        descCreate = functions.of("cublasLtMatmulDescCreate", PTR, INT, INT);
        descDestroy = functions.of("cublasLtMatmulDescDestroy", PTR);
        descSet = functions.of("cublasLtMatmulDescSetAttribute", PTR, INT, PTR, LONG);
        layoutCreate = functions.of("cublasLtMatrixLayoutCreate", PTR, INT, LONG, LONG, LONG);
        layoutDestroy = functions.of("cublasLtMatrixLayoutDestroy", PTR);
        prefCreate = functions.of("cublasLtMatmulPreferenceCreate", PTR);
        prefDestroy = functions.of("cublasLtMatmulPreferenceDestroy", PTR);
        prefSet = functions.of("cublasLtMatmulPreferenceSetAttribute", PTR, INT, PTR, LONG);
        heuristic = functions.of("cublasLtMatmulAlgoGetHeuristic", PTR, PTR, PTR, PTR, PTR, PTR, PTR, INT, PTR, PTR);
        check = functions.of("cublasLtMatmulAlgoCheck", PTR, PTR, PTR, PTR, PTR, PTR, PTR, PTR);
        configGet = functions.of("cublasLtMatmulAlgoConfigGetAttribute", PTR, INT, PTR, LONG, PTR);
        matmul = functions.of("cublasLtMatmul", PTR, PTR, PTR, PTR, PTR, PTR, PTR, PTR, PTR, PTR, PTR, PTR, PTR, PTR,
                LONG,
                PTR);
        version = Scalars.version(functions.of("cublasLtGetProperty", INT, PTR));
        MemorySegment[] created = new MemorySegment[1];
        context.lend(() -> created[0] = create.make());
        handle = created[0];
        owned.then(() -> context.lend(() -> destroy.call(handle)));
    }

    @Override
    public String name() { return "cublaslt"; }

    @Override
    public String format() { return "dense"; }

    @Override
    public String version() { return version; }

    @Override
    public String origin() { return origin; }

    @Override
    public boolean takes(int m, int k, int n) { return m > 0 && k > 0 && n > 0; }

    @Override
    public PeerWeights load(MemorySegment dense, int m, int k, int copies, Stream stream) {
        Scalars.requireWeights(this, dense, m, k);
        Copies device = new Copies(stream, 2L * m * k, copies);
        try {
            device.upload(0, dense);
            device.spread();
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
        return new Weights(dense, m, k, device);
    }

    @Override
    public void close() { owned.close(); }

    private final class Weights implements PeerWeights {

        private final MemorySegment dense;
        private final int m;
        private final int k;
        private final Copies device;

        Weights(MemorySegment dense, int m, int k, Copies device) {
            this.dense = dense;
            this.m = m;
            this.k = k;
            this.device = device;
        }

        @Override
        public long bytes() { return 2L * m * k; }

        @Override
        public int copies() { return device.count(); }

        @Override
        public MemorySegment reference() { return dense; }

        @Override
        public PeerProduct prepare(DeviceBuffer x, int n, DeviceBuffer y) {
            Scalars.requireProduct(CublasLt.this, m, k, n, x.bytes(), y.bytes());
            Product product = new Product(device, x, y);
            try {
                context.lend(() -> product.describe(m, k, n));
                product.choose();
                return product;
            } catch (RuntimeException e) {
                product.close();
                throw e;
            }
        }

        @Override
        public void close() { device.close(); }
    }

    /**
     * In the library's column-major terms: our weights [M, K] are K x M and are transposed, x [N, K] is K x N, y [N, M] is
     * M x N.
     */
    private final class Product implements PeerProduct {

        private final Copies weights;
        private final DeviceBuffer x;
        private final DeviceBuffer y;
        private final Owned mine = new Owned();
        private final Arena arena = Arena.ofShared();
        private final DeviceBuffer workspace;
        private MemorySegment operation, aLayout, xLayout, yLayout;
        private final List<MemorySegment> proposals = new ArrayList<>();
        private Algorithm chosen;
        private String kernel;

        Product(Copies weights, DeviceBuffer x, DeviceBuffer y) {
            this.weights = weights;
            this.x = x;
            this.y = y;
            mine.then(arena::close);
            workspace = context.allocate(WORKSPACE_BYTES);
            mine.then(workspace::close);
        }

        void describe(int m, int k, int n) {
            operation = mine.made(descDestroy, descCreate, COMPUTE_32F, Scalars.R_32F);
            set(descSet, operation, DESC_TRANSA, arena.allocateFrom(INT, OP_T));
            aLayout = layout(k, m);
            xLayout = layout(k, n);
            yLayout = layout(m, n);
            MemorySegment preference = mine.made(prefDestroy, prefCreate);
            set(prefSet, preference, PREF_MAX_WORKSPACE_BYTES, arena.allocateFrom(LONG, WORKSPACE_BYTES));
            // Where K is split, parts are added in fp32. Its other two schemes add them in fp16, which is another product.
            set(prefSet, preference, PREF_REDUCTION_SCHEME_MASK, arena.allocateFrom(INT, REDUCTION_IN_COMPUTE_TYPE));
            set(prefSet, preference, PREF_MIN_ALIGNMENT_B_BYTES, alignment(x));
            set(prefSet, preference, PREF_MIN_ALIGNMENT_C_BYTES, alignment(y));
            set(prefSet, preference, PREF_MIN_ALIGNMENT_D_BYTES, alignment(y));
            propose(xLayout, yLayout, preference);
            // What it proposes for more columns is faster at times: on an H200 at 4096 x 4096 and N = 32, 12.2 us instead of
            // 12.9 (2026-11-20, cuBLASLt 13.1.0).
            for (int more = 2; more <= 4; more *= 2) propose(layout(k, more * n), layout(m, more * n), preference);
        }

        private MemorySegment layout(long rows, long columns) {
            return mine.made(layoutDestroy, layoutCreate, Scalars.R_16F, rows, columns, rows);
        }

        /** Adds what the heuristics propose for these sizes and what does for ours, too. */
        private void propose(MemorySegment xSize, MemorySegment ySize, MemorySegment preference) {
            MemorySegment results = arena.allocate(MOST_ALGORITHMS * RESULT_BYTES, 8);
            MemorySegment count = arena.allocate(INT);
            if (heuristic.status(handle, operation, aLayout, xSize, ySize, ySize, preference, MOST_ALGORITHMS, results,
                    count) != 0)
                return;
            MemorySegment checked = arena.allocate(RESULT_BYTES, 8);
            for (int i = 0; i < count.get(INT, 0); i++) {
                MemorySegment result = results.asSlice(i * RESULT_BYTES, RESULT_BYTES);
                MemorySegment algorithm = result.asSlice(0, ALGORITHM_BYTES);
                boolean known = proposals.stream().anyMatch(other -> other.mismatch(algorithm) < 0);
                if (!known && result.get(INT, RESULT_STATE) == 0
                        && check.status(handle, operation, aLayout, xLayout, yLayout, yLayout, algorithm, checked) == 0
                        && checked.get(LONG, RESULT_WORKSPACE) <= WORKSPACE_BYTES)
                    proposals.add(algorithm);
            }
        }

        private void set(StatusFunction setter, MemorySegment of, int attribute, MemorySegment value) {
            setter.call(of, attribute, value, value.byteSize());
        }

        private MemorySegment alignment(DeviceBuffer buffer) {
            return arena.allocateFrom(INT, (int) Math.min(256, Long.lowestOneBit(buffer.address())));
        }

        void choose() {
            try (var fastest = new Fastest<Algorithm>(weights.stream(), weights.count())) {
                for (MemorySegment proposal : proposals) fastest.offer(new Algorithm(proposal));
                chosen = fastest.take();
                kernel = describe(chosen.algorithm) + ", of " + fastest.ran();
            }
        }

        private String describe(MemorySegment algorithm) {
            StringBuilder text = new StringBuilder();
            for (Object[] one : CONFIG) {
                MemorySegment value = arena.allocate(8);
                int size = (int) one[2];
                // An attribute that this version does not know is not told.
                if (configGet.status(algorithm, one[1], value, (long) size, arena.allocate(LONG)) != 0) continue;
                text.append(text.isEmpty() ? "" : " ").append(one[0]).append(' ').append(value.get(INT, 0));
            }
            return text.toString();
        }

        @Override
        public String kernel() { return kernel; }

        @Override
        public void launch(int copy) { chosen.launch(copy); }

        @Override
        public void close() {
            weights.stream().synchronize();
            mine.close();
        }

        /** Its launches are made ready, one a copy, so that enqueuing one costs no more than the library's call. */
        private final class Algorithm implements Fastest.Way {

            private final MemorySegment algorithm;
            private final Runnable[] launches = new Runnable[weights.count()];

            Algorithm(MemorySegment algorithm) {
                this.algorithm = algorithm;
                MemorySegment stream = Scalars.pointer(weights.stream().handle());
                MemorySegment in = Scalars.pointer(x.address());
                MemorySegment out = Scalars.pointer(y.address());
                MemorySegment scratch = Scalars.pointer(workspace.address());
                for (int i = 0; i < launches.length; i++) {
                    MemorySegment a = Scalars.pointer(weights.address(i));
                    launches[i] = () -> {
                        int status;
                        try {
                            status = (int) matmul.exact().invokeExact(handle, operation, Scalars.ONE, a, aLayout, in,
                                    xLayout, Scalars.ZERO, out, yLayout, out, yLayout, algorithm, scratch,
                                    WORKSPACE_BYTES, stream);
                        } catch (Throwable e) {
                            throw new AssertionError("cublasLtMatmul takes these types", e);
                        }
                        matmul.check(status);
                    };
                }
            }

            @Override
            public void launch(int copy) { context.lend(launches[copy]); }

            @Override
            public void close() {
                // All of it is the product's.
            }
        }
    }
}
