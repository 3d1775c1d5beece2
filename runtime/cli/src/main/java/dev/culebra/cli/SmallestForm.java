package dev.culebra.cli;

import dev.culebra.sparse.SparseMatrix;
import dev.culebra.spmm.Spmm;
import dev.culebra.spmm.SpmmWeights;

/**
 * A device that has no preference among formats, so that models are loaded in the one of fewest bytes, even where another would
 * be faster.
 *
 * @param of does the work, and is closed with this
 */
record SmallestForm(Spmm of) implements Spmm {
    @Override
    public String device() { return of.device(); }

    @Override
    public String description() { return of.description(); }

    @Override
    public SpmmWeights load(SparseMatrix a) { return of.load(a); }

    @Override
    public long freeBytes() { return of.freeBytes(); }

    @Override
    public void close() { of.close(); }
}
