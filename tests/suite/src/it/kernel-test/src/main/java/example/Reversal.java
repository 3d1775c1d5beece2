package example;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.Stream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** Turns arrays round on a GPU. */
public final class Reversal {

    private static final int BLOCK = 256;
    private static final int OUT_OF_MEMORY = 2;

    private Reversal() {}

    /** The kernel, as nvcc printed it. */
    static String ptx() {
        try (InputStream in = Reversal.class.getResourceAsStream("reverse.ptx")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The values in the opposite order; their number must be a multiple of 256. */
    public static int[] reverse(Cuda cuda, String ptx, int[] values) {
        int[] result = new int[values.length];
        try (Context context = cuda.device(0).context();
             Stream stream = context.newStream();
             CudaModule module = context.load(ptx);
             DeviceBuffer in = allocate(context, 4L * values.length);
             DeviceBuffer out = allocate(context, 4L * values.length)) {
            in.upload(MemorySegment.ofArray(values));
            module.kernel("reverse").launch(stream, LaunchConfig.of(values.length / BLOCK, BLOCK), in, out);
            out.download(MemorySegment.ofArray(result));
        }
        return result;
    }

    /** Where memory is short it is asked for a second time: others give theirs back. */
    private static DeviceBuffer allocate(Context context, long bytes) {
        try {
            return context.allocate(bytes);
        } catch (CudaException e) {
            if (e.code() != OUT_OF_MEMORY) throw e;
            return context.allocate(bytes);
        }
    }
}
