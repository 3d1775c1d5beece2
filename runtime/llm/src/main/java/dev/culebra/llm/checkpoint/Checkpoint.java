package dev.culebra.llm.checkpoint;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

import static dev.culebra.llm.checkpoint.CheckpointException.quote;

/**
 * An OPT checkpoint in Hugging Face's layout: {@code config.json} beside {@code model.safetensors}, or beside several shards and
 * their index. Files are mapped: opening costs headers alone. Names may begin with {@code model.decoder.}, {@code decoder.} or
 * neither. A tied model may repeat its embedding as {@code lm_head.weight}.
 */
public final class Checkpoint implements ModelSource {
    private final Path folder;
    private final OptConfig config;
    private final OptTensors shape;
    private final TensorSet tensors;

    private Checkpoint(Path folder, OptConfig config, TensorSet tensors, OptTensors shape) {
        this.folder = folder;
        this.config = config;
        this.shape = shape;
        this.tensors = tensors;
    }

    /**
     * Opens a checkpoint and holds its tensors against its configuration: names, shapes and types.
     *
     * @param folder a folder
     * @return the checkpoint; close it
     * @throws CheckpointException if the folder is no such checkpoint, or contradicts itself; the message says what and where, and
     *         what to do with other kinds of files
     * @throws IOException if the system can not read it
     */
    public static Checkpoint open(Path folder) throws IOException {
        CheckpointFiles.checkFolder(folder);
        var file = folder.resolve(OptConfig.FILE);
        // What model it is comes first, but where that is not said the folder's other files tell more.
        var config = Files.exists(file) ? OptConfig.read(file) : null;
        var files = CheckpointFiles.open(folder);
        try {
            return of(folder, config == null ? OptConfig.read(file) : config, files);
        } catch (Throwable e) {
            files.forEach(Safetensors::close);
            throw e;
        }
    }

    /**
     * A checkpoint of files that are open already, such as those that came with a program, under the same rules.
     *
     * @param config the configuration
     * @param files all tensors' files; the checkpoint's from now on, which closes them
     * @return the checkpoint; close it
     * @throws CheckpointException if they contradict each other; then the files are still the caller's
     */
    public static Checkpoint of(OptConfig config, List<Safetensors> files) throws CheckpointException {
        if (files.isEmpty()) throw new IllegalArgumentException("a checkpoint of no files");
        var first = files.getFirst().path();
        return of(first.getParent() == null ? first : first.getParent(), config, files);
    }

    private static Checkpoint of(Path folder, OptConfig config, List<Safetensors> files) throws CheckpointException {
        var shape = OptTensors.of(config);
        return new Checkpoint(folder, config, new TensorSet(folder, shape.expected(), files), shape);
    }

    @Override
    public Path folder() { return folder; }

    @Override
    public OptConfig config() { return config; }

    @Override
    public Optional<Tensor> find(String name) throws CheckpointException { return tensors.find(name); }

    @Override
    public SparseMatrix matrix(String linear, EncodeOptions options) throws IOException {
        var product = product(linear);
        var weight = weight(product);
        long nonzeros = tensors.scan(weight).nonzeros();
        var tensor = tensors.unchecked(weight).orElseThrow();
        // counted here already, but for -0.0: so the format is what encodedBytes() was told, whatever rounding makes zero
        var format = options.keepNegativeZero() ? options.format() : chosen(product, nonzeros, options.format());
        var matrix = SparseMatrix.encode(tensor.data(), tensor.type(), product.m(), product.k(),
                values(tensor.type()), options.withFormat(format));
        if (matrix.overflowed() > 0) {
            throw tensors.place(weight).problem("has " + matrix.overflowed() + " weights over 65,504, the largest that "
                    + "F16 holds; F32 weights are rounded to it");
        }
        return matrix;
    }

    @Override
    public long matrixBytes(String linear, FormatChoice format) throws IOException {
        return encodedBytes(linear, format);
    }

    @Override
    public long encodedBytes(String linear, FormatChoice format) throws IOException {
        var product = product(linear);
        long nonzeros = tensors.scan(weight(product)).nonzeros();
        return chosen(product, nonzeros, format).mostBytes(product.m(), product.k(), nonzeros);
    }

    private static Format chosen(OptTensors.Linear product, long nonzeros, FormatChoice format) {
        return format.choose(product.m(), product.k(), nonzeros);
    }

    /** Refuses one that can not be written anew, because its small files are nowhere. */
    void checkFolder() throws CheckpointException {
        if (Files.isRegularFile(folder.resolve(OptConfig.FILE))) return;
        throw new CheckpointException(folder, "no " + OptConfig.FILE + " to copy; open the checkpoint from a folder");
    }

    /** The products and tensors that the configuration demands. */
    OptTensors shape() { return shape; }

    TensorSet tensors() { return tensors; }

    private OptTensors.Linear product(String name) throws CheckpointException {
        try {
            return shape.linear(name);
        } catch (IndexOutOfBoundsException e) {
            throw new CheckpointException(folder, "no product " + quote(name) + " in this model");
        }
    }

    /** The tensor that a product's weights are. */
    private String weight(OptTensors.Linear product) throws CheckpointException {
        var weight = shape.weightOf(product);
        if (weight.equals(OptTensors.EMBEDDING)) tensors.checkRedundantHead();
        return weight;
    }

    private static ValueType values(DenseType type) { return type == DenseType.BF16 ? ValueType.BF16 : ValueType.F16; }

    @Override
    public void close() { tensors.close(); }
}
