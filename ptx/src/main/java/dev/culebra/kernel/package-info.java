/**
 * The compiled kernels: which there are ({@link dev.culebra.kernel.KernelCatalog}), how they are launched, and which one a
 * product takes ({@link dev.culebra.kernel.Planner}). Usable without a GPU; nothing here calls a driver.
 */
package dev.culebra.kernel;
