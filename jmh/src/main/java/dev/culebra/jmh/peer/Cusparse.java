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
 * cuSPARSE: CSR with 32-bit indices, by the fastest of its algorithms, each after its preprocessing.
 *
 * <p>
 * It likes activations in rows, [K, N] and [M, N], far better than the [N, K] and [N, M] that models have: on an H200
 * (2026-11-20, 12.6.3, CSR_ALG3, 28672 x 7168 with 80% zeros, the least of three) its product took 287 us with x alone in rows
 * instead of 545 at N = 8, and with both 513 instead of 2149 at N = 32 and 982 instead of 8322 at N = 128. So turning them
 * around is among the ways that are tried, as a part of the product.
 */
final class Cusparse implements GpuPeer {

    static final Places.Library LIBRARY = new Places.Library("cuSPARSE", "culebra.cusparse", "libcusparse.so",
            List.of(12, 11), "nvidia-cusparse");

    // Of cusparse.h, whose numbers are part of the ABI.
    private static final int INDEX_32I = 2;
    private static final int BASE_ZERO = 0;
    private static final int ORDER_COL = 1;
    private static final int ORDER_ROW = 2;
    private static final int OP_N = 0;
    private static final int OP_T = 1;

    /**
     * {@code CUSPARSE_SPMM_…}, first the one that most often wins, so that the others need not be timed for long. CSR_ALG2 is not among them: on an H200 its results, of cuSPARSE 12.6.3, were off by up to
     * 5 times half a unit in the last place of fp16, so it does not sum in fp32 all the way.
     */
    private enum Algorithm {
        CSR_ALG3(12), CSR_ALG1(4), ALG_DEFAULT(0);

        final int number;

        Algorithm(int number) { this.number = number; }
    }

    /** How x [N, K] and y [N, M] are made the library's K x N and M x N. */
    private enum Layout {
        COLUMNS("x and y as columns"), TRANSPOSED("x transposed by the library, y as columns"), X_IN_ROWS(
                "x turned into rows, y as columns"),
        IN_ROWS("x and y turned into rows");

        final String text;

        Layout(String text) { this.text = text; }

        boolean turnsX() { return this == X_IN_ROWS || this == IN_ROWS; }

        boolean turnsY() { return this == IN_ROWS; }
    }

    private final Context context;
    private final String origin;
    private final String version;
    private final MemorySegment handle;
    private final HalfTranspose transpose;
    private final Owned owned = new Owned();
    private final StatusFunction setStream, csrCreate, csrDestroy, denseCreate, denseDestroy, bufferSize, preprocess,
            multiply;

    Cusparse(SharedLibrary library, Context context) throws SharedLibrary.NotLoaded {
        this.context = context;
        this.origin = library.file();
        StatusFunction.Of functions = new StatusFunction.Of(library, "cusparseGetErrorName");
        StatusFunction create = functions.of("cusparseCreate", PTR);
        StatusFunction destroy = functions.of("cusparseDestroy", PTR);
        setStream = functions.of("cusparseSetStream", PTR, PTR);
        csrCreate = functions.of("cusparseCreateCsr", PTR, LONG, LONG, LONG, PTR, PTR, PTR, INT, INT, INT, INT);
        csrDestroy = functions.of("cusparseDestroySpMat", PTR);
        denseCreate = functions.of("cusparseCreateDnMat", PTR, LONG, LONG, LONG, PTR, INT, INT);
        denseDestroy = functions.of("cusparseDestroyDnMat", PTR);
        bufferSize = functions.of("cusparseSpMM_bufferSize", PTR, INT, INT, PTR, PTR, PTR, PTR, PTR, INT, INT, PTR);
        preprocess = functions.of("cusparseSpMM_preprocess", PTR, INT, INT, PTR, PTR, PTR, PTR, PTR, INT, INT, PTR);
        multiply = functions.of("cusparseSpMM", PTR, INT, INT, PTR, PTR, PTR, PTR, PTR, INT, INT, PTR);
        version = Scalars.version(functions.of("cusparseGetProperty", INT, PTR));
        MemorySegment[] created = new MemorySegment[1];
        context.lend(() -> created[0] = create.make());
        handle = created[0];
        owned.then(() -> context.lend(() -> destroy.call(handle)));
        try {
            transpose = new HalfTranspose(context);
        } catch (RuntimeException e) {
            owned.close();
            throw e;
        }
        owned.then(transpose::close);
    }

