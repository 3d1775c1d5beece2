package dev.culebra.driver;

import static dev.culebra.driver.DriverFunction.*;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.culebra.bindings.*;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.UUID;

/** The driver itself and its devices. */
final class CheckedDevices extends Checked {

    /** What the driver's own samples use for names. */
    private static final int NAME_BYTES = 256;

    CheckedDevices(Functions functions, Errors errors) { super(functions, errors); }

    void init() { check(cuInit, PFN_cuInit_v2000.invoke(at(cuInit), 0)); }

    int driverVersion() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_INT);
            check(cuDriverGetVersion, PFN_cuDriverGetVersion_v2020.invoke(at(cuDriverGetVersion), out));
            return out.get(JAVA_INT, 0);
        }
    }

    int count() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_INT);
            check(cuDeviceGetCount, PFN_cuDeviceGetCount_v2000.invoke(at(cuDeviceGetCount), out));
            return out.get(JAVA_INT, 0);
        }
    }

    int device(int ordinal) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_INT);
            check(cuDeviceGet, PFN_cuDeviceGet_v2000.invoke(at(cuDeviceGet), out, ordinal));
            return out.get(JAVA_INT, 0);
        }
    }

    String name(int device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(NAME_BYTES);
            check(cuDeviceGetName, PFN_cuDeviceGetName_v2000.invoke(at(cuDeviceGetName), out, NAME_BYTES, device));
            return out.getString(0);
        }
    }

    long totalMemory(int device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_LONG);
            check(cuDeviceTotalMem, PFN_cuDeviceTotalMem_v3020.invoke(at(cuDeviceTotalMem), out, device));
            return out.get(JAVA_LONG, 0);
        }
    }

    int attribute(int device, int attribute) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_INT);
            check(cuDeviceGetAttribute,
                    PFN_cuDeviceGetAttribute_v2000.invoke(at(cuDeviceGetAttribute), out, attribute, device));
            return out.get(JAVA_INT, 0);
        }
    }

    UUID uuid(int device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CUuuid.layout());
            check(cuDeviceGetUuid, PFN_cuDeviceGetUuid_v11040.invoke(at(cuDeviceGetUuid), out, device));
            // The bytes are in the order in which a UUID is written, whatever the machine's.
            ByteBuffer bytes = ByteBuffer.wrap(out.toArray(JAVA_BYTE));
            return new UUID(bytes.getLong(), bytes.getLong());
        }
    }

    String pciBusId(int device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(NAME_BYTES);
            check(cuDeviceGetPCIBusId,
                    PFN_cuDeviceGetPCIBusId_v4010.invoke(at(cuDeviceGetPCIBusId), out, NAME_BYTES, device));
            return out.getString(0);
        }
    }

    boolean canAccessPeer(int device, int peer) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_INT);
            check(cuDeviceCanAccessPeer,
                    PFN_cuDeviceCanAccessPeer_v4000.invoke(at(cuDeviceCanAccessPeer), out, device, peer));
            return out.get(JAVA_INT, 0) != 0;
        }
    }

    MemorySegment retainPrimaryContext(int device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CudaApi.C_POINTER);
            check(cuDevicePrimaryCtxRetain,
                    PFN_cuDevicePrimaryCtxRetain_v7000.invoke(at(cuDevicePrimaryCtxRetain), out, device));
            return Handles.read(out);
        }
    }

    void releasePrimaryContext(int device) {
        check(cuDevicePrimaryCtxRelease,
                PFN_cuDevicePrimaryCtxRelease_v11000.invoke(at(cuDevicePrimaryCtxRelease), device));
    }

    void setPrimaryContextFlags(int device, int flags) {
        check(cuDevicePrimaryCtxSetFlags,
                PFN_cuDevicePrimaryCtxSetFlags_v11000.invoke(at(cuDevicePrimaryCtxSetFlags), device, flags));
    }

    PrimaryContextState primaryContextState(int device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment flags = arena.allocate(JAVA_INT);
            MemorySegment active = arena.allocate(JAVA_INT);
            check(cuDevicePrimaryCtxGetState, PFN_cuDevicePrimaryCtxGetState_v7000
                    .invoke(at(cuDevicePrimaryCtxGetState), device, flags, active));
            return new PrimaryContextState(flags.get(JAVA_INT, 0), active.get(JAVA_INT, 0) != 0);
        }
    }

    record PrimaryContextState(int flags, boolean active) {}

    MemorySegment defaultPool(int device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CudaApi.C_POINTER);
            check(cuDeviceGetDefaultMemPool,
                    PFN_cuDeviceGetDefaultMemPool_v11020.invoke(at(cuDeviceGetDefaultMemPool), out, device));
            return Handles.read(out);
        }
    }

    MemorySegment currentPool(int device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CudaApi.C_POINTER);
            check(cuDeviceGetMemPool, PFN_cuDeviceGetMemPool_v11020.invoke(at(cuDeviceGetMemPool), out, device));
            return Handles.read(out);
        }
    }

    void setCurrentPool(int device, MemorySegment pool) {
        check(cuDeviceSetMemPool, PFN_cuDeviceSetMemPool_v11020.invoke(at(cuDeviceSetMemPool), device, pool));
    }
}
