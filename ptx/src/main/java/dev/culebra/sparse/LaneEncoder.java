package dev.culebra.sparse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Dense or CSR to {@link LaneLists}: a pass over row blocks that lays them out, one more in another order of rows where rows
 * differ in density, and one that fills the lists in. Each is spread over threads.
 */
final class LaneEncoder implements Codec.Encoding {

    /** Another order of rows is worth it from this share of the bytes on. */
    private static final double WORTH = .01;

    private final ValueSource source;
    private final EncodeOptions options;
    private final LaneScheme scheme;

    LaneEncoder(ValueSource source, EncodeOptions options, LaneScheme scheme) {
        if (source.k() > LaneSizes.MOST_COLUMNS) {
            throw new IllegalArgumentException(
                    "K is " + source.k() + "; " + scheme.format().id() + " takes up to " + LaneSizes.MOST_COLUMNS);
        }
        this.source = source;
        this.options = options;
        this.scheme = scheme;
    }

    /** The second one may be left out; it counts as done then. */
    @Override
    public int passes() { return 3; }

    @Override
    public Codec.Encoded encode(Progress progress) {
        int[] rows = source.m() > RowOrder.MOST_ROWS ? null : new int[source.m()];
        LaneLayoutPass layout = LaneLayoutPass.run(source, options, scheme, null, rows, progress);
        int[] order = rows == null ? null : RowOrder.of(rows, source.k());
        if (order == null) {
            progress.add((long) source.m() * source.k());
        } else {
            LaneLayoutPass other = LaneLayoutPass.run(source, options, scheme, order, null, progress);
            if (other.bytes() <= (1 - WORTH) * layout.bytes()) {
                layout = other;
            }
        }
        Arena arena = Arena.ofAuto();
        MemorySegment streams = arena.allocate(layout.streamBytes(), TiledCslEncoder.ALIGNMENT); // of zeros
        LaneFillPass.run(source, options, scheme, layout, streams, progress);

        Map<String, MemorySegment> sections = layout.sections(arena);
        sections.put(LaneLists.STREAMS, streams);
        List<Section> inOrder = new ArrayList<>();
        for (String name : LaneLists.SECTIONS) {
            inOrder.add(new Section(name, sections.get(name).asReadOnly()));
        }
        return new Codec.Encoded(inOrder, layout.nonzeros(), layout.overflowed());
    }
}
