package dev.culebra.spmm;

import dev.culebra.driver.Availability;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaUnavailableException;
import dev.culebra.driver.Device;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.sparse.SparseMatrix;
import java.util.Objects;

/**
 * A device that multiplies sparse matrices by dense ones. Thread-safe.
 *
 * {@snippet lang=java :
 * try (Spmm device = Spmm.open(); SpmmWeights a = device.load(SparseMatrix.of(dense, m, k))) {
 *     float[] y = a.multiply(x, n); // x [N, K], y [N, M]
 * }
 * }
 */
public interface Spmm extends AutoCloseable {

    /**
     * Opens the best device there is: {@code open("auto")}.
     *
     * @return a GPU if there is one that serves, else the CPU
     */
    static Spmm open() { return open("auto"); }

    /**
     * Opens a device by name.
     *
     * <table>
     * <caption>Names</caption>
     * <tr>
     * <th>name</th>
     * <th>what is opened</th>
     * </tr>
     * <tr>
     * <td>{@code auto}</td>
     * <td>the first GPU of compute capability 8.0 or later; else the CPU; never the emulator</td>
     * </tr>
     * <tr>
     * <td>{@code cpu}</td>
     * <td>the CPU with a thread for each core; see {@link CpuSpmm} for another number</td>
     * </tr>
     * <tr>
     * <td>{@code cuda}, {@code cuda:1}</td>
     * <td>a GPU, the first or that of an ordinal</td>
     * </tr>
     * <tr>
     * <td>{@code emulator}, {@code emulator:1}</td>
     * <td>the emulated driver, where culebra-emulator is on the class path or module path; so any other provider's name</td>
     * </tr>
     * </table>
     *
     * @param device the name
     * @return the device; the caller closes it
     * @throws IllegalArgumentException if the name means nothing, or there is no device of that ordinal
     * @throws CudaUnavailableException if there is no driver; its reason says why
     */
    static Spmm open(String device) {
        Objects.requireNonNull(device, "device");
        return switch (device) {
            case "auto" -> {
                Device gpu = bestGpu();
                yield gpu == null ? CpuSpmm.open() : CudaSpmm.open(gpu);
            }
            case "cpu" -> CpuSpmm.open();
            default -> CudaSpmm.open(device);
        };
    }

    private static Device bestGpu() {
        Availability cuda = Cuda.available();
        return cuda.available()
                ? Cuda.open().devices().stream().filter(CudaSpmm::serves).findFirst().orElse(null)
                : null;
    }

    /**
     * What kind of device it is.
     *
     * @return {@code cpu}, {@code cuda}, {@code emulator}, or another provider's name
     */
    String device();

    /**
     * Which one it is, for people.
     *
     * @return such as {@code AMD EPYC, 2 threads, 512-bit vectors}
     */
    String description();

    /**
     * Loads a matrix.
     *
     * @param a the matrix, shared, not copied, where the device reads the host's memory
     * @return the weights; the caller closes them before this
     * @throws IllegalArgumentException if the device has no kernel for the matrix's format or values
     * @throws IllegalStateException if this is closed
     */
    SpmmWeights load(SparseMatrix a);

    /**
     * The format in which this device multiplies a matrix by few tokens fastest, as far as that was measured; for
     * {@code EncodeOptions.withFormat}. Where nothing was measured it is the one of fewer bytes.
     *
     * {@snippet lang=java :
     * var options = EncodeOptions.DEFAULT.withFormat(device.fastestFormat());
     * }
     *
     * @return the choice, which stays valid when this is closed
     */
    default FormatChoice fastestFormat() { return FormatChoice.FEWEST_BYTES; }

    /**
     * The same for products of so many tokens.
     *
     * @param n tokens, 1 or more
     * @return the choice; {@link #fastestFormat()} where a device knows no better
     * @throws IllegalArgumentException if n is under 1
     */
    default FormatChoice fastestFormat(int n) {
        if (n < 1) {
            throw new IllegalArgumentException("n is " + n + "; give 1 token or more");
        }
        return fastestFormat();
    }

    /**
     * How much can be loaded now, as far as is known: a device's free memory. On a CPU, whose weights are matrices in the
     * host's memory, it is what can still be encoded or read: what {@code -XX:MaxDirectMemorySize} leaves, or the machine's
     * or the container's memory if that is less; what only a garbage collection would free counts as taken, and a matrix that
     * is mapped from a file takes nothing.
     *
     * @return bytes of encoded weights, 0 or more; Long.MAX_VALUE where nothing is known
     * @throws IllegalStateException if this is closed
     */
    default long freeBytes() { return Long.MAX_VALUE; }

    /**
     * Frees the device. May be called twice.
     *
     * @throws IllegalStateException if weights loaded here are still open; nothing is freed then
     */
    @Override
    void close();
}
