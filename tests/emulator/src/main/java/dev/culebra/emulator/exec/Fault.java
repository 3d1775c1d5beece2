package dev.culebra.emulator.exec;

/** Thrown inside an instruction; the warp that runs it adds where. */
final class Fault extends RuntimeException {

    private static final long serialVersionUID = 1;

    final int cudaError;
    final int lane;

    /**
     * A fault.
     *
     * @param cudaError the driver's code
     * @param lane the lane, or -1 when it is no single one's
     * @param what a sentence without its place
     */
    Fault(int cudaError, int lane, String what) {
        super(what, null, false, false);
        this.cudaError = cudaError;
        this.lane = lane;
    }
}
