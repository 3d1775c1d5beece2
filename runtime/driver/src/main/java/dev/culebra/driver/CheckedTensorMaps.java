package dev.culebra.driver;

import static dev.culebra.driver.DriverFunction.cuTensorMapEncodeTiled;

import dev.culebra.bindings.PFN_cuTensorMapEncodeTiled_v12000;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Descriptors of tensors in memory, for Hopper's bulk copies. */
final class CheckedTensorMaps extends Checked {

    CheckedTensorMaps(Functions functions, Errors errors) { super(functions, errors); }

    /** Lengths are checked by the caller: rank sizes and boxes, rank - 1 strides. */
    void encodeTiled(MemorySegment out, int type, long address, long[] sizes, long[] strideBytes, int[] box,
            int[] elementStrides, int interleave, int swizzle, int l2Promotion, int fill) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment sizesIn = arena.allocateFrom(ValueLayout.JAVA_LONG, sizes);
            MemorySegment stridesIn = arena.allocateFrom(ValueLayout.JAVA_LONG, strideBytes);
            MemorySegment boxIn = arena.allocateFrom(ValueLayout.JAVA_INT, box);
            MemorySegment elementStridesIn = arena.allocateFrom(ValueLayout.JAVA_INT, elementStrides);
            check(cuTensorMapEncodeTiled,
                    PFN_cuTensorMapEncodeTiled_v12000.invoke(at(cuTensorMapEncodeTiled), out, type, sizes.length,
                            Handles.of(address), sizesIn, stridesIn, boxIn, elementStridesIn, interleave, swizzle,
                            l2Promotion, fill));
        }
    }
}
