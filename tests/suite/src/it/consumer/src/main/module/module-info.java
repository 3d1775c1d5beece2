module example {
    requires dev.culebra.ptx;    // SparseMatrix
    requires dev.culebra.spmm;
}
