package dev.culebra.spmm;

/** What one thread needs while it works on a row of tiles. */
final class CpuScratch {

    private static final int SIDE = CpuKernel.SIDE;

    final EntryStream stream = new EntryStream();
    /** Zeros between tiles. */
    final short[] empty = new short[SIDE * SIDE];
    /** Anything between tiles. */
    final short[] full = new short[SIDE * SIDE];
    final float[][] wide = new float[SIDE][SIDE];
    final float[] row = new float[SIDE];
    final float[] other = new float[SIDE];
    final short[] bits = new short[SIDE];
    float[] sums = new float[0];
}
