package dev.culebra.jmh.host;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuGetProcAddress_v12000;
import dev.culebra.driver.Context;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.Stream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * What most benchmarks of this package stand on: a driver, its first device's context, a stream, and the module {@code
 * host.ptx}. One thread.
 */
final class HostWork implements AutoCloseable {

    /**
     * Launches in a row between two waits: a device takes some 2 us for a kernel that does nothing, so that an endless
     * row would measure the device. A quarter of the some 1,000 that a stream takes before a launch has to wait for
     * room.
     */
    static final int BURST = 256;

    final Drivers.Opened driver;
    final Context context;
    final Stream stream;
    final CudaModule module;

    HostWork(String driverName) {
        driver = Drivers.open(driverName);
        context = driver.cuda().device(0).context();
        stream = context.newStream();
        module = context.load(ptx());
    }

    /** The text of {@code host.ptx}. */
    static String ptx() { return resource("host.ptx"); }

    /** A text beside this class. */
    static String resource(String name) {
        try (InputStream in = HostWork.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException(name + " is not in the jar", e);
        }
    }

    /** A function's address, asked for as the bindings' own layer asks, for a call that no layer of ours is in. */
    MemorySegment function(String name, int version) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointer = arena.allocate(CudaApi.C_POINTER);
            MemorySegment status = arena.allocate(ValueLayout.JAVA_INT);
            int code = PFN_cuGetProcAddress_v12000.invoke(driver.getProcAddress(), arena.allocateFrom(name), pointer,
                    version,
                    CudaApi.CU_GET_PROC_ADDRESS_DEFAULT(), status);
            long address = pointer.get(ValueLayout.JAVA_LONG, 0);
            if (code != 0 || address == 0) throw new IllegalStateException(driver.cuda() + " has no " + name);
            return MemorySegment.ofAddress(address);
        }
    }

    /** A raw call's answer. */
    static void require(int code) {
        if (code != 0) throw new IllegalStateException("the driver answered " + code);
    }

    @Override
    public void close() {
        module.close();
        stream.close();
        context.close();
    }
}
