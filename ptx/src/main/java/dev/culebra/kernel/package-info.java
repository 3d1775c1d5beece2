/** The compiled kernels: which there are, how they are launched, and which one a product takes. */
package dev.culebra.kernel;
