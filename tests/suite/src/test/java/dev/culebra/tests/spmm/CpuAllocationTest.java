package dev.culebra.tests.spmm;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.CpuSpmm;
import dev.culebra.spmm.SpmmWeights;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A small model makes hundreds of small products a token: on the CPU one allocates no more than the few objects it needs. */
class CpuAllocationTest {

    private static final int COUNT = 5_000;

    @ParameterizedTest
    @EnumSource(Format.class)
    void aSmallProductAllocatesAFewObjects(Format format) {
        Problem p = Problem.integers(60, 60, 1, .4, ValueType.F16, 52);
        // the object that stands for the product, and for Tiled-CSL what a section is read through: 64 and 256 bytes seen
        long most = format == Format.DENSE ? 100 : 300;
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (CpuSpmm cpu = CpuSpmm.open(2); SpmmWeights a = cpu.load(p.encoded(format))) {
            MemorySegment x = MemorySegment.ofArray(p.x());
            float[] result = new float[p.n() * p.m()];
            MemorySegment y = MemorySegment.ofArray(result);
            long least = Long.MAX_VALUE;
            // until it is compiled, each vector is an object: as many rounds as that takes
            for (int round = 0; round < 200 && least > COUNT * most; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < COUNT; i++) {
                    a.multiply(x, DenseType.F32, p.n(), y);
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            p.checkExact(result);
            assertTrue(least <= COUNT * most, least / COUNT + " bytes a product");
        }
    }
}
