package dev.culebra.sparse;

/** {@link Pairs} as one of the formats. */
final class PairsCodec extends LaneCodec {

    PairsCodec() { super(new PairsScheme()); }

    @Override
    LaneDecoder decoder(SparseMatrix matrix) { return new PairsDecoder(matrix); }

    @Override
    LaneValidator validator(SparseMatrix matrix) { return new PairsValidator(matrix); }
}
