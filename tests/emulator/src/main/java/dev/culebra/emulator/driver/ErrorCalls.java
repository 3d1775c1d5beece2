package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuGetErrorName_v6000;
import dev.culebra.bindings.PFN_cuGetErrorString_v6000;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

/** The names of error codes and a sentence for each. The strings live as long as the process. */
final class ErrorCalls {

    private record Text(MemorySegment name, MemorySegment sentence) {}

    /** Read once a process; the codes come from the bindings, by name. */
    private static final class Texts {

        static final Map<Integer, Text> BY_CODE = read();

        private static Map<Integer, Text> read() {
            Properties sentences = new Properties();
            try (InputStream in = ErrorCalls.class.getResourceAsStream("errors.properties")) {
                sentences.load(in);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            Map<Integer, Text> texts = new HashMap<>();
            for (String name : sentences.stringPropertyNames()) {
                try {
                    int code = (int) CudaApi.class.getMethod(name).invoke(null);
                    texts.put(code, new Text(Arena.global().allocateFrom(name),
                            Arena.global().allocateFrom(sentences.getProperty(name))));
                } catch (ReflectiveOperationException e) {
                    throw new IllegalStateException("errors.properties names " + name + ", which is no constant", e);
                }
            }
            return Map.copyOf(texts);
        }
    }

    private final Gate gate;

    ErrorCalls(EmulatedDriver driver) { this.gate = driver.gate; }

    void register(FunctionTable table) {
        table.add("cuGetErrorName", 6000, a -> PFN_cuGetErrorName_v6000
                .allocate((error, to) -> gate.always("cuGetErrorName", () -> put(error, to, true)), a));
        table.add("cuGetErrorString", 6000, a -> PFN_cuGetErrorString_v6000
                .allocate((error, to) -> gate.always("cuGetErrorString", () -> put(error, to, false)), a));
    }

    private static void put(int error, MemorySegment to, boolean name) {
        Text text = Texts.BY_CODE.get(error);
        Native.putLong(to, text == null ? 0 : (name ? text.name : text.sentence).address(), "pStr");
        if (text == null) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), error + " is no error code");
        }
    }
}
