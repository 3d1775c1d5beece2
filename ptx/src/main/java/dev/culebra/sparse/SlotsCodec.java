package dev.culebra.sparse;

/** {@link Slots} as one of the formats. */
final class SlotsCodec extends LaneCodec {

    SlotsCodec() { super(new SlotsScheme()); }

    @Override
    LaneDecoder decoder(SparseMatrix matrix) { return new SlotsDecoder(matrix); }

    @Override
    LaneValidator validator(SparseMatrix matrix) { return new SlotsValidator(matrix, scheme); }
}
