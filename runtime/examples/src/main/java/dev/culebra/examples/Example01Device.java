package dev.culebra.examples;

import dev.culebra.driver.Availability;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.Device;

/** 01: which driver and which devices there are. The argument is a provider, {@code cuda} where it is left out. */
public final class Example01Device {

    private Example01Device() {}

    /**
     * Prints the devices, or why there are none.
     *
     * @param args a provider's name, such as {@code cuda} or {@code emulator}
     */
    public static void main(String[] args) {
        String provider = args.length > 0 ? args[0] : "cuda";
        Availability availability = Cuda.available(provider);
        if (!availability.available()) {
            System.out.println("no driver '" + provider + "': " + availability.reason());
            return;
        }
        Cuda cuda = Cuda.open(provider);
        System.out.println(cuda);
        for (Device device : cuda.devices()) {
            System.out.printf(
                    "%s: compute capability %s, %d multiprocessors at %d MHz, %d MiB of memory, %d KiB of L2%n",
                    device, device.computeCapability(), device.multiprocessors(), device.clockKilohertz() / 1000,
                    device.totalMemory() >> 20, device.l2CacheBytes() >> 10);
        }
    }
}
