package dev.culebra.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuGetErrorName_v6000;
import dev.culebra.bindings.PFN_cuGetErrorString_v6000;
import dev.culebra.driver.spi.Diagnostics;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Makes exceptions of error codes, with the driver's words for them. */
final class Errors {

    private final Functions functions;
    private final Diagnostics diagnostics;

    /** The driver's version once it is known, 12040 for 12.4; 0 before. */
    volatile int driverVersion;

    Errors(Functions functions, Diagnostics diagnostics) {
        this.functions = functions;
        this.diagnostics = diagnostics;
    }

    CudaException of(DriverFunction function, int code) { return of(function, code, ""); }

    /** With advice that only the caller could give; what is known of the code in general is added. */
    CudaException of(DriverFunction function, int code, String advice) {
        return of(function, code, advice, "");
    }

    CudaException of(DriverFunction function, int code, String advice, String log) {
        String more = diagnostic();
        String diagnostic = more.isBlank() || more.equals(log)
                ? log
                : log.isEmpty()
                        ? more
                        : log + System.lineSeparator() + more;
        String general = Advice.of(code, !diagnostic.isBlank());
        String both = advice.isEmpty() || general.isEmpty() ? advice + general : advice + " " + general;
        return new CudaException(function.name(), code, name(code), description(code), both, diagnostic);
    }

    /** What the driver knows of the latest call's failure; empty where that is nothing. */
    String diagnostic() {
        String last = diagnostics == null ? null : diagnostics.lastDiagnostic();
        return last == null ? "" : last;
    }

    /** For a function that this driver has not. */
    CudaException missing(DriverFunction function) {
        int code = CudaApi.CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER();
        return new CudaException(function.name(), code, "CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER",
                "this driver" + (driverVersion == 0 ? "" : ", for CUDA " + Advice.cudaVersion(driverVersion) + ",")
                        + " does not have the function",
                "It wants a driver for CUDA " + Advice.cudaVersion(function.version()) + " or later.", "");
    }

    String name(int code) {
        return functions.has(DriverFunction.cuGetErrorName)
                ? text(PFN_cuGetErrorName_v6000::invoke, functions.find(DriverFunction.cuGetErrorName), code,
                        "CUDA_ERROR_" + code)
                : "CUDA_ERROR_" + code;
    }

    String description(int code) {
        return functions.has(DriverFunction.cuGetErrorString)
                ? text(PFN_cuGetErrorString_v6000::invoke, functions.find(DriverFunction.cuGetErrorString), code,
                        "an error that the driver has no words for")
                : "an error that the driver has no words for";
    }

    private interface Lookup {
        int invoke(MemorySegment function, int code, MemorySegment out);
    }

    private static String text(Lookup lookup, MemorySegment function, int code, String otherwise) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CudaApi.C_POINTER);
            if (lookup.invoke(function, code, out) != 0) return otherwise;
            MemorySegment text = out.get(CudaApi.C_POINTER, 0);
            return text.address() == 0 ? otherwise : Objects.requireNonNull(text.getString(0));
        }
    }
}
