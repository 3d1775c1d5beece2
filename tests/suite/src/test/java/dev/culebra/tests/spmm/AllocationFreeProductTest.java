package dev.culebra.tests.spmm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Stream;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.CudaProduct;
import dev.culebra.spmm.CudaSpmm;
import dev.culebra.spmm.CudaWeights;
import dev.culebra.tests.driver.FakeDriver;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A prepared product allocates nothing when it is enqueued: counted on a driver that enters no Java of its own. */
class AllocationFreeProductTest {

    private static final int COUNT = 60_000; // above the thresholds of both of the JVM's compilers
    private static final int ROUNDS = 6; // a compiler that comes in late leaves an object in a round, but not in each

    /** K of one tile, which is whole; K of several, which this driver's very large device makes the planner split. */
    @ParameterizedTest
    @ValueSource(ints = {60, 3000})
    void launchAllocatesNothing(int k) {
        Problem p = Problem.integers(10, k, 2, .4, ValueType.F16, 51);
        try (CudaSpmm spmm = CudaSpmm.open(Cuda.open(new FakeDriver()).device(0));
                CudaWeights a = spmm.load(p.encoded(Format.TILED_CSL));
                CudaProduct product = a.prepare(2, a.minimumLdx());
                Stream stream = spmm.context().newStream();
                DeviceBuffer x = spmm.context().allocate(2L * 2 * a.minimumLdx());
                DeviceBuffer y = spmm.context().allocate(2 * 10 * 4)) {
            assertEquals(k == 60, product.plan().splits() == 1, product.plan().why());
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            assertTrue(threads.isThreadAllocatedMemorySupported() && threads.isThreadAllocatedMemoryEnabled());
            long thread = Thread.currentThread().threadId();
            long least = Long.MAX_VALUE;
            for (int round = 0; round < ROUNDS && least > 0; round++) {
                long before = threads.getThreadAllocatedBytes(thread);
                for (int i = 0; i < COUNT; i++) {
                    product.launch(stream, x, y);
                }
                least = Math.min(least, threads.getThreadAllocatedBytes(thread) - before);
            }
            long bytes = least;
            assertEquals(0, bytes, () -> bytes + " bytes in " + COUNT + " launches");
        }
    }
}
