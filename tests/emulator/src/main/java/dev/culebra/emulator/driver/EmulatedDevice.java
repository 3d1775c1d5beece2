package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.emulator.exec.DeviceSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A device: what it is, its memory's account, its pools and its primary context. */
final class EmulatedDevice {

    final EmulatedDriver driver;
    final int ordinal;
    final String name;
    final ComputeLimits limits;
    final DeviceAttributes attributes;
    final MemoryAccount account;
    final DeviceSpec spec;
    final EmulatedContext context;

    /** Why it takes no more contexts, or null. */
    private volatile Fault lost;

    private final List<EmulatedPool> pools = new ArrayList<>();
    private final EmulatedPool defaultPool;
    private EmulatedPool currentPool;

    EmulatedDevice(EmulatedDriver driver, int ordinal) {
        Machine machine = driver.machine;
        this.driver = driver;
        this.ordinal = ordinal;
        this.name = "Culebra Emulator (sm_" + machine.computeMajor() + machine.computeMinor() + ")";
        this.limits = ComputeLimits.of(machine.computeMajor(), machine.computeMinor());
        this.attributes = new DeviceAttributes(machine, limits, ordinal);
        this.account = new MemoryAccount(machine.memoryBytes());
        this.spec = new DeviceSpec(machine.computeMajor(), machine.computeMinor(), machine.multiprocessors(),
                limits.sharedPerBlock(), limits.sharedPerMultiprocessor(), limits.clockKilohertz(),
                machine.stepLimit(), machine.checks(), this::print);
        this.context = new EmulatedContext(this);
        this.defaultPool = newPool(0);
        this.currentPool = defaultPool;
    }

    /**
     * Hands over what a kernel printed. Whoever takes it may not call the driver, as a host function may not: most calls would
     * wait for the launch whose thread this is.
     */
    private void print(String text) {
        try {
            driver.gate.hostFunction(() -> driver.machine.output().accept(text));
        } catch (Throwable t) {
            throw new CudaError(CudaApi.CUDA_ERROR_LAUNCH_FAILED(),
                    "the program's own consumer of what kernels print failed: " + t);
        }
    }

    /** From now on nothing works on it: a plan says so, or it is a device that does not recover. */
    void lose(Fault why) {
        if (lost == null) {
            lost = why;
        }
    }

    Fault lost() { return lost; }

    void checkPresent() {
        Fault why = lost;
        if (why != null) {
            throw new CudaError(why.code(), why.diagnostic());
        }
    }

    String pciBusId() { return String.format(Locale.ROOT, "0000:%02X:00.0", ordinal + 1); }

    /** Readable bytes that no board has, and the ordinal. */
    byte[] uuid() {
        byte[] bytes = "culebra-emulator".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        bytes[15] = (byte) ordinal;
        return bytes;
    }

    EmulatedPool defaultPool() { return defaultPool; }

    synchronized EmulatedPool currentPool() { return currentPool; }

    synchronized void currentPool(EmulatedPool pool) { currentPool = pool; }

    synchronized EmulatedPool newPool(long maximum) {
        EmulatedPool pool = new EmulatedPool(this, maximum);
        pools.add(pool);
        return pool;
    }

    synchronized void destroy(EmulatedPool pool) {
        if (currentPool == pool) {
            currentPool = defaultPool;
        }
        pools.remove(pool);
        pool.destroy();
    }

    /** A synchronisation lets all pools give back what they need not hold. */
    synchronized void settlePools() {
        pools.forEach(EmulatedPool::settle);
    }

    int sharedWithoutConsent() { return Math.min(48 * 1024, limits.sharedPerBlock()); }
}
