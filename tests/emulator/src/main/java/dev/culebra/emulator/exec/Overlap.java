package dev.culebra.emulator.exec;

/**
 * What a grid has to do with the one before it in its stream, or the one after it, where one of them is a programmatic dependent
 * launch: which may begin as soon as all blocks of the one before have executed {@code griddepcontrol.launch_dependents} or
 * have ended. Grids run one after another here all the same; what is kept is what may still be going on by the rules when a
 * grid begins, so that a missing {@code griddepcontrol.wait} shows each time.
 *
 * <p>
 * A grid may find not only the one before it running but those before that, too: as far back as kernels let the next one
 * begin before they have waited themselves.
 */
public final class Overlap {

    private final String kernel;
    /** The kernel before, which may still run when this one begins; null where all before it has ended. */
    private final String previous;
    /** What kernels that may still run write, as far as it is known; or null. */
    private final Writes before;
    /** What this one writes; null where nobody asks. */
    private final Writes own;
    private volatile boolean waited;
    private volatile boolean settled;

    private Overlap(String kernel, String previous, Writes before, boolean followed) {
        this.kernel = kernel;
        this.previous = previous;
        this.before = before;
        this.own = followed ? Writes.of(kernel, before) : null;
    }

    /**
     * A grid that begins when all before it has ended, and that is followed by one that may begin early.
     *
     * @param kernel its name
     * @return its part, for {@link KernelRun#run}
     */
    public static Overlap first(String kernel) { return new Overlap(kernel, null, null, true); }

    /**
     * A grid that may begin before the one in front of it has ended.
     *
     * @param kernel its name
     * @param previous the name of the one in front of it
     * @param part that one's part, which has run; null where it was not looked at
     * @param followed whether the next one may begin early, too
     * @return its part, for {@link KernelRun#run}
     */
    public static Overlap behind(String kernel, String previous, Overlap part, boolean followed) {
        return new Overlap(kernel, previous, part == null ? null : part.left(), followed);
    }

    /** What the next one may not read before it has waited. */
    private Writes left() {
        Writes open = early() && !settled ? before : null;
        return own == null ? open : own.over(open);
    }

    /** Whether others may run when it begins. */
    boolean early() { return previous != null; }

    /** A thread of it has waited. */
    void waited() { waited = true; }

    /** A block of it lets the next one begin, or ends, and has waited before: the next one finds none of those before it. */
    void settle() {
        settled = true;
    }

    /** Some memory is read by a thread that has not waited. */
    void read(int lane, long at, int bytes) {
        String writer = before == null ? null : before.writer(at, bytes);
        if (writer != null) {
            throw new Fault(DeviceFault.LAUNCH_FAILED, lane, "race: global address 0x" + Long.toHexString(at)
                    + " is read before griddepcontrol.wait, and kernel " + writer
                    + ", which comes before in the stream and may still run, writes it; "
                    + "this thread must wait first, or come behind a barrier with one that has");
        }
    }

    /** Some memory is written by a thread that has not waited. */
    void write(int lane, long at) {
        throw new Fault(DeviceFault.LAUNCH_FAILED, lane, "race: global address 0x" + Long.toHexString(at)
                + " is written before griddepcontrol.wait, and kernel " + previous
                + ", which comes before in the stream, may still run and reach it; "
                + "this thread must wait first, or come behind a barrier with one that has");
    }

    /** Remembers what it writes. */
    void wrote(long at, int bytes) {
        if (own != null) {
            own.mark(at, bytes);
        }
    }

    /** The grid has ended. */
    void end() throws DeviceFault {
        if (early() && !waited) {
            throw new DeviceFault(DeviceFault.LAUNCH_FAILED, "race: it was let begin before kernel " + previous
                    + " had ended, and ends without a griddepcontrol.wait, perhaps before that one: "
                    + "what waits for this one takes its end for that of both; wait in each block, or launch it without "
                    + "programmatic stream serialization,",
                    kernel, 0, new Dim(0, 0, 0), null);
        }
    }
}
