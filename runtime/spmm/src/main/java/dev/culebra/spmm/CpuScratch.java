package dev.culebra.spmm;

/** What one thread needs while it works on a row of tiles. */
final class CpuScratch {

    private static final int SIDE = CpuKernel.SIDE;

    final EntryStream stream;
    /** Zeros between tiles. */
    final short[] tile = new short[SIDE * SIDE];
    final float[][] wide = new float[SIDE][SIDE];
    final float[] row = new float[SIDE];
    float[] sums = new float[0];

    CpuScratch(CpuKernel kernel) { stream = new EntryStream(kernel); }
}
