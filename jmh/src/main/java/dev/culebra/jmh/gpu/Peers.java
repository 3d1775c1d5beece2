package dev.culebra.jmh.gpu;

import dev.culebra.driver.CudaException;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Stream;
import dev.culebra.jmh.gpu.ProductTimes.Label;
import dev.culebra.jmh.peer.GpuPeer;
import dev.culebra.jmh.peer.GpuPeers;
import dev.culebra.jmh.peer.PeerException;
import dev.culebra.jmh.peer.PeerProduct;
import dev.culebra.jmh.peer.PeerWeights;
import dev.culebra.jmh.run.Recorder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The libraries beside us, timed and checked as our own products are. One that fails or errs is told of and left out. One thread. */
final class Peers {

    /** cuSPARSE takes up to milliseconds a product, and memory: a few products show how it does. A plan without any of these has one. */
    private static final List<String> CUSPARSE_SHAPES = List.of("7168x7168", "28672x7168");

    private static final List<Integer> CUSPARSE_TOKENS = List.of(8, 32);
    private static final List<Double> CUSPARSE_SPARSITIES = List.of(0.7, 0.9);

    private final GpuPlan plan;
    private final GpuPeers.Found found;
    private final Stream stream;
    private final long l2Bytes;
    private final Recorder recorder;
    private final List<String> cusparseShapes;
    private final List<Integer> cusparseTokens;
    private final List<Double> cusparseSparsities;
    private final Map<String, Integer> notTaken = new TreeMap<>(); // products, by library

    Peers(GpuPlan plan, GpuPeers.Found found, Stream stream, long l2Bytes, Recorder recorder) {
        this.plan = plan;
        this.found = found;
        this.stream = stream;
        this.l2Bytes = l2Bytes;
        this.recorder = recorder;
        List<String> shapes = plan.shapes().stream().map(GpuPlan.Layer::toString).toList();
        cusparseShapes = few(shapes, CUSPARSE_SHAPES, shapes.getFirst());
        cusparseTokens = few(Arrays.stream(plan.tokens()).boxed().toList(), CUSPARSE_TOKENS, plan.mostTokens());
        List<Double> sparsities = Arrays.stream(plan.sparsities()).boxed().toList();
        cusparseSparsities = few(sparsities, CUSPARSE_SPARSITIES, sparsities.getLast());
        for (GpuPeers.Missing missing : found.missing()) {
            if (plan.peers().contains(missing.name())) {
                recorder.skipped(missing.name(), missing.why());
            }
        }
    }

    private static <T> List<T> few(List<T> planned, List<T> wanted, T otherwise) {
        List<T> few = planned.stream().filter(wanted::contains).toList();
        return few.isEmpty() ? List.of(otherwise) : few;
    }

    /** Dense products. */
    void cublaslt(Operands operands, SampledReference reference, ProductTimes times) {
        measure("cublaslt", null, 2L * operands.layer.m() * operands.layer.k(), operands, reference, times);
    }

    /** Two of four weights: 1 byte a weight, and 2 bits for each that is kept. */
    void cusparselt(Operands operands, SampledReference reference, ProductTimes times) {
        measure("cusparselt", 0.5, 9L * operands.layer.m() * operands.layer.k() / 8, operands, reference, times);
    }

    /** Any weights, a few of the products. A nonzero takes 2 bytes and 4 for its column. */
    void cusparse(double sparsity, Operands operands, SampledReference reference, ProductTimes times) {
        if (cusparseShapes.contains(operands.layer.toString()) && cusparseSparsities.contains(sparsity)) {
            // a twentieth less: nonzeros are drawn
            long bytes = (long) (0.95 * (1 - sparsity) * 6 * operands.layer.m() * operands.layer.k());
            measure("cusparse", sparsity, bytes, operands, reference, times);
        }
    }

    /** Where the library is here and was asked for; bytes are what a copy has at least. */
    private void measure(String name, Double sparsity, long bytes, Operands operands, SampledReference reference,
            ProductTimes times) {
        GpuPlan.Layer layer = operands.layer;
        for (GpuPeer peer : found.peers()) {
            if (!peer.name().equals(name) || !plan.peers().contains(name)) {
                continue;
            }
            int[] tokens = Arrays.stream(plan.tokens()).filter(n -> wanted(name, n))
                    .filter(n -> taken(peer, operands, n)).toArray();
            if (tokens.length == 0) {
                continue;
            }
            Label label = new Label(name, peer.format(), sparsity);
            int copies = Math.max(1, GpuPlan.copies(bytes, l2Bytes));
            try (PeerWeights weights = peer.load(operands.dense, layer.m(), layer.k(), copies, stream)) {
                SampledReference right = weights.reference() == operands.dense
                        ? reference
                        : operands.reference(weights.reference());
                for (int n : tokens) {
                    measure(peer, weights, n, label, operands, right, times);
                }
            } catch (PeerException | CudaException e) { // such as too little memory; where the context is lost, the next product of ours tells
                recorder.skipped(label + " " + layer, e.getMessage());
            }
        }
    }

    private boolean wanted(String name, int n) { return !name.equals("cusparse") || cusparseTokens.contains(n); }

    /** Libraries have activations without gaps. */
    private boolean taken(GpuPeer peer, Operands operands, int n) {
        GpuPlan.Layer layer = operands.layer;
        boolean taken = operands.ldx == layer.k() && peer.takes(layer.m(), layer.k(), n);
        if (!taken) {
            notTaken.merge(peer.name(), 1, Integer::sum);
        }
        return taken;
    }

    private void measure(GpuPeer peer, PeerWeights weights, int n, Label label, Operands operands,
            SampledReference reference, ProductTimes times) {
        try (PeerProduct product = weights.prepare(operands.x, n, operands.y)) {
            times.measure(new Product(peer, weights, product), n, label, reference);
        } catch (PeerException | CudaException | WrongResultException e) {
            recorder.skipped(label + " " + operands.layer + "x" + n, e.getMessage());
        }
    }

    void tellWhatIsMissing() {
        notTaken.forEach((name, count) -> recorder.skipped(name + " at some sizes",
                "the library does not take " + count + " of the products"));
        boolean cusparse = found.peers().stream().anyMatch(peer -> peer.name().equals("cusparse"));
        int products = plan.shapes().size() * plan.tokens().length * plan.sparsities().length;
        int few = cusparseShapes.size() * cusparseTokens.size() * cusparseSparsities.size();
        if (cusparse && plan.peers().contains("cusparse") && few < products) {
            recorder.skipped("cusparse elsewhere",
                    "it takes up to milliseconds, so it is timed on " + and(cusparseShapes)
                            + " with " + and(cusparseTokens) + " tokens at "
                            + and(cusparseSparsities.stream().map(s -> Math.round(s * 100)).toList()) + "% alone");
        }
    }

    private static String and(List<?> some) {
        return some.stream().map(String::valueOf).collect(Collectors.joining(" and "));
    }

    /** As the others see a product; what it works on was bound when it was prepared. */
    private record Product(GpuPeer peer, PeerWeights weights, PeerProduct product) implements DeviceProduct {

        @Override
        public String kernel() { return peer.version() + ": " + product.kernel(); }

        @Override
        public long bytes() { return weights.bytes(); }

        @Override
        public int copies() { return weights.copies(); }

        @Override
        public boolean halfResult() { return true; }

        @Override
        public void launch(Stream stream, int copy, DeviceBuffer x, DeviceBuffer y) { product.launch(copy); }

        @Override
        public void close() { product.close(); }
    }
}
