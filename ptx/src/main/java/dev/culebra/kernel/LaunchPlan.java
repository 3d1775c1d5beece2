package dev.culebra.kernel;

/**
 * How a product is launched: once, however K is split.
 *
 * @param kernel the kernel
 * @param splits in how many parts K is taken, 1 or more
 * @param gridX blocks in x
 * @param gridY blocks in y
 * @param gridZ blocks in z
 * @param threads threads of a block, in x: those of its kernel, or of some crews as large where the kernel works with any number
 * @param sharedBytes dynamic shared memory of a block
 * @param workspaceBytes device memory for partial sums, fp32: a tile of Y, padding included, for each of a tile's splits; 0 with
 *        one split, and for kernels that have them in what is zeroed. It needs no content
 * @param zeroedBytes device memory that is zeroed once, before its first launch, and zero again after each, so that launches of
 *        any products may use it one after the other: counters, 4 bytes a tile of Y, or partial sums; 0 with one split. Two launches
 *        at once may not share it, nor a workspace
 * @param why the choice, in a sentence
 */
public record LaunchPlan(KernelInstance kernel, int splits, int gridX, int gridY, int gridZ, int threads,
        int sharedBytes, long workspaceBytes, long zeroedBytes, String why) {}
