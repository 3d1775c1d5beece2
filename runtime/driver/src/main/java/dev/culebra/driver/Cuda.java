package dev.culebra.driver;

import dev.culebra.driver.spi.CounterRecording;
import dev.culebra.driver.spi.CounterSource;
import dev.culebra.driver.spi.DriverProvider;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * An open CUDA driver: where everything begins.
 *
 * {@snippet lang=java :
 * try (Context context = Cuda.open().device(0).context(); Stream stream = context.newStream()) {
 *     DeviceBuffer buffer = context.allocate(1 << 20);
 *     // ...
 * }
 * }
 *
 * <p>
 * There is one a process for each provider, opened when first asked for and never closed. It may be used from any thread.
 */
public final class Cuda {

    /** By provider's name; what came of opening it is decided once a process. */
    private static final Map<String, Opening> BY_NAME = new HashMap<>();

    private static final Map<DriverProvider, Opening> BY_PROVIDER = new IdentityHashMap<>();

    private record Opening(Cuda cuda, String reason) {}

    private final DriverProvider provider;
    private final String origin;
    private final int driverVersion;
    private final List<Device> devices;
    final Driver driver;

    private Cuda(DriverProvider provider, DriverProvider.Result.Loaded loaded) {
        this.provider = provider;
        this.origin = loaded.origin();
        this.driver = new Driver(loaded.cuGetProcAddress(), provider);
        this.driverVersion = driver.devices.driverVersion();
        driver.errors.driverVersion = driverVersion;
        driver.devices.init();
        List<Device> all = new ArrayList<>();
        int count = driver.devices.count();
        for (int ordinal = 0; ordinal < count; ordinal++) all.add(new Device(this, ordinal));
        this.devices = List.copyOf(all);
    }

    /**
     * Whether NVIDIA's driver can be used here. Loads it, where there is one.
     *
     * @return yes, or why not
     */
    public static Availability available() { return available(NvidiaDriver.NAME); }

    /**
     * Whether a driver can be used here. Loads it, where there is one.
     *
     * @param provider its name, such as {@code cuda} or {@code emulator}
     * @return yes, or why not
     */
    public static Availability available(String provider) {
        Opening opening = opening(provider);
        return new Availability(opening.cuda != null, opening.reason);
    }

    /**
     * Opens NVIDIA's driver.
     *
     * @return the driver, the same one on each call
     * @throws CudaUnavailableException where there is none
     */
    public static Cuda open() { return open(NvidiaDriver.NAME); }

    /**
     * Opens a driver by its provider's name.
     *
     * @param provider {@code cuda} for NVIDIA's, or the name of one that {@link java.util.ServiceLoader} finds
     * @return the driver, the same one on each call
     * @throws CudaUnavailableException where there is none
     */
    public static Cuda open(String provider) { return orThrow(provider, opening(provider)); }

    /**
     * Opens the driver of a provider that the caller made, such as an emulator with options of its own. The provider and
     * its driver are kept for the life of the process.
     *
     * @param provider the provider; it is asked to load only once, however often this is called
     * @return the driver, the same one for the same provider
     * @throws CudaUnavailableException where it has none
     */
    public static Cuda open(DriverProvider provider) {
        synchronized (BY_NAME) {
            Opening opening = BY_PROVIDER.get(provider);
            if (opening == null) BY_PROVIDER.put(provider, opening = load(provider));
            return orThrow(provider.name(), opening);
        }
    }

    /**
     * The names of the providers that are known here, whether or not their drivers can be loaded.
     *
     * @return names for {@link #open(String)}, NVIDIA's first
     */
    public static List<String> providers() { return List.copyOf(Providers.find().byName().keySet()); }

    private static Cuda orThrow(String name, Opening opening) {
        if (opening.cuda == null) throw new CudaUnavailableException(name, opening.reason);
        return opening.cuda;
    }

