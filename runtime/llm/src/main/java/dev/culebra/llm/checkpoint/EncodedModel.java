package dev.culebra.llm.checkpoint;

import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.sparse.SparseMatrix;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

import static dev.culebra.llm.checkpoint.CheckpointException.quote;

/**
 * A model whose products' weights are encoded, in a folder of its own: what {@code culebra encode} makes of a checkpoint, so that
 * loading is mapping. {@code runtime/llm/README.md} describes the folder.
 *
 * <p>
 * Opening holds the folder against its manifest: all files there and of their length, the dense tensors' and the configuration's
 * checksums right. A matrix's checksums and structure are checked when it is asked for.
 */
public final class EncodedModel implements ModelSource {
    /** The file that makes a folder an encoded model. */
    public static final String MANIFEST = Manifest.FILE;

    /** What is not a product's weights: embeddings, norms, biases, under names without prefix. */
    static final String REST = "rest.safetensors";

    /**
     * What the weights of all products together come to; a tied head counts like any other.
     *
     * @param products how many
     * @param formats how many of them are in each format; formats that none has are left out
     * @param elements their weights, zeros included
     * @param nonzeros their weights that are not zero
     * @param denseBytes what the weights take in the checkpoint
     * @param encodedBytes what their files take here
     */
    public record Summary(int products, Map<Format, Integer> formats, long elements, long nonzeros, long denseBytes,
            long encodedBytes) {
        /** Keeps its own copy of the map, in the order of the formats. */
        public Summary {
            formats = Collections.unmodifiableMap(new TreeMap<>(formats));
        }
    }

    private final Path folder;
    private final OptConfig config;
    private final OptTensors shape;
    private final Manifest manifest;
    private final TensorSet rest;

    private EncodedModel(Path folder, OptConfig config, OptTensors shape, Manifest manifest, TensorSet rest) {
        this.folder = folder;
        this.config = config;
        this.shape = shape;
        this.manifest = manifest;
        this.rest = rest;
    }

    /**
     * Opens an encoded model.
     *
     * @param folder the folder
     * @return the model; close it
     * @throws CheckpointException if it is no encoded model, of an unknown version, incomplete, damaged, or contradicts itself
     * @throws IOException if the system can not read it
     */
    public static EncodedModel open(Path folder) throws IOException {
        CheckpointFiles.checkFolder(folder);
        var manifest = Manifest.read(folder);
        for (var name : List.of(OptConfig.FILE, REST)) {
            if (!manifest.files().containsKey(name)) {
                throw new CheckpointException(folder.resolve(MANIFEST), "files lacks " + quote(name));
            }
        }
        for (var e : manifest.files().entrySet()) e.getValue().check(folder.resolve(e.getKey()));
        var config = OptConfig.read(folder.resolve(OptConfig.FILE));
        var shape = OptTensors.of(config);
        checkProducts(folder, manifest.products(), shape);
        var file = Safetensors.open(folder.resolve(REST));
        try {
            var rest = new TensorSet(folder.resolve(REST), restOf(shape), List.of(file));
            return new EncodedModel(folder, config, shape, manifest, rest);
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    private static void checkProducts(Path folder, Map<String, Manifest.Product> products, OptTensors shape)
            throws IOException {
        var manifest = folder.resolve(MANIFEST);
        for (var linear : shape.linears()) {
            var product = products.get(linear.name());
            if (product == null) {
                throw new CheckpointException(manifest,
                        "products lacks " + quote(linear.name()) + ", which config.json demands");
            }
            Manifest.checkLength(folder.resolve(Manifest.fileOf(linear.name())), product.bytes());
        }
        for (var name : products.keySet()) {
            if (shape.linears().stream().noneMatch(l -> l.name().equals(name))) {
                throw new CheckpointException(manifest, "products has " + quote(name) + ", which this model does not");
            }
        }
    }

    /** Everything but the products' weights. */
    static Map<String, OptTensors.Shape> restOf(OptTensors shape) {
        var rest = new LinkedHashMap<>(shape.expected());
        for (var linear : shape.linears()) rest.remove(linear.weight());
        return rest;
    }

    /**
     * Encodes a checkpoint into a folder, with the memory of one matrix at a time.
     *
     * @param source the checkpoint, opened from a folder
     * @param target the new folder; must not exist or be empty, and not lie in the source's
     * @param options how; progress counts the elements of all products together, up to {@link OptTensors#linearElements()}
     * @return what it came to
     * @throws CheckpointException if a weight is refused, or the place can not be written to; then nothing is left behind
     * @throws IOException if the system refuses; then nothing is left behind either
     */
    public static Summary write(Checkpoint source, Path target, EncodeOptions options) throws IOException {
        return new ModelEncoder(source, options).write(target);
    }

    @Override
    public Path folder() { return folder; }

    @Override
    public OptConfig config() { return config; }

    @Override
    public Optional<Tensor> find(String name) throws CheckpointException { return rest.find(name); }

    @Override
    public SparseMatrix matrix(String linear, EncodeOptions options) throws IOException {
        var product = product(linear);
        var file = folder.resolve(Manifest.fileOf(linear));
        Manifest.checkLength(file, product.bytes());
        var matrix = SparseMatrix.map(file);
        product.check(file, matrix);
        var expected = shape.linear(linear);
        if (matrix.m() != expected.m() || matrix.k() != expected.k()) {
            throw new CheckpointException(file,
                    "is [" + matrix.m() + ", " + matrix.k() + "], but config.json makes it ["
                            + expected.m() + ", " + expected.k() + "]");
        }
        return matrix;
    }

    @Override
    public long encodedBytes(String linear, FormatChoice format) throws IOException { return product(linear).bytes(); }

    @Override
    public long matrixBytes(String linear, FormatChoice format) throws IOException {
        product(linear);
        return 0;
    }

    private Manifest.Product product(String linear) throws CheckpointException {
        var product = manifest.products().get(linear);
        if (product == null) throw new CheckpointException(folder, "no product " + quote(linear) + " in this model");
        return product;
    }

    /**
     * What the model comes to, from its manifest.
     *
     * @return sums over all products
     */
    public Summary summary() { return summary(shape, manifest); }

    static Summary summary(OptTensors shape, Manifest manifest) {
        long nonzeros = 0;
        long dense = 0;
        long encoded = 0;
        var formats = new TreeMap<Format, Integer>();
        for (var linear : shape.linears()) {
            var product = manifest.products().get(linear.name());
            formats.merge(product.format(), 1, Integer::sum);
            nonzeros += product.nonzeros();
            dense += linear.elements() * product.source().bytes();
            encoded += product.bytes();
        }
        return new Summary(shape.linears().size(), formats, shape.linearElements(), nonzeros, dense, encoded);
    }

    @Override
    public void close() { rest.close(); }
}
