/**
 * A CUDA driver written in Java: it runs PTX where there is no GPU. Found by {@link java.util.ServiceLoader} under the
 * name {@code emulator}; options are system properties, see {@link dev.culebra.emulator.EmulatorOptions}.
 */
module dev.culebra.emulator {
    requires transitive dev.culebra.driver;
    requires dev.culebra.bindings;

    exports dev.culebra.emulator;
    exports dev.culebra.emulator.check;
    exports dev.culebra.emulator.fault;

    provides dev.culebra.driver.spi.DriverProvider with dev.culebra.emulator.EmulatorProvider;
}
