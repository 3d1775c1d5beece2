package dev.culebra.kernel;

/**
 * How a product is launched: once, however K is split.
 *
 * @param kernel the kernel
 * @param splits in how many parts K is taken, 1 or more
 * @param gridX blocks in x
 * @param gridY blocks in y
 * @param gridZ blocks in z
 * @param sharedBytes dynamic shared memory of a block
 * @param workspaceBytes device memory for partial sums, fp32: a tile of Y, padding included, for each of a tile's splits; 0 with
 *        one split. It needs no content
 * @param ticketBytes device memory for counters, 4 bytes a tile of Y; 0 with one split. It is zeroed once, before its first
 *        launch, and zero again after each, so that launches of any products may use it one after the other. Two at once may
 *        not, nor may they share a workspace
 * @param why the choice, in a sentence
 */
public record LaunchPlan(KernelInstance kernel, int splits, int gridX, int gridY, int gridZ, int sharedBytes,
        long workspaceBytes, long ticketBytes, String why) {}
