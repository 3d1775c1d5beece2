package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** One call of the driver's PTX compiler: options in, code and logs out. */
final class JitCall {

    /** Enough for the first pages of what the compiler has to say of a large module; the driver cuts what is longer. */
    private static final int LOG_BYTES = 64 * 1024;

    private final Driver driver;
    private final DriverFunction function;
    private final Load load;
    private final List<Integer> options = new ArrayList<>();
    private final List<MemorySegment> values = new ArrayList<>();

    /** Of {@link CheckedModules}: a module's or a library's. */
    interface Load {
        int invoke(MemorySegment out, MemorySegment image, int count, MemorySegment options, MemorySegment values);
    }

    /** A module's or library's handle, and what the compiler had to say: of errors, too, where the driver reports them later. */
    record Loaded(MemorySegment handle, String infoLog, String errorLog) {}

    JitCall(Driver driver, DriverFunction function, Load load) {
        this.driver = driver;
        this.function = function;
        this.load = load;
    }

    Loaded ptx(String ptx, PtxText text, JitOptions jit, Device device) {
        try (Arena arena = Arena.ofConfined()) {
            number(CudaApi.CU_JIT_MAX_REGISTERS(), jit.maxRegisters());
            number(CudaApi.CU_JIT_THREADS_PER_BLOCK(), jit.threadsPerBlock());
            if (jit.optimizationLevel() >= 0) option(CudaApi.CU_JIT_OPTIMIZATION_LEVEL(), jit.optimizationLevel());
            number(CudaApi.CU_JIT_GENERATE_LINE_INFO(), jit.lineInfo() ? 1 : 0);
            number(CudaApi.CU_JIT_GENERATE_DEBUG_INFO(), jit.debugInfo() ? 1 : 0);
            number(CudaApi.CU_JIT_LOG_VERBOSE(), jit.verbose() ? 1 : 0);
            return call(arena, arena.allocateFrom(ptx), ptx.length(), text, device);
        }
    }

    Loaded binary(MemorySegment image, Device device) {
        try (Arena arena = Arena.ofConfined()) {
            // A cubin is ELF: 8-byte fields, which the driver reads where they are.
            MemorySegment copy = arena.allocate(image.byteSize() + 1, 16);
            MemorySegment.copy(image, 0, copy, 0, image.byteSize());
            return call(arena, copy, image.byteSize(), null, device);
        }
    }

    private Loaded call(Arena arena, MemorySegment image, long bytes, PtxText text, Device device) {
        MemorySegment info = arena.allocate(LOG_BYTES);
        MemorySegment error = arena.allocate(LOG_BYTES);
        option(CudaApi.CU_JIT_INFO_LOG_BUFFER(), info);
        option(CudaApi.CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES(), LOG_BYTES);
        option(CudaApi.CU_JIT_ERROR_LOG_BUFFER(), error);
        option(CudaApi.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES(), LOG_BYTES);
        MemorySegment names = arena.allocate(ValueLayout.JAVA_INT, options.size());
        MemorySegment pointers = arena.allocate(CudaApi.C_POINTER, options.size());
        for (int i = 0; i < options.size(); i++) {
            names.setAtIndex(ValueLayout.JAVA_INT, i, options.get(i));
            pointers.setAtIndex(CudaApi.C_POINTER, i, values.get(i));
        }
        MemorySegment out = arena.allocate(CudaApi.C_POINTER);
        Trace.Span span = Trace.load();
        int code = load.invoke(out, image, options.size(), names, pointers);
        Trace.loaded(span, text == null ? "binary" : "PTX", bytes, code == 0);
        if (code != 0) {
            throw driver.errors.of(function, code, LoadAdvice.of(code, text, device, driver.errors.driverVersion),
                    log(error));
        }
        return new Loaded(Handles.read(out), log(info), log(error));
    }

    /** Left out where it is 0, the driver's choice. */
    private void number(int option, int value) {
        if (value != 0) option(option, value);
    }

    /** Numbers stand in the pointer itself. */
    private void option(int option, int value) {
        option(option, Handles.of(value));
    }

    private void option(int option, MemorySegment value) {
        options.add(option);
        values.add(value);
    }

    /** Up to the terminator, or to the end where the driver filled the buffer; whatever bytes it wrote. */
    private static String log(MemorySegment buffer) {
        long end = 0;
        while (end < LOG_BYTES && buffer.get(ValueLayout.JAVA_BYTE, end) != 0) end++;
        return new String(buffer.asSlice(0, end).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8).strip();
    }
}