    @Override
    public String name() { return "cusparse"; }

    @Override
    public String format() { return "csr"; }

    @Override
    public String version() { return version; }

    @Override
    public String origin() { return origin; }

    @Override
    public boolean takes(int m, int k, int n) { return m > 0 && k > 0 && n > 0; }

    @Override
    public PeerWeights load(MemorySegment dense, int m, int k, int copies, Stream stream) {
        Scalars.requireWeights(this, dense, m, k);
        try (Arena arena = Arena.ofConfined()) {
            Csr csr = Csr.of(dense, m, k, arena);
            long columns = aligned(csr.values().byteSize());
            long offsets = columns + aligned(csr.columns().byteSize());
            Copies device = new Copies(stream, offsets + csr.offsets().byteSize(), copies);
            try {
                device.upload(0, csr.values());
                device.upload(columns, csr.columns());
                device.upload(offsets, csr.offsets());
                device.spread();
            } catch (RuntimeException e) {
                device.close();
                throw e;
            }
            return new Weights(dense, m, k, csr.nonzeros(), columns, offsets, device);
        }
    }

    /** Each array begins as one of its own allocation would. */
    private static long aligned(long bytes) {
        return Math.ceilDiv(bytes, 256) * 256;
    }

    @Override
    public void close() { owned.close(); }

    private final class Weights implements PeerWeights {

        private final MemorySegment dense;
        private final int m;
        private final int k;
        private final int nonzeros;
        private final long columns;
        private final long offsets;
        private final Copies device;

        Weights(MemorySegment dense, int m, int k, int nonzeros, long columns, long offsets, Copies device) {
            this.dense = dense;
            this.m = m;
            this.k = k;
            this.nonzeros = nonzeros;
            this.columns = columns;
            this.offsets = offsets;
            this.device = device;
        }

        @Override
        public long bytes() { return (2L + 4) * nonzeros + 4L * (m + 1L); }

        @Override
        public int copies() { return device.count(); }

        @Override
        public MemorySegment reference() { return dense; }

        @Override
        public PeerProduct prepare(DeviceBuffer x, int n, DeviceBuffer y) {
            Scalars.requireProduct(Cusparse.this, m, k, n, x.bytes(), y.bytes());
            try (var fastest = new Fastest<Product>(device.stream(), device.count())) {
                for (Algorithm algorithm : Algorithm.values()) {
                    for (Layout layout : Layout.values()) {
                        if (n == 1 && layout != Layout.COLUMNS) continue; // one column is one row
                        Product product = new Product(this, algorithm, layout);
                        RuntimeException refusal = product.describe(x, n, y);
                        if (refusal == null) fastest.offer(product);
                        else fastest.refuse(product, refusal);
                    }
                }
                return fastest.take();
            }
        }

        @Override
        public void close() { device.close(); }
    }

    /**
     * One algorithm with one layout. A matrix's descriptor remembers what was found out by preprocessing, so each product has
     * its own.
     */
    private final class Product implements PeerProduct, Fastest.Way {

        private final Weights weights;
        private final Algorithm algorithm;
        private final Layout layout;
        private final Owned mine = new Owned();
        private final Runnable[] launches;
        private Runnable before = () -> {};
        private Runnable after = () -> {};

        Product(Weights weights, Algorithm algorithm, Layout layout) {
            this.weights = weights;
            this.algorithm = algorithm;
            this.layout = layout;
            launches = new Runnable[weights.copies()];
        }

