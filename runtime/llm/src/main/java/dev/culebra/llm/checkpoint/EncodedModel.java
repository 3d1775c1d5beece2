package dev.culebra.llm.checkpoint;

import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.SparseMatrix;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** An encoded model. */
public final class EncodedModel implements ModelSource {
    /** The file that makes a folder an encoded model. */
    public static final String MANIFEST = "culebra.json";

    /**
     * What encoding a model came to.
     *
     * @param matrices products encoded
     * @param elements their weights, zeros included
     * @param nonzeros their weights that are not zero
     * @param denseBytes what their weights take in the checkpoint; a tied head counts like any other
     * @param encodedBytes what a device reads of them
     */
    public record Summary(int matrices, long elements, long nonzeros, long denseBytes, long encodedBytes) {}

    private EncodedModel() {}

    /**
     * Opens an encoded model.
     *
     * @param folder the folder
     * @return the model
     * @throws IOException if it can not be read
     */
    public static EncodedModel open(Path folder) throws IOException {
        throw new UnsupportedOperationException("soon");
    }

    /**
     * Encodes a checkpoint into a folder, one matrix at a time.
     *
     * @param source the checkpoint
     * @param target the new folder; must not exist or be empty
     * @param options how; progress counts the elements of all products together, up to {@link OptTensors#linearElements()}
     * @return what it came to
     * @throws IOException if it can not be written, or a weight is refused; then nothing is left behind
     */
    public static Summary write(Checkpoint source, Path target, EncodeOptions options) throws IOException {
        throw new UnsupportedOperationException("soon");
    }

    @Override
    public Path folder() { throw new UnsupportedOperationException("soon"); }

    @Override
    public OptConfig config() { throw new UnsupportedOperationException("soon"); }

    @Override
    public Optional<Tensor> find(String name) { throw new UnsupportedOperationException("soon"); }

    @Override
    public SparseMatrix matrix(String linear, EncodeOptions options) {
        throw new UnsupportedOperationException("soon");
    }

    @Override
    public long matrixBytes(String linear) { return 0; }

    @Override
    public void close() {}
}
