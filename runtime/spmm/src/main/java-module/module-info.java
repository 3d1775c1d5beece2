/** Sparse matrix times dense matrix: one interface, on a GPU and on a CPU. */
module dev.culebra.spmm {
    requires transitive dev.culebra.driver; // Context, Stream and DeviceBuffer are in CudaSpmm's signatures
    requires transitive dev.culebra.ptx;
    requires static java.management; // both of these tell how much memory there is
    requires static jdk.management;
    requires static jdk.incubator.vector; // --add-modules jdk.incubator.vector makes it present

    exports dev.culebra.spmm;
}
