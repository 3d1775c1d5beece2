package dev.culebra.jmh.host;

import dev.culebra.driver.Availability;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.spi.DriverProvider;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.Optional;
import java.util.Set;

/**
 * The drivers that can be measured: {@code cuda}, NVIDIA's; {@code no-op}, {@link NoOpDriver}; and {@code emulator},
 * whose times say nothing and which is here to prove that what will run on a GPU runs and is checked.
 */
final class Drivers {

    /** NVIDIA's. */
    static final String CUDA = "cuda";

    /** The emulated device, without its checks. */
    static final String EMULATOR = "emulator";

    private Drivers() {}

    /** A driver, and where its functions are asked for. */
    record Opened(Cuda cuda, MemorySegment getProcAddress) {

        /** Whether a copy moves bytes and a kernel runs, so that a result can be checked. */
        boolean works() {
            return !cuda.provider().equals(NoOpDriver.NAME);
        }
    }

    /** Why a driver can not be measured here; empty where it can. */
    static Optional<String> missing(String driver) {
        if (driver.equals(NoOpDriver.NAME)) return NoOpDriver.missing();
        if (driver.equals(EMULATOR)) return Optional.empty();
        Availability availability = Cuda.available(driver);
        return availability.available() ? Optional.empty() : Optional.of(availability.reason());
    }

    static Opened open(String driver) {
        return switch (driver) {
            case NoOpDriver.NAME -> open(new NoOpDriver());
            case EMULATOR -> open(new EmulatorProvider(EmulatorOptions.DEFAULT.withChecks(Set.of())));
            case CUDA -> {
                Cuda cuda = Cuda.open();
                yield new Opened(cuda, symbol(cuda.origin()));
            }
            default -> throw new IllegalArgumentException(
                    "no driver '" + driver + "': " + CUDA + ", " + NoOpDriver.NAME + " or " + EMULATOR);
        };
    }

    private static Opened open(DriverProvider provider) {
        Cuda cuda = Cuda.open(provider);
        // Loaded by now; a second word from the provider is the same driver.
        return new Opened(cuda, ((DriverProvider.Result.Loaded) provider.load()).cuGetProcAddress());
    }

    @SuppressWarnings("restricted") // the library that is open already
    private static MemorySegment symbol(String library) {
        return SymbolLookup.libraryLookup(library, Arena.global()).find("cuGetProcAddress_v2").orElseThrow();
    }
}
