package dev.culebra.tests.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuInit_v2000;
import dev.culebra.bindings.PFN_cuMemGetInfo_v3020;
import dev.culebra.emulator.EmulatorOptions;
import java.lang.foreign.MemorySegment;

/**
 * A program of its own that calls the driver at every level of an endless recursion, some times over: an overflow that
 * left an upcall would end its JVM. Prints how often the stack ran out.
 */
final class Recursion {

    static final int TIMES = 20;

    private Recursion() {}

    private static int descend(MemorySegment function, MemorySegment out) {
        int code = PFN_cuMemGetInfo_v3020.invoke(function, out, out);
        if (code != CudaApi.CUDA_ERROR_INVALID_CONTEXT()) {
            throw new IllegalStateException("code " + code);
        }
        return descend(function, out) + 1;
    }

    public static void main(String[] arguments) {
        int overflows = 0;
        try (RawDriver d = new RawDriver(EmulatorOptions.DEFAULT)) {
            d.ok(PFN_cuInit_v2000.invoke(d.f("cuInit", 2000), 0));
            MemorySegment function = d.f("cuMemGetInfo", 3020);
            MemorySegment out = d.out();
            for (int i = 0; i < TIMES; i++) {
                try {
                    descend(function, out);
                } catch (StackOverflowError e) {
                    overflows++;
                } catch (IllegalStateException e) {
                    if (!e.getMessage().equals("code " + CudaApi.CUDA_ERROR_UNKNOWN())) {
                        throw e;
                    }
                    overflows++;
                }
            }
        }
        System.out.println(overflows + " overflows");
    }
}
