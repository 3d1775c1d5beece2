package dev.culebra.llm.opt;

import dev.culebra.llm.checkpoint.ModelSource;
import dev.culebra.llm.checkpoint.OptConfig;
import dev.culebra.llm.tokenizer.Tokenizer;
import dev.culebra.spmm.Spmm;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A loaded OPT. Immutable, and shared by any number of threads, each with a {@link Session} of its own:
 *
 * {@snippet lang=java :
 * try (var model = OptModel.load(folder); var session = model.newSession()) {
 *     var text = session.generate("In the beginning", model.defaultOptions(), GenerateListener.NONE).text();
 * }
 * }
 *
 * <p>
 * Activations, norms, biases and positions are fp32; the matrices stay as they are encoded. Computed as Hugging Face's OPT does
 * in fp32, up to the rounding of sums (on a GPU, activations are rounded to 16 bits before each product).
 */
public final class OptModel implements AutoCloseable {
    private OptModel() {}

    /**
     * Loads a model on the best device there is.
     *
     * @param folder a Hugging Face checkpoint or an encoded model
     * @return the model, which owns the device
     * @throws IllegalArgumentException if memory will not do, or the tokenizer does not fit the model; said before anything is
     *         loaded
     * @throws IOException if the folder holds no sound model, or can not be read
     */
    public static OptModel load(Path folder) throws IOException { throw new UnsupportedOperationException(); }

    /**
     * Loads a model with the tokenizer beside it, if there is one.
     *
     * @param folder a Hugging Face checkpoint or an encoded model
     * @param device where the matrices go; the caller closes it after the model
     * @return the model; the caller closes it
     * @throws IllegalArgumentException if memory will not do, or the tokenizer does not fit the model; said before anything is
     *         loaded
     * @throws IOException if the folder holds no sound model, or can not be read
     */
    public static OptModel load(Path folder, Spmm device) throws IOException {
        return load(folder, device, LoadListener.NONE);
    }

    /**
     * Loads a model with the tokenizer beside it, if there is one.
     *
     * @param folder a Hugging Face checkpoint or an encoded model
     * @param device where the matrices go; the caller closes it after the model
     * @param listener hears of the progress
     * @return the model; the caller closes it
     * @throws IllegalArgumentException if memory will not do, or the tokenizer does not fit the model; said before anything is
     *         loaded
     * @throws IOException if the folder holds no sound model, or can not be read
     */
    public static OptModel load(Path folder, Spmm device, LoadListener listener) throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * Loads a model.
     *
     * @param source the parts; the caller closes it after the model, which looks token embeddings up in it
     * @param tokenizer turns text into tokens and back, or none
     * @param device where the matrices go; the caller closes it after the model
     * @return the model; the caller closes it
     * @throws IllegalArgumentException if memory will not do, or the tokenizer does not fit the model; said before anything is
     *         loaded
     * @throws IOException if a part is not sound, or can not be read
     */
    public static OptModel load(ModelSource source, Optional<Tokenizer> tokenizer, Spmm device) throws IOException {
        return load(source, tokenizer, device, LoadListener.NONE);
    }

    /**
     * Loads a model.
     *
     * @param source the parts; the caller closes it after the model, which looks token embeddings up in it
     * @param tokenizer turns text into tokens and back, or none
     * @param device where the matrices go; the caller closes it after the model
     * @param listener hears of the progress
     * @return the model; the caller closes it
     * @throws IllegalArgumentException if memory will not do, or the tokenizer does not fit the model; said before anything is
     *         loaded
     * @throws IOException if a part is not sound, or can not be read
     */
    public static OptModel load(ModelSource source, Optional<Tokenizer> tokenizer, Spmm device, LoadListener listener)
            throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * The model's shape.
     *
     * @return the configuration
     */
    public OptConfig config() { throw new UnsupportedOperationException(); }

    /**
     * What turns text into tokens and back.
     *
     * @return the tokenizer, or none where there was none beside the model
     */
    public Optional<Tokenizer> tokenizer() { throw new UnsupportedOperationException(); }

    /**
     * Where the matrices are.
     *
     * @return the device
     */
    public Spmm device() { throw new UnsupportedOperationException(); }

    /**
     * {@link GenerateOptions#DEFAULT} with the model's end-of-text tokens as stop tokens.
     *
     * @return options
     */
    public GenerateOptions defaultOptions() { throw new UnsupportedOperationException(); }

    /**
     * Opens a session. Cheap: memory is taken as it is needed.
     *
     * @return the session; the caller closes it before the model
     * @throws IllegalStateException if this is closed
     */
    public Session newSession() { throw new UnsupportedOperationException(); }

    /**
     * What the device reads to make one token of one sequence: all matrices, as they are encoded.
     *
     * @return bytes
     */
    public long encodedBytes() { throw new UnsupportedOperationException(); }

    /**
     * All weights: the matrices, norms, biases and positions, and the token embeddings, which stay in the source.
     *
     * @return bytes
     */
    public long bytes() { throw new UnsupportedOperationException(); }

    /**
     * Frees the matrices. May be called twice.
     *
     * @throws IllegalStateException if sessions are still open; nothing is freed then
     */
    @Override
    public void close() {}
}
