package dev.culebra.sparse;

/** Holds {@link Pairs} sections against the rules. */
final class PairsValidator extends LaneValidator {

    PairsValidator(SparseMatrix matrix) { super(matrix); }

    @Override
    int lowerBits() { return 0xaaaaaaaa; }

    @Override
    int column(int bit, int t) { return Pairs.column(bit / Pairs.REGISTERS, t, bit % Pairs.REGISTERS); }
}
