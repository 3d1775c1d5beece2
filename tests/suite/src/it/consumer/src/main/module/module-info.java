module example {
    requires dev.culebra.spmm;
}
