package dev.culebra.driver.spi;

import java.lang.foreign.MemorySegment;

/**
 * A CUDA driver that the runtime can stand on: NVIDIA's, or one written in Java. Providers are found by
 * {@link java.util.ServiceLoader}; whatever runs above this interface can not tell one from another.
 *
 * <p>
 * A driver is one function pointer, {@code cuGetProcAddress}: every other function comes from it, by base name and the
 * version its binding was made for, as the CUDA runtime itself does it. A function is asked for when it is first used, so
 * a driver need not have them all; to be opened it has {@code cuDriverGetVersion}, {@code cuInit}, {@code cuDeviceGetCount},
 * {@code cuDeviceGet} and {@code cuDeviceGetName}, and for a context {@code cuDevicePrimaryCtxRetain},
 * {@code cuDevicePrimaryCtxRelease} and {@code cuCtxSetCurrent}. Functions are called from any thread, several at once, and
 * must not throw: an exception that leaves an upcall ends the JVM.
 */
public interface DriverProvider {

    /**
     * The name users choose the driver by, such as {@code cuda} or {@code emulator}.
     *
     * @return a lower-case word, the same on every call; of several providers of a name the first that is found counts, and
     *         {@code cuda} is NVIDIA's
     */
    String name();

    /**
     * Loads the driver, or tells why it can not be had. Called at most once for each name, or for each provider given to
     * {@link dev.culebra.driver.Cuda#open(DriverProvider)}; not to throw for a driver that is missing. What is thrown all the
     * same is taken for the reason.
     *
     * @return the loaded driver, or the reason there is none
     */
    Result load();

    /** What came of loading a driver. */
    sealed interface Result {

        /**
         * A driver that answered.
         *
         * @param cuGetProcAddress function pointer of type {@code PFN_cuGetProcAddress_v12000}, valid as long as the process
         * @param origin where it was found, for people: a library's path, or a name
         */
        record Loaded(MemorySegment cuGetProcAddress, String origin) implements Result {}

        /**
         * No driver.
         *
         * @param reason one sentence for people: what was looked for, and what the system said
         */
        record Missing(String reason) implements Result {}
    }
}
