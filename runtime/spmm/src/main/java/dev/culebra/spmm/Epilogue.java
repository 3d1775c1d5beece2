package dev.culebra.spmm;

import dev.culebra.kernel.Activation;
import dev.culebra.sparse.DenseType;
import java.util.Objects;

/**
 * What a product does to its sums before it writes them, for no trip through memory:
 * {@code Y = activation(A X + bias) + residual + Y}, each part of it optional.
 *
 * <p>
 * For each element in fp32, in this order on every device: the sum over K; plus the row's bias; the activation; plus the
 * residual; plus what Y held, where it is accumulated onto; then one rounding to Y's type, to the nearest, ties to even. What
 * is absent is skipped, not replaced by 0. A NaN stays NaN through all of it, so that a token with a NaN or an infinity among
 * its activations is NaN in every output, behind a ReLU too; another infinity becomes NaN only where a formula says so. What
 * overflows Y's type becomes infinite.
 *
 * <p>
 * Immutable; the memory it names is the caller's, who keeps it open and unchanged until the product is done.
 *
 * @param <B> where bias and residual lie: {@code MemorySegment} for products from and to the host, {@code DeviceBuffer} for
 *        products on a device
 * @param bias [M] fp32, one for each output row; null for none
 * @param activation what comes after the bias
 * @param residual [N, M] row-major, packed, of the output's type; null for none. It may be Y itself, and must not overlap it
 *        otherwise
 * @param accumulate whether to add to what Y holds
 * @param output Y's type
 */
public record Epilogue<B>(B bias, Activation activation, B residual, boolean accumulate, DenseType output) {

    private static final Epilogue<Object> NONE = new Epilogue<>(null, Activation.NONE, null, false, DenseType.F32);

    /** Checks that there is an activation and a type. */
    public Epilogue {
        Objects.requireNonNull(activation, "activation");
        Objects.requireNonNull(output, "output");
    }

    /**
     * Sums as they are, in fp32.
     *
     * @param <B> where bias and residual would lie
     * @return no bias, no activation, no residual, Y overwritten
     */
    @SuppressWarnings("unchecked") // it holds none
    public static <B> Epilogue<B> none() { return (Epilogue<B>) NONE; }

    /**
     * With another bias.
     *
     * @param bias [M] fp32; null for none
     * @return a copy with it
     */
    public Epilogue<B> withBias(B bias) { return new Epilogue<>(bias, activation, residual, accumulate, output); }

    /**
     * With another activation.
     *
     * @param activation what comes after the bias
     * @return a copy with it
     */
    public Epilogue<B> withActivation(Activation activation) {
        return new Epilogue<>(bias, activation, residual, accumulate, output);
    }

    /**
     * With another residual.
     *
     * @param residual [N, M] of the output's type; null for none
     * @return a copy with it
     */
    public Epilogue<B> withResidual(B residual) {
        return new Epilogue<>(bias, activation, residual, accumulate, output);
    }

    /**
     * With or without what Y holds.
     *
     * @param accumulate whether to add to it
     * @return a copy with it
     */
    public Epilogue<B> withAccumulate(boolean accumulate) {
        return new Epilogue<>(bias, activation, residual, accumulate, output);
    }

    /**
     * With another type of Y, and of the residual.
     *
     * @param output F32, F16 or BF16, whatever the weights' type
     * @return a copy with it
     */
    public Epilogue<B> withOutput(DenseType output) {
        return new Epilogue<>(bias, activation, residual, accumulate, output);
    }
}
