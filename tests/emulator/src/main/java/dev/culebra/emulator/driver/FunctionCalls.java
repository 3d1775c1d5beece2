package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuFuncGetAttribute_v2020;
import dev.culebra.bindings.PFN_cuFuncGetParamInfo_v12040;
import dev.culebra.bindings.PFN_cuFuncSetAttribute_v9000;
import dev.culebra.emulator.ptx.PtxParameter;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** What can be asked of a function, and set. */
final class FunctionCalls {

    private final EmulatedDriver driver;
    private final Gate gate;

    FunctionCalls(EmulatedDriver driver) {
        this.driver = driver;
        this.gate = driver.gate;
    }

    void register(FunctionTable table) {
        table.add("cuFuncGetAttribute", 2020,
                a -> PFN_cuFuncGetAttribute_v2020.allocate((to, attribute, f) -> gate.inContext("cuFuncGetAttribute",
                        c -> Native.putInt(to, find(driver, c, f).get(attribute), "pi")), a));
        table.add("cuFuncSetAttribute", 9000, a -> PFN_cuFuncSetAttribute_v9000.allocate((f, attribute, value) -> gate
                .inContext("cuFuncSetAttribute", c -> find(driver, c, f).set(attribute, value)), a));
        table.add("cuFuncGetParamInfo", 12040, a -> PFN_cuFuncGetParamInfo_v12040.allocate((f, index, offset,
                size) -> gate.inContext("cuFuncGetParamInfo", c -> parameter(find(driver, c, f), index, offset, size)),
                a));
    }

    /** The function of a handle; a library's kernel stands for its function in the current context. */
    static EmulatedFunction find(EmulatedDriver driver, EmulatedContext context, MemorySegment handle) {
        EmulatedLibrary.Kernel kernel = driver.handles.find(handle.address(), EmulatedLibrary.Kernel.class);
        if (kernel != null) {
            return kernel.in(context);
        }
        return driver.handles.get(handle, EmulatedFunction.class, "function", CudaApi.CUDA_ERROR_INVALID_HANDLE());
    }

    private static void parameter(EmulatedFunction function, long index, MemorySegment offset, MemorySegment size) {
        List<PtxParameter> parameters = function.kernel.parameters();
        if (index < 0 || index >= parameters.size()) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), "kernel " + function.name() + " has "
                    + parameters.size() + " parameters, number " + index + " was asked for (they count from 0)");
        }
        PtxParameter parameter = parameters.get((int) index);
        Native.putLong(offset, parameter.offset(), "paramOffset");
        if (!Native.isNull(size)) {
            Native.putLong(size, parameter.size(), "paramSize");
        }
    }
}
