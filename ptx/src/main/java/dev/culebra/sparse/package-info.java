/**
 * Sparse weight matrices as a device reads them: encoder, decoder, validator and file form, usable without a GPU. A matrix
 * is [M, K]; {@link dev.culebra.sparse.SparseMatrix} is where to start.
 */
package dev.culebra.sparse;
