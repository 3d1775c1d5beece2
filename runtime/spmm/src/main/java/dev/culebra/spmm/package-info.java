/**
 * Sparse matrix times dense matrix, on a GPU or on a CPU, behind one interface: {@link dev.culebra.spmm.Spmm} opens a
 * device, {@link dev.culebra.spmm.SpmmWeights} is a matrix loaded there. Every device reads the same encoded bytes.
 */
package dev.culebra.spmm;
