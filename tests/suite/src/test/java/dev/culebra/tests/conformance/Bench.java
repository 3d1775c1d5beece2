package dev.culebra.tests.conformance;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.Device;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Stream;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/**
 * The machine that the suite runs on: an emulated device, or with {@code -Dculebra.tests.provider=cuda} a real one. A launch that
 * fails ends a real context, so one such makes all later cases fail; their messages say so.
 */
final class Bench {

    private static final String PROVIDER = System.getProperty("culebra.tests.provider", "emulator");

    private static Bench one = new Bench();

    private final Device device;
    private final Context context;
    private final Stream stream;

    private Bench() {
        Cuda cuda = isEmulated()
                ? Cuda.open(new EmulatorProvider(EmulatorOptions.DEFAULT.withMemory(256L << 20)))
                : Cuda.open(PROVIDER);
        device = cuda.device(0);
        context = device.context(); // for the life of the process, as the module's kernels are
        stream = context.newStream();
    }

    static boolean isEmulated() { return PROVIDER.equals("emulator"); }

    static Device device() { return one.device; }

    /**
     * Runs a case, records or compares its answer, and fails where the ISA does not allow it; of hardware that is known to
     * contradict the ISA the case is aborted with the reason.
     */
    static void check(Case c) {
        int capability = one.device.computeCapability().major() * 10 + one.device.computeCapability().minor();
        assumeTrue(capability >= c.target(), () -> "wants compute capability " + c.target() / 10.0);
        Answer answer = c.answer();
        long[] got = run(c, answer, one);
        Recording.offer(c, answer, got);
        List<String> wrong = new ArrayList<>();
        int count = 0;
        for (int i = 0; i < got.length; i++) {
            if (answer.accepts(i, got[i])) continue;
            count++;
            if (wrong.size() < 12) {
                wrong.add(c.describe().apply(i) + ": got 0x" + Long.toHexString(got[i]) + ", the ISA says "
                        + answer.expectation(i));
            }
        }
        String known = isEmulated() ? null : Recording.explanation(c);
        if (count > 0 && known != null) {
            String text = count + " of " + got.length + " are not as the ISA says: " + known;
            throw new TestAbortedException(text);
        }
        if (count > 0) {
            throw new AssertionFailedError(c.name() + ": " + count + " of " + got.length + " wrong\n  "
                    + String.join("\n  ", wrong));
        }
        if (isEmulated()) Recording.compare(c, answer, got);
    }

    private static long[] run(Case c, Answer answer, Bench bench) {
        try {
            return bench.run(c, answer);
        } catch (CudaException e) {
            if (isEmulated()) one = new Bench(); // a fault takes its context along; another emulated device has a whole one
            throw e;
        }
    }

    private synchronized long[] run(Case c, Answer answer) {
        try (CudaModule module = context.load(c.ptx());
                DeviceBuffer in = context.allocate(Math.max(16, c.input().length));
                DeviceBuffer out = context.allocate(answer.bytes());
                Arena arena = Arena.ofConfined()) {
            MemorySegment given = arena.allocate(in.bytes(), 16);
            MemorySegment.copy(c.input(), 0, given, ValueLayout.JAVA_BYTE, 0, c.input().length);
            in.upload(given);
            stream.fill(out, (byte) 0);
            Object[] arguments = new Object[2 + c.more().length];
            arguments[0] = in;
            arguments[1] = out;
            System.arraycopy(c.more(), 0, arguments, 2, c.more().length);
            module.kernel("k").launch(stream, c.shape(), arguments);
            stream.synchronize();
            MemorySegment result = arena.allocate(out.bytes(), 16);
            out.download(result);
            return numbers(result, answer.width(), answer.bits().length);
        }
    }

    private static long[] numbers(MemorySegment s, int width, int n) {
        long[] v = new long[n];
        Arrays.setAll(v, i -> switch (width) {
            case 1 -> s.get(ValueLayout.JAVA_BYTE, i) & 0xffL;
            case 2 -> s.getAtIndex(ValueLayout.JAVA_SHORT, i) & 0xffffL;
            case 4 -> s.getAtIndex(ValueLayout.JAVA_INT, i) & 0xffffffffL;
            default -> s.getAtIndex(ValueLayout.JAVA_LONG, i);
        });
        return v;
    }
}
