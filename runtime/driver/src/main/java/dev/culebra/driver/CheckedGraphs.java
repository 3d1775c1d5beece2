package dev.culebra.driver;

import static dev.culebra.driver.DriverFunction.*;

import dev.culebra.bindings.*;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Graphs and their executable forms. */
final class CheckedGraphs extends Checked {

    CheckedGraphs(Functions functions, Errors errors) { super(functions, errors); }

    MemorySegment create(MemorySegment context) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CudaApi.C_POINTER);
            check(cuGraphCreate, PFN_cuGraphCreate_v10000.invoke(at(cuGraphCreate, context), out, 0));
            return Handles.read(out);
        }
    }

    void destroy(MemorySegment context, MemorySegment graph) {
        check(cuGraphDestroy, PFN_cuGraphDestroy_v10000.invoke(at(cuGraphDestroy, context), graph));
    }

    MemorySegment instantiate(MemorySegment context, MemorySegment graph) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CudaApi.C_POINTER);
            check(cuGraphInstantiateWithFlags, PFN_cuGraphInstantiateWithFlags_v11040
                    .invoke(at(cuGraphInstantiateWithFlags, context), out, graph, 0));
            return Handles.read(out);
        }
    }

    void destroyExec(MemorySegment context, MemorySegment exec) {
        check(cuGraphExecDestroy, PFN_cuGraphExecDestroy_v10000.invoke(at(cuGraphExecDestroy, context), exec));
    }

    void launch(MemorySegment context, MemorySegment exec, MemorySegment stream) {
        check(cuGraphLaunch, PFN_cuGraphLaunch_v10000.invoke(at(cuGraphLaunch, context), exec, stream));
    }

    void upload(MemorySegment context, MemorySegment exec, MemorySegment stream) {
        check(cuGraphUpload, PFN_cuGraphUpload_v11010.invoke(at(cuGraphUpload, context), exec, stream));
    }

    /** 0 where the graph was taken over, else the {@code CUgraphExecUpdateResult} that says why not. */
    int update(MemorySegment context, MemorySegment exec, MemorySegment graph) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(CUgraphExecUpdateResultInfo.layout());
            int code = PFN_cuGraphExecUpdate_v12000.invoke(at(cuGraphExecUpdate, context), exec, graph, info);
            if (code != CudaApi.CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE()) {
                check(cuGraphExecUpdate, code);
                return 0;
            }
            // 1 is the driver's "unexpected reason", for a failure that names none.
            return Math.max(1, CUgraphExecUpdateResultInfo.result(info));
        }
    }
}
