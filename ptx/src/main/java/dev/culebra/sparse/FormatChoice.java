package dev.culebra.sparse;

/**
 * Which format a matrix is encoded in. Asked once for a matrix, after its nonzeros have been counted. A {@link Format} is a
 * choice too: itself, whatever the matrix; then an encoder counts only where the format needs it.
 *
 * <p>
 * What multiplies fastest depends on the device, which names its own choice ({@code Spmm.fastestFormat()}).
 */
@FunctionalInterface
public interface FormatChoice {

    /**
     * The format of fewer bytes, so {@link Format#DENSE} up to about half of zeros, where places cost what leaving zeros out
     * saves. Formats are compared by what they take at most ({@link Format#mostBytes}): a matrix for which they differ by less
     * than a Tiled-CSL tile's padding, 12 bytes of 8 KiB, becomes dense, which needs no unpacking.
     */
    FormatChoice FEWEST_BYTES = (m, k, nonzeros) -> Format.TILED_CSL.mostBytes(m, k, nonzeros) < Format.DENSE
            .mostBytes(m, k, nonzeros) ? Format.TILED_CSL : Format.DENSE;

    /**
     * Dense up to a share of zeros, Tiled-CSL from there on.
     *
     * @param sparsity the share from which on a matrix becomes Tiled-CSL; 0 to 1
     * @return the choice
     * @throws IllegalArgumentException if it is no such share
     */
    static FormatChoice sparseFrom(double sparsity) {
        if (!(sparsity >= 0 && sparsity <= 1)) {
            throw new IllegalArgumentException("sparsity is " + sparsity + "; give a share from 0 to 1");
        }
        return (m, k, nonzeros) -> nonzeros <= (1 - sparsity) * m * k ? Format.TILED_CSL : Format.DENSE;
    }

    /**
     * Chooses.
     *
     * @param m rows, 1 or more
     * @param k columns, 1 or more
     * @param nonzeros how many elements will be stored as such; 0 to M * K
     * @return the format; the same for the same numbers
     */
    Format choose(int m, int k, long nonzeros);
}
