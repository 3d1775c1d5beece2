package dev.culebra.emulator.exec;

import java.util.HashMap;
import java.util.Map;

/** Registers that the device sets. */
final class SpecialRegisters {

    /** What a thread reads. */
    interface Value {
        /**
         * The value.
         *
         * @param w the warp
         * @param lane the lane
         * @return its bits
         */
        long get(Warp w, int lane);
    }

    /** A predicate, which only {@code mov.pred} reads. */
    static final String EXPLICIT_CLUSTER = "%is_explicit_cluster";

    private static final Map<String, Value> VALUES = new HashMap<>();

    static {
        dim("%tid", (w, l) -> (int) ((w.index * 32L + l) % w.block.launch.block.x()),
                (w, l) -> (w.index * 32L + l) / w.block.launch.block.x() % w.block.launch.block.y(),
                (w, l) -> (w.index * 32L + l) / w.block.launch.block.x() / w.block.launch.block.y());
        dim("%ntid", (w, l) -> w.block.launch.block.x(), (w, l) -> w.block.launch.block.y(),
                (w, l) -> w.block.launch.block.z());
        dim("%ctaid", (w, l) -> w.block.index.x(), (w, l) -> w.block.index.y(), (w, l) -> w.block.index.z());
        dim("%nctaid", (w, l) -> w.block.launch.grid.x(), (w, l) -> w.block.launch.grid.y(),
                (w, l) -> w.block.launch.grid.z());
        // Where nobody asked for clusters, each block is one of its own.
        dim("%clusterid", (w, l) -> w.block.cluster.index.x(), (w, l) -> w.block.cluster.index.y(),
                (w, l) -> w.block.cluster.index.z());
        dim("%nclusterid", (w, l) -> w.block.launch.clusters.x(), (w, l) -> w.block.launch.clusters.y(),
                (w, l) -> w.block.launch.clusters.z());
        dim("%cluster_ctaid", (w, l) -> w.block.place.x(), (w, l) -> w.block.place.y(), (w, l) -> w.block.place.z());
        dim("%cluster_nctaid", (w, l) -> w.block.launch.cluster.x(), (w, l) -> w.block.launch.cluster.y(),
                (w, l) -> w.block.launch.cluster.z());
        VALUES.put("%cluster_ctarank", (w, l) -> w.block.rank);
        VALUES.put("%cluster_nctarank", (w, l) -> w.block.launch.cluster.count());
        VALUES.put("%laneid", (w, l) -> l);
        VALUES.put("%warpid", (w, l) -> w.index);
        VALUES.put("%nwarpid", (w, l) -> 64);
        VALUES.put("%smid", (w, l) -> linear(w) % w.block.launch.spec.multiprocessors());
        VALUES.put("%nsmid", (w, l) -> w.block.launch.spec.multiprocessors());
        VALUES.put("%gridid", (w, l) -> 1);
        VALUES.put("%lanemask_eq", (w, l) -> 1L << l);
        VALUES.put("%lanemask_lt", (w, l) -> (1L << l) - 1);
        VALUES.put("%lanemask_le", (w, l) -> (2L << l) - 1);
        VALUES.put("%lanemask_gt", (w, l) -> 0xffffffffL & -(2L << l));
        VALUES.put("%lanemask_ge", (w, l) -> 0xffffffffL & -(1L << l));
        VALUES.put("%clock", (w, l) -> w.clock(l));
        VALUES.put("%clock_hi", (w, l) -> w.clock(l) >>> 32);
        VALUES.put("%clock64", (w, l) -> w.clock(l));
        VALUES.put("%globaltimer", (w, l) -> nanos(w));
        VALUES.put("%globaltimer_lo", (w, l) -> nanos(w));
        VALUES.put("%globaltimer_hi", (w, l) -> nanos(w) >>> 32);
        VALUES.put("%dynamic_smem_size", (w, l) -> w.block.launch.dynamicSharedBytes);
        // Memory is given out in units of 128 bytes; the system's kilobyte counts in the second alone, which is not rounded.
        VALUES.put("%total_smem_size", (w, l) -> w.block.launch.sharedBytes + 127 & -128);
        VALUES.put("%aggr_smem_size", (w, l) -> w.block.launch.sharedBytes + Launch.RESERVED_BYTES);
    }

    static {
        // A cooperative launch tells the grid's workspace here, its upper half in the first; zero elsewhere.
        VALUES.put("%envreg1", (w, l) -> w.block.launch.workspaceAddress() >>> 32);
        VALUES.put("%envreg2", (w, l) -> w.block.launch.workspaceAddress());
    }

    /** What the names of the system's shared memory begin with; a kernel that reads one of them has such memory. */
    static final String RESERVED = "%reserved_smem_offset_";

    private SpecialRegisters() {}

    private static void dim(String name, Value x, Value y, Value z) {
        VALUES.put(name + ".x", x);
        VALUES.put(name + ".y", y);
        VALUES.put(name + ".z", z);
    }

    private static long nanos(Warp w) {
        w.acted = true; // as with clocks
        return System.nanoTime();
    }

    private static long linear(Warp w) {
        Dim i = w.block.index;
        Dim n = w.block.launch.grid;
        return i.x() + (long) n.x() * (i.y() + (long) n.y() * i.z());
    }

    /** A special register by its name, or null. */
    static Value find(String name) {
        return name.startsWith(RESERVED) ? reserved(name.substring(RESERVED.length())) : VALUES.get(name);
    }

    /** The system's shared memory: it begins, is split and ends at these places; what the headers use is the second half. */
    private static Value reserved(String which) {
        int half = Launch.RESERVED_BYTES / 2;
        return switch (which) {
            case "begin", "0" -> (w, l) -> w.block.window + w.block.launch.reservedOffset();
            case "1" -> (w, l) -> w.block.window + w.block.launch.reservedOffset() + half;
            case "end" -> (w, l) -> w.block.window + w.block.launch.reservedOffset() + Launch.RESERVED_BYTES;
            case "cap" -> (w, l) -> Launch.RESERVED_BYTES;
            default -> null;
        };
    }
}
