package dev.culebra.emulator.driver;

import static dev.culebra.bindings.CudaApi.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The options of a JIT compilation: which log buffers to fill, and what comes back in the array of values (a value is
 * stored in place of a pointer). Options that would change machine code are taken and have no effect, for there is none.
 */
final class JitOptions {

    private final MemorySegment values;
    private final int wallTime;
    private final Log info;
    private final Log error;

    /** A log's buffer, its size, and where its length is written. */
    private record Log(long buffer, long bytes, int sizeIndex) {}

    JitOptions(int count, MemorySegment options, MemorySegment optionValues) {
        int wall = -1;
        int[] index = {-1, -1, -1, -1};
        if (count < 0) {
            throw new CudaError(CUDA_ERROR_INVALID_VALUE(), count + " JIT options");
        }
        values = count == 0 ? MemorySegment.NULL : Native.at(optionValues, 8L * count, "optionValues");
        for (int i = 0; i < count; i++) {
            int option = Native.at(options, 4L * count, "options").get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i);
            if (option < 0 || option >= CU_JIT_NUM_OPTIONS()) {
                throw new CudaError(CUDA_ERROR_INVALID_VALUE(), "there is no JIT option " + option);
            }
            if (option == CU_JIT_WALL_TIME()) {
                wall = i;
            } else if (option == CU_JIT_INFO_LOG_BUFFER()) {
                index[0] = i;
            } else if (option == CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES()) {
                index[1] = i;
            } else if (option == CU_JIT_ERROR_LOG_BUFFER()) {
                index[2] = i;
            } else if (option == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES()) {
                index[3] = i;
            }
        }
        wallTime = wall;
        info = log(index[0], index[1]);
        error = log(index[2], index[3]);
    }

    private Log log(int buffer, int size) {
        return buffer < 0 || size < 0
                ? null
                : new Log(value(buffer), value(size) & 0xffff_ffffL, size);
    }

    private long value(int index) { return values.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * index); }

    /** Reports how long it took and what there is to say; either text may be empty. */
    void report(long nanos, String infoText, String errorText) {
        if (wallTime >= 0) {
            values.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 8L * wallTime, nanos / 1e6f);
        }
        put(info, infoText);
        put(error, errorText);
    }

    private void put(Log log, String text) {
        if (log != null && log.bytes > 0 && log.buffer != 0) {
            int written = Native.putString(MemorySegment.ofAddress(log.buffer),
                    (int) Math.min(log.bytes, Integer.MAX_VALUE), text, "log");
            values.set(ValueLayout.JAVA_LONG_UNALIGNED, 8L * log.sizeIndex, text.isEmpty() ? 0 : written + 1L);
        }
    }
}
