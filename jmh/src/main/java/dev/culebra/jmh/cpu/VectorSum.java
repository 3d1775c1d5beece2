package dev.culebra.jmh.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Adds up memory by vectors. Loaded only where the JVM has {@code jdk.incubator.vector}. */
final class VectorSum {

    private static final VectorSpecies<Long> SPECIES = LongVector.SPECIES_PREFERRED;
    private static final int BYTES = SPECIES.vectorByteSize();

    private VectorSum() {}

    /** The sum of the 64-bit numbers from one byte up to another, a multiple of 8 later. */
    static long of(MemorySegment memory, long from, long to) {
        LongVector a = LongVector.zero(SPECIES);
        LongVector b = LongVector.zero(SPECIES);
        LongVector c = LongVector.zero(SPECIES);
        LongVector d = LongVector.zero(SPECIES);
        long at = from;
        for (; at <= to - 4 * BYTES; at += 4 * BYTES) {
            a = a.add(LongVector.fromMemorySegment(SPECIES, memory, at, ByteOrder.LITTLE_ENDIAN));
            b = b.add(LongVector.fromMemorySegment(SPECIES, memory, at + BYTES, ByteOrder.LITTLE_ENDIAN));
            c = c.add(LongVector.fromMemorySegment(SPECIES, memory, at + 2 * BYTES, ByteOrder.LITTLE_ENDIAN));
            d = d.add(LongVector.fromMemorySegment(SPECIES, memory, at + 3 * BYTES, ByteOrder.LITTLE_ENDIAN));
        }
        long sum = a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
        return sum + MemoryReader.plainSum(memory, at, to);
    }
}