        /** Makes all ready, or tells why the library would not. */
        RuntimeException describe(DeviceBuffer x, int n, DeviceBuffer y) {
            RuntimeException[] refusal = new RuntimeException[1];
            context.lend(() -> {
                try {
                    describe(x.address(), n, y.address());
                } catch (PeerException | CudaException e) {
                    refusal[0] = e;
                }
            });
            return refusal[0];
        }

        private void describe(long x, int n, long y) {
            int m = weights.m, k = weights.k;
            Stream stream = weights.device.stream();
            long xHere = layout.turnsX() ? allocate(2L * n * k) : x;
            long yHere = layout.turnsY() ? allocate(2L * n * m) : y;
            if (layout.turnsX()) before = transpose.of(stream, x, n, k, xHere);
            if (layout.turnsY()) after = transpose.of(stream, yHere, m, n, y);
            MemorySegment in = layout == Layout.TRANSPOSED
                    ? dense(n, k, x, ORDER_ROW)
                    : dense(k, n, xHere, layout.turnsX() ? ORDER_ROW : ORDER_COL);
            MemorySegment out = dense(m, n, yHere, layout.turnsY() ? ORDER_ROW : ORDER_COL);
            setStream();
            for (int i = 0; i < launches.length; i++) launches[i] = launch(i, in, out);
        }

        /** A dense matrix without gaps. */
        private MemorySegment dense(int rows, int columns, long address, int order) {
            return mine.made(denseDestroy, denseCreate, (long) rows, (long) columns,
                    (long) (order == ORDER_COL ? rows : columns), Scalars.pointer(address), Scalars.R_16F, order);
        }

        private long allocate(long bytes) {
            DeviceBuffer buffer = context.allocate(Math.max(bytes, 1));
            mine.then(buffer::close);
            return buffer.address();
        }

        private void setStream() { setStream.call(handle, Scalars.pointer(weights.device.stream().handle())); }

        private Runnable launch(int copy, MemorySegment in, MemorySegment out) {
            long base = weights.device.address(copy);
            MemorySegment sparse = mine.made(csrDestroy, csrCreate, (long) weights.m, (long) weights.k,
                    (long) weights.nonzeros, Scalars.pointer(base + weights.offsets),
                    Scalars.pointer(base + weights.columns), Scalars.pointer(base), INDEX_32I, INDEX_32I, BASE_ZERO,
                    Scalars.R_16F);
            int number = algorithm.number;
            int opIn = layout == Layout.TRANSPOSED ? OP_T : OP_N;
            MemorySegment buffer = Scalars.pointer(buffer(sparse, in, out, opIn));
            preprocess.call(handle, OP_N, opIn, Scalars.ONE, sparse, in, Scalars.ZERO, out, Scalars.R_32F, number,
                    buffer);
            MemorySegment stream = Scalars.pointer(weights.device.stream().handle());
            return () -> {
                int status;
                try {
                    // The handle serves weights of other streams, too.
                    setStream.check((int) setStream.exact().invokeExact(handle, stream));
                    status = (int) multiply.exact().invokeExact(handle, OP_N, opIn, Scalars.ONE, sparse, in,
                            Scalars.ZERO,
                            out, Scalars.R_32F, number, buffer);
                } catch (PeerException e) {
                    throw e;
                } catch (Throwable e) {
                    throw new AssertionError("cusparseSpMM takes these types", e);
                }
                multiply.check(status);
            };
        }

        private long buffer(MemorySegment sparse, MemorySegment in, MemorySegment out, int opIn) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
                bufferSize.call(handle, OP_N, opIn, Scalars.ONE, sparse, in, Scalars.ZERO, out, Scalars.R_32F,
                        algorithm.number, size);
                return allocate(size.get(ValueLayout.JAVA_LONG, 0));
            }
        }

        @Override
        public String kernel() { return algorithm + ", " + layout.text; }

        @Override
        public void launch(int copy) {
            before.run();
            context.lend(launches[copy]);
            after.run();
        }

        @Override
        public void close() {
            weights.device.stream().synchronize();
            mine.close();
        }
    }
}
