package dev.culebra.llm.checkpoint;

import dev.culebra.sparse.DenseType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.stream.LongStream;

/**
 * One look at all elements of a tensor, on as many threads as there are.
 *
 * @param nonFinite the first element that is NaN or infinite, -1 for none
 * @param nonzeros elements that are neither +0 nor -0
 */
record TensorScan(long nonFinite, long nonzeros) {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Elements a task takes: long beside what starting one costs (microseconds), small beside a matrix. */
    private static final long BLOCK = 1 << 18;

    static TensorScan of(MemorySegment data, DenseType type) {
        long elements = data.byteSize() / type.bytes();
        return LongStream.range(0, Math.ceilDiv(elements, BLOCK)).parallel().mapToObj(b -> {
            long from = b * BLOCK * type.bytes();
            long to = Math.min(from + BLOCK * type.bytes(), data.byteSize());
            return block(data, type, from, to);
        }).reduce(new TensorScan(-1, 0), TensorScan::and);
    }

    private TensorScan and(TensorScan later) {
        return new TensorScan(nonFinite >= 0 ? nonFinite : later.nonFinite, nonzeros + later.nonzeros);
    }

    /**
     * Elements side by side in a long: adding one unit of the exponent to a magnitude carries into the sign's place exactly
     * where the exponent is all ones, and adding all ones does where the magnitude is not 0; neither carries further.
     */
    private static TensorScan block(MemorySegment data, DenseType type, long from, long to) {
        long signs = type.bytes() == 2 ? 0x8000_8000_8000_8000L : 0x8000_0000_8000_0000L;
        long unit = switch (type) {
            case F16 -> 0x0400_0400_0400_0400L;
            case BF16 -> 0x0080_0080_0080_0080L;
            case F32 -> 0x0080_0000_0080_0000L;
        };
        long found = 0;
        long nonzeros = 0;
        long at = from;
        for (; at + Long.BYTES <= to; at += Long.BYTES) {
            long magnitudes = data.get(LONG, at) & ~signs;
            found |= magnitudes + unit;
            nonzeros += Long.bitCount(magnitudes + ~signs & signs);
        }
        if (at < to) {
            long magnitudes = tail(data, at, to) & ~signs;
            found |= magnitudes + unit;
            nonzeros += Long.bitCount(magnitudes + ~signs & signs);
        }
        return new TensorScan((found & signs) == 0 ? -1 : first(data, type, from, to, unit, signs), nonzeros);
    }

    private static long first(MemorySegment data, DenseType type, long from, long to, long unit, long signs) {
        for (long at = from; at < to; at += Long.BYTES) {
            long word = at + Long.BYTES <= to ? data.get(LONG, at) : tail(data, at, to);
            long found = (word & ~signs) + unit & signs;
            if (found != 0) return at / type.bytes() + Long.numberOfTrailingZeros(found) / (8 * type.bytes());
        }
        throw new AssertionError("found before");
    }

    /** The last bytes, fewer than eight, with zeros behind them. */
    private static long tail(MemorySegment data, long at, long to) {
        long word = 0;
        for (long i = at; i < to; i++) word |= (data.get(ValueLayout.JAVA_BYTE, i) & 0xffL) << 8 * (i - at);
        return word;
    }
}
