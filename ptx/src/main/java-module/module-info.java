/** The contract between host and kernel: sparse formats, PTX kernels, their catalog and the launch plan. */
module dev.culebra.ptx {
    exports dev.culebra.kernel;
    exports dev.culebra.sparse;
}
