package dev.culebra.llm.opt;

import dev.culebra.llm.checkpoint.ModelSource;
import dev.culebra.llm.checkpoint.OptConfig;
import dev.culebra.llm.checkpoint.OptTensors;
import dev.culebra.llm.tokenizer.Tokenizer;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.spmm.Spmm;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

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
 * A checkpoint's matrices are encoded in the formats in which the device multiplies them fastest ({@link Spmm#fastestFormat()}),
 * or, where these do not fit into its memory, in those of fewer bytes; an encoded model's stay what they are.
 *
 * <p>
 * Activations, norms, biases and positions are fp32; the matrices stay as they are encoded. Computed as Hugging Face's OPT does
 * in fp32, up to the rounding of sums (on a GPU, activations are rounded to 16 bits before each product). Of a checkpoint in F32
 * the matrices, a tied head among them, are rounded to F16 once, and results are those of the rounded weights: up to 2<sup>-11</sup> of
 * each, and 2<sup>-25</sup> where a weight is under 2<sup>-14</sup>. Token embeddings, norms, biases and positions are not rounded.
 *
 * <p>
 * Token embeddings are looked up in the model's file, which stays mapped: see {@link ModelSource}.
 */
public final class OptModel implements AutoCloseable {
    private final Decoder decoder;
    private final DeviceWeights weights;
    private final Optional<Tokenizer> tokenizer;
    private final Spmm device;
    private final long bytes;
    private final long encodedBytes;
    private final ModelSource ownedSource; // closed with this; null if the caller's
    private final Spmm ownedDevice; // likewise
    private final Object lock = new Object();
    private int sessions; // open; guarded by lock
    private boolean closed; // guarded by lock

    private OptModel(Decoder decoder, DeviceWeights weights, Optional<Tokenizer> tokenizer, Spmm device,
            long smallBytes,
            ModelSource ownedSource, Spmm ownedDevice) {
        this.decoder = decoder;
        this.weights = weights;
        this.tokenizer = tokenizer;
        this.device = device;
        this.ownedSource = ownedSource;
        this.ownedDevice = ownedDevice;
        encodedBytes = weights.encodedBytes();
        bytes = encodedBytes + smallBytes;
    }

    /**
     * Loads a model on the best device there is.
     *
     * @param folder a Hugging Face checkpoint or an encoded model
     * @return the model, which owns the device
     * @throws IllegalArgumentException if memory will not do, or the tokenizer does not fit the model; said before anything is
     *         loaded
     * @throws IOException if the folder holds no sound model, or can not be read
     */
    public static OptModel load(Path folder) throws IOException {
        var device = Spmm.open();
        try {
            return load(folder, device, LoadListener.NONE, true);
        } catch (Throwable e) {
            device.close();
            throw e;
        }
    }

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
        return load(folder, device, listener, false);
    }

    private static OptModel load(Path folder, Spmm device, LoadListener listener, boolean ownsDevice)
            throws IOException {
        var source = ModelSource.open(folder);
        try {
            return load(source, Tokenizer.find(folder), device, device.fastestFormat(), listener, source,
                    ownsDevice ? device : null);
        } catch (Throwable e) {
            source.close();
            throw e;
        }
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
        return load(source, tokenizer, device, device.fastestFormat(), listener);
    }

    /**
     * Loads a model in other formats than those in which the device is fastest, such as {@link FormatChoice#FEWEST_BYTES}, where
     * memory counts more than time.
     *
     * @param source the parts; the caller closes it after the model, which looks token embeddings up in it
     * @param tokenizer turns text into tokens and back, or none
     * @param device where the matrices go; the caller closes it after the model
     * @param format in which to encode the matrices; fewest bytes where memory has no room for it. Without effect on what is
     *        encoded already
     * @param listener hears of the progress
     * @return the model; the caller closes it
     * @throws IllegalArgumentException if memory will not do, or the tokenizer does not fit the model; said before anything is
     *         loaded
     * @throws IOException if a part is not sound, or can not be read
     */
    public static OptModel load(ModelSource source, Optional<Tokenizer> tokenizer, Spmm device, FormatChoice format,
            LoadListener listener) throws IOException {
        return load(source, tokenizer, device, format, listener, null, null);
    }

    private static OptModel load(ModelSource source, Optional<Tokenizer> tokenizer, Spmm device, FormatChoice preferred,
            LoadListener listener, ModelSource ownedSource, Spmm ownedDevice) throws IOException {
        var config = source.config();
        if (tokenizer.isPresent() && tokenizer.get().size() > config.vocabulary()) {
            throw new IllegalArgumentException(
                    "the tokenizer has " + tokenizer.get().size() + " tokens and the model a "
                            + "vocabulary of " + config.vocabulary() + "; they are not of one model");
        }
        var format = MemoryCheck.model(source, device, preferred);
        var weights = new DeviceWeights(device);
        try {
            var loader = new ModelLoader(source, format, weights, listener);
            var decoder = loader.decoder();
            return new OptModel(decoder, weights, tokenizer, device,
                    loader.smallBytes() + source.tensor(OptTensors.EMBEDDING).data().byteSize(), ownedSource,
                    ownedDevice);
        } catch (Throwable e) {
            weights.closeAfter(e);
            throw e;
        }
    }

    /**
     * The model's shape.
     *
     * @return the configuration
     */
    public OptConfig config() { return decoder.config(); }

    /**
     * What turns text into tokens and back.
     *
     * @return the tokenizer, or none where there was none beside the model
     */
    public Optional<Tokenizer> tokenizer() { return tokenizer; }

    /**
     * Where the matrices are.
     *
     * @return the device
     */
    public Spmm device() { return device; }

    /**
     * {@link GenerateOptions#DEFAULT} with the model's end-of-text tokens as stop tokens.
     *
     * @return options
     */
    public GenerateOptions defaultOptions() {
        return GenerateOptions.DEFAULT.withStopTokens(Set.copyOf(config().eos()));
    }

    /**
     * Opens a session. Cheap: memory is taken as it is needed.
     *
     * @return the session; the caller closes it before the model
     * @throws IllegalStateException if this is closed
     */
    public Session newSession() {
        synchronized (lock) {
            if (closed) throw new IllegalStateException("this model is closed");
            sessions++;
        }
        return new Session(this, decoder);
    }

    /** A session was closed. */
    void released() {
        synchronized (lock) {
            sessions--;
        }
    }

    /**
     * What the device reads to make one token of one sequence: all matrices, as they are encoded.
     *
     * @return bytes
     */
    public long encodedBytes() { return encodedBytes; }

    /**
     * All weights: the matrices, norms, biases and positions, and the token embeddings, which stay in the source.
     *
     * @return bytes
     */
    public long bytes() { return bytes; }

    /**
     * Frees the matrices. May be called twice.
     *
     * @throws IllegalStateException if sessions are still open; nothing is freed then
     */
    @Override
    public void close() {
        synchronized (lock) {
            if (closed) return;
            if (sessions > 0) {
                throw new IllegalStateException(
                        sessions + (sessions == 1 ? " session is" : " sessions are") + " still open; close them first");
            }
            closed = true;
        }
        try (ownedSource; ownedDevice) { // closed in this order: device, then source
            weights.close();
        }
    }
}
