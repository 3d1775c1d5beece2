package dev.culebra.emulator.exec;

/** Thrown inside an instruction; the warp that runs it adds where. */
final class Fault extends RuntimeException {

    private static final long serialVersionUID = 1;

    final int cudaError;
    final int lane;
    /** The instruction whose fault it is, or null: the one that is being executed. */
    final transient Op op;

    /**
     * A fault.
     *
     * @param cudaError the driver's code
     * @param lane the lane, or -1 when it is no single one's
     * @param what a sentence without its place
     */
    Fault(int cudaError, int lane, String what) { this(cudaError, lane, what, null); }

    /**
     * A fault of an instruction that waits while another is executed.
     *
     * @param cudaError the driver's code
     * @param lane the lane, or -1 when it is no single one's
     * @param what a sentence without its place
     * @param op the instruction
     */
    Fault(int cudaError, int lane, String what, Op op) {
        super(what, null, false, false);
        this.op = op;
        this.cudaError = cudaError;
        this.lane = lane;
    }
}
