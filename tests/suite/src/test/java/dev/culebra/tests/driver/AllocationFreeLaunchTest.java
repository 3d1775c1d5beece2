package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.PreparedLaunch;
import dev.culebra.driver.Stream;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A prepared launch allocates nothing: counted on a driver that enters no Java of its own. */
class AllocationFreeLaunchTest {

    private static final String PTX = """
            .version 8.0
            .target sm_90
            .address_size 64
            .visible .entry k(.param .u64 x, .param .u32 n, .param .f32 a, .param .f64 b, .param .u64 c) { ret; }
            """;

    /** Above the thresholds of both of the JVM's compilers, so that what is counted is the code that stays. */
    private static final int WARM_UP = 50_000;

    private static final int COUNTED = 100_000;

    /** A compiler that comes in late leaves an object here and there, but not in each round. */
    private static final int ROUNDS = 5;

    @ParameterizedTest
    @ValueSource(strings = {"plain", "cooperative", "cluster"})
    void launchAllocatesNothing(String kind) {
        LaunchConfig shape = LaunchConfig.of(4, 32);
        LaunchConfig config = switch (kind) {
            case "plain" -> shape;
            case "cooperative" -> shape.withCooperative(true);
            default -> shape.withCluster(Dim3.of(2));
        };
        Cuda cuda = Cuda.open(new FakeDriver());
        try (Context context = cuda.device(0).context();
                Stream stream = context.newStream();
                Stream other = context.newStream();
                CudaModule module = context.load(PTX);
                DeviceBuffer x = context.allocate(64);
                DeviceBuffer y = context.allocate(64)) {
            PreparedLaunch launch = module.kernel("k").prepare(config).set(4, 7L);
            run(launch, stream, other, x, y, WARM_UP);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            assertTrue(threads.isThreadAllocatedMemorySupported() && threads.isThreadAllocatedMemoryEnabled());
            long thread = Thread.currentThread().threadId();
            long least = Long.MAX_VALUE;
            for (int round = 0; round < ROUNDS && least > 0; round++) {
                long before = threads.getThreadAllocatedBytes(thread);
                run(launch, stream, other, x, y, COUNTED);
                least = Math.min(least, threads.getThreadAllocatedBytes(thread) - before);
            }
            long bytes = least;
            assertEquals(0, bytes, () -> bytes + " bytes in " + COUNTED + " launches");
        }
    }

    /** Arguments and streams change from launch to launch, as they do in use. */
    private static void run(PreparedLaunch launch, Stream stream, Stream other, DeviceBuffer x, DeviceBuffer y,
            int count) {
        for (int i = 0; i < count; i++) {
            launch.set(0, (i & 1) == 0 ? x : y).set(1, i).set(2, 0.5f).set(3, 0.25);
            launch.launch((i & 2) == 0 ? stream : other);
        }
    }
}