    private static Opening opening(String name) {
        synchronized (BY_NAME) {
            Opening known = BY_NAME.get(name);
            if (known != null) return known;
            Providers.Found found = Providers.find();
            DriverProvider provider = found.byName().get(name);
            if (provider == null) {
                String broken = found.broken().isEmpty() ? "" : "; not usable: " + String.join("; ", found.broken());
                // Not kept: a class loader that has it may ask later.
                return new Opening(null, "no provider of this name among " + found.byName().keySet() + broken);
            }
            Opening opening = load(provider);
            BY_NAME.put(name, opening);
            return opening;
        }
    }

    /** Never throws: a driver that fails while it is loaded is a driver that is not there. */
    private static Opening load(DriverProvider provider) {
        try {
            return switch (provider.load()) {
                case DriverProvider.Result.Missing missing -> new Opening(null, missing.reason());
                case DriverProvider.Result.Loaded loaded -> {
                    Cuda cuda = new Cuda(provider, loaded);
                    yield cuda.devices.isEmpty()
                            ? new Opening(null, "the driver has no device")
                            : new Opening(cuda, "");
                }
            };
        } catch (CudaException e) {
            return new Opening(null, e.getMessage());
        } catch (RuntimeException | LinkageError e) {
            return new Opening(null, "its provider " + provider.getClass().getName() + " failed: " + e);
        }
    }

    /**
     * The provider's name.
     *
     * @return {@code cuda}, {@code emulator}, or another's
     */
    public String provider() { return provider.name(); }

    /**
     * Where the driver was found.
     *
     * @return a library's path or a name, for people
     */
    public String origin() { return origin; }

    /**
     * The CUDA version that the driver was made for.
     *
     * @return 1000 times the major version plus 10 times the minor one: 12040 for 12.4
     */
    public int driverVersion() { return driverVersion; }

    /**
     * All devices, in the driver's order.
     *
     * @return one at least
     */
    public List<Device> devices() { return devices; }

    /**
     * A device.
     *
     * @param ordinal its place in {@link #devices()}
     * @return the device
     * @throws IllegalArgumentException where there is none of this ordinal
     */
    public Device device(int ordinal) {
        if (ordinal < 0 || ordinal >= devices.size()) {
            throw new IllegalArgumentException("no device " + ordinal + ": the driver '" + provider() + "' has "
                    + devices.size() + ", counted from 0");
        }
        return devices.get(ordinal);
    }

    /**
     * The driver's functions that Culebra can use and this driver does not have. Using one throws a
     * {@link CudaException} that says which version has it; everything else works.
     *
     * @return names such as {@code cuFuncGetParamInfo}; empty for a driver of CUDA 12.4 or later
     */
    public List<String> missingFunctions() { return driver.functions.missing().stream().map(Enum::name).toList(); }

    /**
     * Whether a driver counts what kernels execute. Loads nothing.
     *
     * @param provider a provider's name, such as {@code cuda} or {@code emulator}
     * @return true where {@link #recordCounters()} will work; false for an unknown name too
     */
    public static boolean counts(String provider) {
        return Providers.find().byName().get(provider) instanceof CounterSource;
    }

    /**
     * Begins to count what kernels execute: instructions by class, memory traffic, bank conflicts.
     *
     * {@snippet lang=java :
     * try (CounterRecording recording = cuda.recordCounters()) {
     *     kernel.launch(stream, config, arguments);
     *     stream.synchronize();
     *     recording.launches().forEach(l -> System.out.println(l.kernel() + ": " + l.warpInstructions()));
     * }
     * }
     *
     * @return an open recording; the caller closes it
     * @throws UnsupportedOperationException where the driver does not count, as NVIDIA's does not
     */
    public CounterRecording recordCounters() {
        if (provider instanceof CounterSource source) return source.recordCounters();
        throw new UnsupportedOperationException("the driver '" + provider() + "' does not count what kernels execute;"
                + " run them on the emulator, Cuda.open(\"emulator\"), or on a GPU under NVIDIA's profiler, ncu");
    }

    @Override
    public String toString() {
        return "CUDA " + Advice.cudaVersion(driverVersion) + " driver '" + provider() + "' (" + origin + ")";
    }
}
