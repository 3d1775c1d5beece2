package dev.culebra.tests.conformance;

import java.util.Random;
import java.util.stream.LongStream;

/** For functions of one operand: a type's edge values, and numbers of every size between. */
final class Spread {

    private Spread() {}

    static long[][] of(String type) { return Values.cross(values(type)); }

    static long[] values(String type) {
        Random r = new Random(type.hashCode());
        Ieee f = Ieee.of(type);
        LongStream wide = r.longs(200).map(v -> v & Tuples.mask(type));
        LongStream narrow = LongStream.range(0, 60).map(i -> Values.random(f, (int) i + 100));
        return LongStream.concat(LongStream.of(Values.of(type)), LongStream.concat(wide, narrow)).toArray();
    }
}
