package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuKernelGetFunction_v12000;
import dev.culebra.bindings.PFN_cuLibraryGetKernel_v12000;
import dev.culebra.bindings.PFN_cuLibraryLoadData_v12000;
import dev.culebra.bindings.PFN_cuLibraryUnload_v12000;
import dev.culebra.bindings.PFN_cuModuleGetFunction_v2000;
import dev.culebra.bindings.PFN_cuModuleGetGlobal_v3020;
import dev.culebra.bindings.PFN_cuModuleLoadDataEx_v2010;
import dev.culebra.bindings.PFN_cuModuleUnload_v2000;
import dev.culebra.emulator.memory.Range;
import dev.culebra.emulator.exec.PtxModule;
import dev.culebra.emulator.fault.Occasion;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentHashMap;

/** Modules in a context, and libraries, which are in none until used. */
final class ModuleCalls {

    private final EmulatedDriver driver;
    private final Gate gate;

    ModuleCalls(EmulatedDriver driver) {
        this.driver = driver;
        this.gate = driver.gate;
    }

    void register(FunctionTable table) {
        table.add("cuModuleLoadDataEx", 2010,
                a -> PFN_cuModuleLoadDataEx_v2010.allocate((to, image, count, options, values) -> gate.inContext(
                        "cuModuleLoadDataEx", c -> load(c, to, image, new JitOptions(count, options, values))), a));
        table.add("cuModuleUnload", 2000, a -> PFN_cuModuleUnload_v2000
                .allocate(module -> gate.inContext("cuModuleUnload", c -> unload(module(module))), a));
        table.add("cuModuleGetFunction", 2000,
                a -> PFN_cuModuleGetFunction_v2000.allocate((to, module, name) -> gate.inContext("cuModuleGetFunction",
                        c -> Native.putLong(to, module(module).function(Native.string(name, "name")).handle, "hfunc")),
                        a));
        table.add("cuModuleGetGlobal", 3020, a -> PFN_cuModuleGetGlobal_v3020.allocate((address, bytes, module,
                name) -> gate.inContext("cuModuleGetGlobal", c -> global(address, bytes, module, name)), a));
        table.add("cuLibraryLoadData", 12000, a -> PFN_cuLibraryLoadData_v12000.allocate((to, code, options, values,
                count, libraryOptions, libraryValues, libraryCount) -> gate.initialised("cuLibraryLoadData",
                        () -> loadLibrary(to, code, new JitOptions(count, options, values))),
                a));
        table.add("cuLibraryUnload", 12000, a -> PFN_cuLibraryUnload_v12000
                .allocate(handle -> gate.initialised("cuLibraryUnload", () -> library(handle).unload()), a));
        table.add("cuLibraryGetKernel", 12000,
                a -> PFN_cuLibraryGetKernel_v12000
                        .allocate((to, library, name) -> gate.initialised("cuLibraryGetKernel", () -> Native.putLong(to,
                                library(library).kernel(Native.string(name, "name")), "pKernel")), a));
        table.add("cuKernelGetFunction", 12000,
                a -> PFN_cuKernelGetFunction_v12000.allocate((to, kernel) -> gate.inContext("cuKernelGetFunction",
                        c -> Native.putLong(to, driver.handles.get(kernel, EmulatedLibrary.Kernel.class, "kernel",
                                CudaApi.CUDA_ERROR_INVALID_HANDLE()).in(c).handle, "pFunc")),
                        a));
    }

    private EmulatedModule module(MemorySegment handle) {
        return driver.handles.get(handle, EmulatedModule.class, "module", CudaApi.CUDA_ERROR_INVALID_HANDLE());
    }

    private EmulatedLibrary library(MemorySegment handle) {
        return driver.handles.get(handle, EmulatedLibrary.class, "library", CudaApi.CUDA_ERROR_INVALID_HANDLE());
    }

    private void load(EmulatedContext context, MemorySegment to, MemorySegment image, JitOptions jit) {
        Native.at(to, 8, "module");
        driver.faults.strike(Occasion.MODULE, context.device, 0, "the loading of a module");
        PtxModule ptx = Images.parse(driver.machine, image, jit);
        Native.putLong(to, new EmulatedModule(context, ptx, ConcurrentHashMap.newKeySet()).handle, "module");
    }

    private void loadLibrary(MemorySegment to, MemorySegment code, JitOptions jit) {
        Native.at(to, 8, "library");
        driver.faults.strike(Occasion.MODULE, driver.devices.get(0), 0, "the loading of a library");
        PtxModule ptx = Images.parse(driver.machine, code, jit);
        Native.putLong(to, new EmulatedLibrary(driver, ptx).handle, "library");
    }

    private void unload(EmulatedModule module) {
        driver.captures.refuseUnsafe("cuModuleUnload");
        module.context.drain();
        module.unload();
        module.context.checkHealthy();
    }

    private void global(MemorySegment address, MemorySegment bytes, MemorySegment module, MemorySegment name) {
        Range range = module(module).variable(Native.string(name, "name"));
        // Either may be null: not wanted.
        if (!Native.isNull(address)) {
            Native.putLong(address, range.base(), "dptr");
        }
        if (!Native.isNull(bytes)) {
            Native.putLong(bytes, range.size(), "bytes");
        }
    }
}
