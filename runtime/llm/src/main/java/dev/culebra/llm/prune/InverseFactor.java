package dev.culebra.llm.prune;

import org.ejml.data.DGrowArray;
import org.ejml.data.DMatrixRBlock;
import org.ejml.data.DSubmatrixD1;
import org.ejml.dense.block.TriangularSolver_MT_DDRB;
import org.ejml.dense.block.decomposition.chol.CholeskyOuterForm_MT_DDRB;
import pabeles.concurrency.GrowArray;

/**
 * The upper Cholesky factor U of a matrix's inverse, {@code H^-1 = U^T U}, without that inverse.
 *
 * <p>
 * With J the exchange matrix, which turns the order of rows or columns round: {@code J H J = L L^T}, hence
 * {@code H = (J L J) (J L J)^T} with J L J upper triangular, and {@code U = (J L J)^-1 = J L^-1 J}. One decomposition and one
 * inverse of a triangle, where the textbook's way is a decomposition, an inverse and another decomposition, and each of the
 * two loses digits.
 */
final class InverseFactor {
    /** The side of EJML's blocks: three of 64 x 64 doubles are 96 KB. */
    private static final int BLOCK = 64;

    /** EJML keeps a matrix in one array: 46,340^2 is the last square below 2^31 - 8. */
    static final int LARGEST_K = 46_340;

    private InverseFactor() {}

    /**
     * Factors.
     *
     * @param h K x K, symmetric; only read
     * @return the rows of U, K long each, zeros before the diagonal
     * @throws ArithmeticException if h is not positive definite, or not finite
     */
    static double[][] of(double[][] h) {
        int k = h.length;
        if (k > LARGEST_K) throw new ArithmeticException("K is " + k + "; a matrix has " + LARGEST_K + " rows at most");
        int block = Math.min(BLOCK, k);
        var l = new DMatrixRBlock(k, k, block);
        for (int i = 0; i < k; i++) {
            for (int j = 0; j <= i; j++) l.set(i, j, h[k - 1 - i][k - 1 - j]);
        }
        if (!new CholeskyOuterForm_MT_DDRB(true).decompose(l)) {
            throw new ArithmeticException("the inputs' Hessian is not positive definite");
        }
        var inverse = new DMatrixRBlock(k, k, block);
        TriangularSolver_MT_DDRB.invert(block, false, new DSubmatrixD1(l), new DSubmatrixD1(inverse),
                new GrowArray<>(DGrowArray::new));
        l = null; // its memory serves the rows
        var u = new double[k][k];
        for (int i = 0; i < k; i++) {
            for (int j = i; j < k; j++) {
                u[i][j] = inverse.get(k - 1 - i, k - 1 - j);
                if (!Double.isFinite(u[i][j])) {
                    throw new ArithmeticException("the inputs' Hessian is not positive definite");
                }
            }
        }
        return u;
    }
}
