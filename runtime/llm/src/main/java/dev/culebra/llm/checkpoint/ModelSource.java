package dev.culebra.llm.checkpoint;

import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.sparse.SparseMatrix;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * An OPT model's parts by name, from a checkpoint or from an encoded folder. Names are without a checkpoint's prefix (see
 * {@link OptTensors}). Immutable and thread-safe until it is closed; then no tensor that came from it may be touched any more,
 * while matrices go on living. Files are mapped, so they must stay as they are meanwhile, under whatever name: where one was cut
 * off, the JVM throws an {@link InternalError}.
 */
public sealed interface ModelSource extends AutoCloseable permits Checkpoint, EncodedModel {
    /**
     * Opens a folder of either kind, told apart by their files.
     *
     * @param folder a Hugging Face checkpoint, or what {@code culebra encode} made of one
     * @return the model's parts; close it
     * @throws CheckpointException if the folder is neither, or contradicts itself; the message says what and where
     * @throws IOException if the system can not read it
     */
    static ModelSource open(Path folder) throws IOException {
        return Files.exists(folder.resolve(EncodedModel.MANIFEST))
                ? EncodedModel.open(folder)
                : Checkpoint.open(folder);
    }

    /**
     * Where the model lies.
     *
     * @return the folder that it was opened by
     */
    Path folder();

    /**
     * The model's facts.
     *
     * @return the configuration
     */
    OptConfig config();

    /**
     * A dense tensor, looked through for NaN and infinity when it is asked for the first time. Weights of products are there in
     * a checkpoint, but not in an encoded folder, which has them as {@link #matrix} alone.
     *
     * @param name its full name, such as {@code layers.3.fc1.bias} or {@code embed_tokens.weight}
     * @return the tensor, or empty where the model has none of that name
     * @throws CheckpointException if one of its elements is NaN or infinite; the message says which
     */
    Optional<Tensor> find(String name) throws CheckpointException;

    /**
     * A dense tensor that must be there.
     *
     * @param name its full name
     * @return the tensor
     * @throws CheckpointException if there is none of that name, or one of its elements is NaN or infinite
     */
    default Tensor tensor(String name) throws CheckpointException {
        return find(name).orElseThrow(
                () -> new CheckpointException(folder(), "no tensor " + CheckpointException.quote(name)));
    }

    /**
     * The weights of a product: encoded now, or mapped. F32 weights are rounded once, to F16.
     *
     * @param linear its name, such as {@code layers.3.fc1}, {@code project_in} or {@code lm_head} (which a tied model makes of
     *        its embedding)
     * @param options how to encode, the format by the nonzeros that the file has; without effect where it is encoded already
     * @return the matrix [M, K]; it stays valid when this source is closed
     * @throws CheckpointException if the model has no such product, a weight is NaN or infinite, an F32 weight is too large for
     *         F16, or a file is damaged
     * @throws IOException if the system can not read it
     */
    SparseMatrix matrix(String linear, EncodeOptions options) throws IOException;

    /**
     * The weights of a product, encoded with {@link EncodeOptions#DEFAULT} or mapped.
     *
     * @param linear its name
     * @return the matrix [M, K]; it stays valid when this source is closed
     * @throws CheckpointException as {@link #matrix(String, EncodeOptions)} does
     * @throws IOException if the system can not read it
     */
    default SparseMatrix matrix(String linear) throws IOException { return matrix(linear, EncodeOptions.DEFAULT); }

    /**
     * What a device will hold of {@link #matrix(String, EncodeOptions)}: an estimate made without encoding it.
     *
     * @param linear the product's name
     * @param format what will choose the format; without effect where it is encoded already
     * @return bytes, an upper bound where no -0.0 is kept
     * @throws IOException as {@link #matrix(String, EncodeOptions)} does
     */
    long encodedBytes(String linear, FormatChoice format) throws IOException;

    /**
     * The memory that {@link #matrix(String, EncodeOptions)} will take on the host.
     *
     * @param linear the product's name
     * @param format what will choose the format; without effect where it is encoded already
     * @return bytes, an upper bound where no -0.0 is kept; 0 where it is mapped
     * @throws IOException as {@link #matrix(String, EncodeOptions)} does
     */
    long matrixBytes(String linear, FormatChoice format) throws IOException;

    /** Unmaps the files. May be called twice; no thread may be reading. */
    @Override
    void close();
}
