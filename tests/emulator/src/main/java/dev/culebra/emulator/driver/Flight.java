package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.emulator.memory.HostMemory;
import java.lang.foreign.MemorySegment;

/**
 * A copy out of page-locked host memory between the call that asks for it and its landing, with the bytes as they should be
 * when it lands: those of the call, or what work that comes before it has written since.
 */
final class Flight {

    /** Up to this size the bytes are kept on the Java heap, where they cost nothing to give back. */
    private static final long SMALL = 64 << 10;

    private final Traffic traffic;
    private final EmulatedStream stream;
    private final long number;
    private final String label;
    private final Use source;
    private final MemorySegment expected;
    private final HostMemory.Pinned block;
    private boolean ended;

    private Flight(Traffic traffic, EmulatedStream stream, long number, Work work, Use source) {
        this.traffic = traffic;
        this.stream = stream;
        this.number = number;
        this.label = work.label();
        this.source = source;
        long size = source.rows().size();
        this.block = size > SMALL ? traffic.block(size) : null;
        this.expected = block != null ? block.segment().asSlice(0, size) : MemorySegment.ofArray(new byte[(int) size]);
        source.rows().pack(expected);
    }

    /** Whether a piece of work, no graph, reads host memory that the host could change meanwhile. */
    static boolean watches(Work work) {
        return source(work) != null;
    }

    private static Use source(Work work) {
        for (Use use : work.uses()) {
            if (use.certain() && use.host() && use.way() == Use.Way.READ) {
                return use;
            }
        }
        return null;
    }

    static Flight of(Traffic traffic, EmulatedStream stream, long number, Work work) {
        return new Flight(traffic, stream, number, work, source(work));
    }

    static long size(Work work) { return source(work).rows().size(); }

    long number() { return number; }

    Use source() { return source; }

    long size() { return source.rows().size(); }

    /** Work that comes before it has written to its source: from now on that is what should be there. */
    void expect(Rows written) {
        if (!ended && source.rows().overlaps(written)) {
            long from = written.bytes().address() - source.rows().bytes().address();
            source.rows().pack(expected, Math.max(0, from),
                    Math.min(source.rows().bytes().byteSize(), from + written.bytes().byteSize()));
        }
    }

    /** Work that comes before it may have written anywhere in its source. */
    void expectWhatIsThere() {
        if (!ended) {
            source.rows().pack(expected);
        }
    }

    /** Called right before the bytes are taken. */
    void land() {
        synchronized (traffic) {
            if (source.range().allocation().freed()) {
                return; // the copy says so itself
            }
            long at = source.rows().mismatch(expected);
            if (at >= 0 && !traffic.mayBeWriting(this)) {
                Rows rows = source.rows();
                long address = rows.bytes().address() + rows.offset(at);
                int was = expected.get(java.lang.foreign.ValueLayout.JAVA_BYTE, at) & 0xff;
                int is = rows.bytes().get(java.lang.foreign.ValueLayout.JAVA_BYTE, rows.offset(at)) & 0xff;
                throw new CudaError(CudaApi.CUDA_ERROR_LAUNCH_FAILED(), rows.size() + " bytes from "
                        + source.range().label() + " on " + stream + " were changed while the copy was in flight: byte "
                        + at + " (0x" + Long.toHexString(address) + ") was " + was
                        + " when the copy was asked for and is "
                        + is + " when it lands; write to the memory after waiting for the copy (the stream, or an event"
                        + " behind it), or to another buffer");
            }
        }
    }

    /** It has landed, or never will. */
    void end() {
        synchronized (traffic) {
            if (!ended) {
                ended = true;
                traffic.landed(this);
                if (block != null) {
                    traffic.giveBack(block);
                }
            }
        }
    }

    @Override
    public String toString() { return label; }
}
