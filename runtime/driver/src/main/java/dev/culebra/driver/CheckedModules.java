package dev.culebra.driver;

import static dev.culebra.driver.DriverFunction.*;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.culebra.bindings.*;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Modules and libraries of code, and what is known of their functions. */
final class CheckedModules extends Checked {

    CheckedModules(Functions functions, Errors errors) { super(functions, errors); }

    /** The code alone, since what to say of a failure stands in the JIT's log and in the PTX: see {@link JitCall}. */
    int load(MemorySegment context, MemorySegment out, MemorySegment image, int count, MemorySegment options,
            MemorySegment values) {
        return PFN_cuModuleLoadDataEx_v2010.invoke(at(cuModuleLoadDataEx, context), out, image, count, options,
                values);
    }

    /** The code alone, for the same reason. */
    int loadLibrary(MemorySegment context, MemorySegment out, MemorySegment image, int count, MemorySegment options,
            MemorySegment values) {
        return PFN_cuLibraryLoadData_v12000.invoke(at(cuLibraryLoadData, context), out, image, options, values, count,
                MemorySegment.NULL, MemorySegment.NULL, 0);
    }

    void unload(MemorySegment context, MemorySegment module) {
        check(cuModuleUnload, PFN_cuModuleUnload_v2000.invoke(at(cuModuleUnload, context), module));
    }

    void unloadLibrary(MemorySegment context, MemorySegment library) {
        check(cuLibraryUnload, PFN_cuLibraryUnload_v12000.invoke(at(cuLibraryUnload, context), library));
    }

    MemorySegment function(MemorySegment context, MemorySegment module, String name, String advice) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CudaApi.C_POINTER);
            MemorySegment text = arena.allocateFrom(name);
            int code = PFN_cuModuleGetFunction_v2000.invoke(at(cuModuleGetFunction, context), out, module, text);
            if (code != 0) throw errors.of(cuModuleGetFunction, code, advice);
            return Handles.read(out);
        }
    }

    /** The kernel of a library, and its function in the context. */
    MemorySegment libraryFunction(MemorySegment context, MemorySegment library, String name, String advice,
            String log) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CudaApi.C_POINTER);
            MemorySegment text = arena.allocateFrom(name);
            int code = PFN_cuLibraryGetKernel_v12000.invoke(at(cuLibraryGetKernel, context), out, library, text);
            if (code == CudaApi.CUDA_ERROR_NOT_FOUND()) throw errors.of(cuLibraryGetKernel, code, advice);
            if (code != 0) throw errors.of(cuLibraryGetKernel, code, "", log);
            MemorySegment kernel = Handles.read(out);
            check(cuKernelGetFunction,
                    PFN_cuKernelGetFunction_v12000.invoke(at(cuKernelGetFunction, context), out, kernel));
            return Handles.read(out);
        }
    }

    record Global(long address, long bytes) {}

    Global global(MemorySegment context, MemorySegment module, String name, String advice) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(JAVA_LONG);
            MemorySegment bytes = arena.allocate(JAVA_LONG);
            MemorySegment text = arena.allocateFrom(name);
            int code = PFN_cuModuleGetGlobal_v3020.invoke(at(cuModuleGetGlobal, context), address, bytes, module,
                    text);
            if (code != 0) throw errors.of(cuModuleGetGlobal, code, advice);
            return new Global(address.get(JAVA_LONG, 0), bytes.get(JAVA_LONG, 0));
        }
    }

    int functionAttribute(MemorySegment context, MemorySegment function, int attribute) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(JAVA_INT);
            check(cuFuncGetAttribute,
                    PFN_cuFuncGetAttribute_v2020.invoke(at(cuFuncGetAttribute, context), out, attribute, function));
            return out.get(JAVA_INT, 0);
        }
    }

    void setFunctionAttribute(MemorySegment context, MemorySegment function, int attribute, int value) {
        check(cuFuncSetAttribute,
                PFN_cuFuncSetAttribute_v9000.invoke(at(cuFuncSetAttribute, context), function, attribute, value));
    }

    record ParameterPlace(long offset, long size) {}

    boolean knowsParameters() { return functions.has(cuFuncGetParamInfo); }

    /** Where the parameter stands in the argument block; null past the last one. */
    ParameterPlace parameter(MemorySegment context, MemorySegment function, int index) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment offset = arena.allocate(JAVA_LONG);
            MemorySegment size = arena.allocate(JAVA_LONG);
            int code = PFN_cuFuncGetParamInfo_v12040.invoke(at(cuFuncGetParamInfo, context), function, index, offset,
                    size);
            if (code == CudaApi.CUDA_ERROR_INVALID_VALUE()) return null;
            check(cuFuncGetParamInfo, code);
            return new ParameterPlace(offset.get(JAVA_LONG, 0), size.get(JAVA_LONG, 0));
        }
    }
}
