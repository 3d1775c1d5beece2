package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.CudaApi;
import dev.culebra.emulator.EmulatorOptions;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/**
 * An exception that leaves an upcall ends the JVM: whatever is called with whatever missing, a code comes back. And what
 * the driver says of its own accord.
 */
class RobustnessTest {

    /** Calls every function with nulls and zeros; each time in a state that is made anew. */
    private static List<String> callAll(RawDriver d, Runnable state) throws Exception {
        List<String> results = new ArrayList<>();
        for (String[] function : ProcAddressTest.functions()) {
            state.run();
            Class<?> type = Class.forName("dev.culebra.bindings.PFN_" + function[0] + "_v" + function[1]);
            Method invoke = Arrays.stream(type.getMethods()).filter(m -> m.getName().equals("invoke")).findFirst()
                    .orElseThrow();
            Object[] arguments = Arrays.stream(invoke.getParameterTypes()).map(RobustnessTest::zero).toArray();
            arguments[0] = d.f(function[0], Integer.parseInt(function[1]));
            int code = (int) invoke.invoke(null, arguments);
            assertNotEquals(CudaApi.CUDA_ERROR_UNKNOWN(), code, () -> function[0] + ": " + d.provider.lastDiagnostic());
            results.add(function[0] + " " + d.name(code));
        }
        return results;
    }

    private static Object zero(Class<?> type) {
        return type == int.class
                ? (Object) 0
                : type == long.class ? (Object) 0L : type == byte.class ? (Object) (byte) 0 : MemorySegment.NULL;
    }

    @Test
    void everyFunctionTakesNullsInEveryState() throws Exception {
        try (RawDriver d = new RawDriver(EmulatorOptions.DEFAULT)) {
            // cuInit stands in the list too: what is before it finds a driver that is not initialised.
            assertTrue(callAll(d, () -> {}).contains("cuCtxSynchronize CUDA_ERROR_NOT_INITIALIZED"));
            assertTrue(callAll(d, () -> {}).contains("cuMemAlloc CUDA_ERROR_INVALID_CONTEXT"));
            MemorySegment context = d.retain(0);
            // Some take the context away: cuCtxSetCurrent with null, cuCtxPopCurrent, cuDevicePrimaryCtxRelease.
            assertTrue(callAll(d, () -> {
                d.retain(0);
                d.ok(d.setCurrent(context));
            }).contains("cuMemAlloc CUDA_ERROR_INVALID_VALUE"));
        }
    }

    @Test
    void aStackOverflowIsACodeToo() throws Exception {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-cp", classPath, Recursion.class.getName())
                .redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), said);
        assertTrue(said.contains(Recursion.TIMES + " overflows"), said);
    }

    @Test
    void whatIsNeverFreedIsReported() {
        List<String> said = new ArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord record) {
                if (record.getLevel() == Level.WARNING) {
                    said.add(record.getMessage());
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger("dev.culebra.emulator");
        logger.addHandler(handler);
        boolean toParents = logger.getUseParentHandlers();
        logger.setUseParentHandlers(false);
        try (RawDriver d = RawDriver.started()) {
            d.ok(d.free(d.alloc(10)));
            d.ok(d.destroyStream(d.stream(0)));
            d.ok(d.release(0));
            assertEquals(List.of(), said);
            d.ok(d.setCurrent(d.retain(0)));
            d.alloc(1234);
            d.stream(0);
            d.event(0);
            d.event(0);
            d.ok(d.release(0));
            assertEquals(1, said.size());
            String line = said.getFirst();
            assertTrue(line.contains("1234 bytes") && line.contains("1 stream") && line.contains("2 events"), line);
        } finally {
            logger.removeHandler(handler);
            logger.setUseParentHandlers(toParents);
        }
    }
}
