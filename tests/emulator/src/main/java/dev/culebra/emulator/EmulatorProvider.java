package dev.culebra.emulator;

import dev.culebra.driver.spi.CounterRecording;
import dev.culebra.driver.spi.CounterSource;
import dev.culebra.driver.spi.Diagnostics;
import dev.culebra.driver.spi.DriverProvider;
import dev.culebra.emulator.driver.EmulatedDriver;
import dev.culebra.emulator.driver.Machine;
import dev.culebra.emulator.exec.DeviceSpec;
import java.util.function.Consumer;

/**
 * The emulator as a provider, under the name {@code emulator}. Each instance is a driver of its own, with its own
 * devices and memory; {@link java.util.ServiceLoader} makes one from the system properties that
 * {@link EmulatorOptions#fromSystemProperties} reads, a test may make others. Safe for use by many threads.
 *
 * <p>
 * A loaded driver lives as long as the process: its function pointers are never freed, as those of a library are not.
 */
public final class EmulatorProvider implements DriverProvider, Diagnostics, CounterSource {

    private final EmulatorOptions options;
    private final Consumer<String> output;
    private EmulatedDriver driver;

    /** An emulator with the options that the system properties give when it is loaded. */
    public EmulatorProvider() {
        this.options = null;
        this.output = DeviceSpec::print;
    }

    /**
     * An emulator with chosen options.
     *
     * @param options the machine to emulate
     */
    public EmulatorProvider(EmulatorOptions options) { this(options, DeviceSpec::print); }

    /**
     * An emulator with chosen options, whose kernels print to a place of the caller's.
     *
     * @param options the machine to emulate
     * @param output takes what {@code printf} in kernels prints: a whole grid's text, block by block, when the grid has
     *        ended, so before anybody who waits for it goes on; called on a thread of the emulator's, one stream's launches in
     *        their order. It may not call the driver ({@code CUDA_ERROR_NOT_PERMITTED}); what it throws ends the launch as a
     *        fault does
     */
    public EmulatorProvider(EmulatorOptions options, Consumer<String> output) {
        this.options = java.util.Objects.requireNonNull(options, "options");
        this.output = java.util.Objects.requireNonNull(output, "output");
    }

    @Override
    public String name() { return "emulator"; }

    @Override
    public synchronized Result load() {
        try {
            if (driver == null) {
                EmulatorOptions o = options == null ? EmulatorOptions.fromSystemProperties() : options;
                driver = new EmulatedDriver(
                        new Machine(o.devices(), o.computeMajor(), o.computeMinor(), o.multiprocessors(),
                                o.memoryBytes(), o.workers(), o.stepLimit(), o.checks(), o.holdMillis(), o.faults(),
                                o.failOnLeaks(), o.recovers(), output));
            }
            return new Result.Loaded(driver.procAddress(), "Culebra emulator, in this process");
        } catch (IllegalArgumentException e) {
            return new Result.Missing(e.getMessage());
        }
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalStateException before the driver is loaded
     */
    @Override
    public synchronized CounterRecording recordCounters() {
        if (driver == null) {
            throw new IllegalStateException("the emulator is not loaded: open it first, as Cuda.open does");
        }
        return driver.recordCounters();
    }

    @Override
    public String lastDiagnostic() {
        EmulatedDriver d;
        synchronized (this) {
            d = driver;
        }
        return d == null ? null : d.lastDiagnostic();
    }
}
