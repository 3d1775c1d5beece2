package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuDeviceCanAccessPeer_v4000;
import dev.culebra.bindings.PFN_cuDeviceGetAttribute_v2000;
import dev.culebra.bindings.PFN_cuDeviceGetCount_v2000;
import dev.culebra.bindings.PFN_cuDeviceGetName_v2000;
import dev.culebra.bindings.PFN_cuDeviceGetPCIBusId_v4010;
import dev.culebra.bindings.PFN_cuDeviceGetUuid_v11040;
import dev.culebra.bindings.PFN_cuDeviceGet_v2000;
import dev.culebra.bindings.PFN_cuDeviceTotalMem_v3020;
import dev.culebra.bindings.PFN_cuDriverGetVersion_v2020;
import dev.culebra.bindings.PFN_cuInit_v2000;
import java.lang.foreign.MemorySegment;

/** The driver's start and version, and what can be asked of a device. A CUdevice is its ordinal. */
final class DeviceCalls {

    /** "0000:01:00.0" and its terminating zero. */
    private static final int PCI_BYTES = 13;

    private final EmulatedDriver driver;
    private final Gate gate;

    DeviceCalls(EmulatedDriver driver) {
        this.driver = driver;
        this.gate = driver.gate;
    }

    void register(FunctionTable table) {
        table.add("cuInit", 2000,
                a -> PFN_cuInit_v2000.allocate(flags -> gate.always("cuInit", () -> init(flags)), a));
        table.add("cuDriverGetVersion", 2020, a -> PFN_cuDriverGetVersion_v2020.allocate(to -> gate
                .always("cuDriverGetVersion", () -> Native.putInt(to, EmulatedDriver.VERSION, "driverVersion")), a));
        table.add("cuDeviceGetCount", 2000, a -> PFN_cuDeviceGetCount_v2000.allocate(to -> gate
                .initialised("cuDeviceGetCount", () -> Native.putInt(to, driver.devices.size(), "count")), a));
        table.add("cuDeviceGet", 2000, a -> PFN_cuDeviceGet_v2000.allocate((to, ordinal) -> gate
                .initialised("cuDeviceGet", () -> Native.putInt(to, driver.device(ordinal).ordinal, "device")), a));
        table.add("cuDeviceGetName", 2000,
                a -> PFN_cuDeviceGetName_v2000.allocate((to, length, device) -> gate.initialised("cuDeviceGetName",
                        () -> Native.putString(to, length, driver.device(device).name, "name")), a));
        table.add("cuDeviceTotalMem", 3020,
                a -> PFN_cuDeviceTotalMem_v3020.allocate((to, device) -> gate.initialised("cuDeviceTotalMem",
                        () -> Native.putLong(to, driver.device(device).account.total(), "bytes")), a));
        table.add("cuDeviceGetAttribute", 2000,
                a -> PFN_cuDeviceGetAttribute_v2000.allocate(
                        (to, attribute, device) -> gate.initialised("cuDeviceGetAttribute",
                                () -> Native.putInt(to, driver.device(device).attributes.get(attribute), "pi")),
                        a));
        table.add("cuDeviceGetUuid", 11040, a -> PFN_cuDeviceGetUuid_v11040
                .allocate((to, device) -> gate.initialised("cuDeviceGetUuid", () -> uuid(to, device)), a));
        table.add("cuDeviceGetPCIBusId", 4010, a -> PFN_cuDeviceGetPCIBusId_v4010.allocate((to, length,
                device) -> gate.initialised("cuDeviceGetPCIBusId", () -> pciBusId(to, length, device)), a));
        table.add("cuDeviceCanAccessPeer", 4000, a -> PFN_cuDeviceCanAccessPeer_v4000.allocate(
                (to, device, peer) -> gate.initialised("cuDeviceCanAccessPeer", () -> Native.putInt(to,
                        driver.device(device) != driver.device(peer) ? 1 : 0, "canAccessPeer")),
                a));
    }

    private void init(int flags) {
        if (flags != 0) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), "cuInit's flags are " + flags + " and must be 0");
        }
        driver.initialised = true;
    }

    private void uuid(MemorySegment to, int device) {
        Native.at(to, 16, "uuid").copyFrom(MemorySegment.ofArray(driver.device(device).uuid()));
    }

    private void pciBusId(MemorySegment to, int length, int device) {
        if (length < PCI_BYTES) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    "a PCI bus id needs " + PCI_BYTES + " bytes, " + length + " were given");
        }
        Native.putString(to, length, driver.device(device).pciBusId(), "pciBusId");
    }
}
