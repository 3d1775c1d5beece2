package dev.culebra.sparse;

/** {@link Bitmap} as one of the formats. */
final class BitmapCodec extends LaneCodec {

    BitmapCodec() { super(new BitmapScheme()); }

    @Override
    LaneDecoder decoder(SparseMatrix matrix) { return new BitmapDecoder(matrix); }

    @Override
    LaneValidator validator(SparseMatrix matrix) { return new BitmapValidator(matrix); }
}
