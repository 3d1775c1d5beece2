package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.Stream;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The program's own consumer of what kernels print: it runs on a thread of the emulator's, and may do wrong there. */
@Timeout(60)
class PrintTest {

    /** Prints "hi"; with a second kernel that faults after it. */
    private static final String PTX = """
            .version 8.0
            .target sm_90
            .address_size 64
            .extern .func (.param .b32 status) vprintf (.param .b64 format, .param .b64 values);
            .global .align 1 .b8 text[3] = {104, 105, 0};
            .visible .entry hi()
            {
                .reg .b64 %a<3>;
                .param .b64 f;
                .param .b64 v;
                .param .b32 r;
                mov.u64 %a1, text;
                cvta.global.u64 %a2, %a1;
                st.param.b64 [f], %a2;
                st.param.b64 [v], 0;
                call.uni (r), vprintf, (f, v);
                ret;
            }
            .visible .entry wild()
            {
                .reg .b64 %a<3>;
                .param .b64 f;
                .param .b64 v;
                .param .b32 r;
                mov.u64 %a1, text;
                cvta.global.u64 %a2, %a1;
                st.param.b64 [f], %a2;
                st.param.b64 [v], 0;
                call.uni (r), vprintf, (f, v);
                mov.u64 %a1, 16;
                st.global.u32 [%a1], 1;
                ret;
            }
            """;

    private static Context context(Consumer<String> output) {
        return Cuda.open(new EmulatorProvider(EmulatorOptions.DEFAULT.withWorkers(2), output)).device(0).context();
    }

    /** It would wait for the launch that waits for it. */
    @Test
    void theConsumerMayNotCallTheDriver() {
        List<Object> seen = new CopyOnWriteArrayList<>();
        Context[] mine = new Context[1];
        try (Context context = mine[0] = context(text -> {
            seen.add(text);
            seen.add(assertThrows(CudaException.class, () -> mine[0].synchronize()).codeName());
        }); Stream stream = context.newStream(); CudaModule module = context.load(PTX)) {
            module.kernel("hi").launch(stream, LaunchConfig.of(1, 1));
            stream.synchronize();
            assertEquals(List.of("hi", "CUDA_ERROR_NOT_PERMITTED"), seen);
        }
    }

    @Test
    void aConsumerThatThrowsEndsTheLaunchAndIsNamed() {
        for (String kernel : List.of("hi", "wild")) {
            Context context = context(text -> {
                throw new IllegalArgumentException("no " + text);
            });
            Stream stream = context.newStream();
            CudaModule module = context.load(PTX);
            module.kernel(kernel).launch(stream, LaunchConfig.of(1, 1));
            CudaException e = assertThrows(CudaException.class, stream::synchronize);
            if (kernel.equals("hi")) {
                assertEquals("CUDA_ERROR_LAUNCH_FAILED", e.codeName());
                assertTrue(e.diagnostic().contains("own consumer of what kernels print failed")
                        && e.diagnostic().contains("no hi"), e.diagnostic());
            } else {
                assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", e.codeName(), "the kernel's own fault comes first");
                assertFalse(e.diagnostic().contains("consumer"), e.diagnostic());
            }
            for (AutoCloseable c : List.of(module, stream)) assertThrows(CudaException.class, c::close);
            context.close();
        }
    }
}
