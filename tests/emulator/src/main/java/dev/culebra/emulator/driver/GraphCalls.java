package dev.culebra.emulator.driver;

import dev.culebra.bindings.CUgraphExecUpdateResultInfo;
import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuGraphCreate_v10000;
import dev.culebra.bindings.PFN_cuGraphDestroy_v10000;
import dev.culebra.bindings.PFN_cuGraphExecDestroy_v10000;
import dev.culebra.bindings.PFN_cuGraphExecUpdate_v12000;
import dev.culebra.bindings.PFN_cuGraphInstantiateWithFlags_v11040;
import dev.culebra.bindings.PFN_cuGraphLaunch_v10000;
import dev.culebra.bindings.PFN_cuGraphUpload_v11010;
import java.lang.foreign.MemorySegment;

/** Graphs: made ready, launched, updated. */
final class GraphCalls {

    /**
     * CUgraphInstantiate_flags of cuda.h: free memory at launch (1), and two that change nothing here: upload (2),
     * priorities of the nodes (8). Launch from the device (4) is not there.
     */
    private static final long KNOWN_FLAGS = 1 | 2 | 8;
    private static final long FREE_AT_LAUNCH = 1;

    private final EmulatedDriver driver;
    private final Gate gate;

    GraphCalls(EmulatedDriver driver) {
        this.driver = driver;
        this.gate = driver.gate;
    }

    void register(FunctionTable table) {
        table.add("cuGraphCreate", 10000, a -> PFN_cuGraphCreate_v10000
                .allocate((to, flags) -> gate.initialised("cuGraphCreate", () -> create(to, flags)), a));
        table.add("cuGraphDestroy", 10000, a -> PFN_cuGraphDestroy_v10000
                .allocate(graph -> gate.initialised("cuGraphDestroy", () -> graph(graph).destroy()), a));
        table.add("cuGraphInstantiateWithFlags", 11040, a -> PFN_cuGraphInstantiateWithFlags_v11040.allocate((to, graph,
                flags) -> gate.inContext("cuGraphInstantiateWithFlags", c -> instantiate(to, graph(graph), flags)), a));
        table.add("cuGraphLaunch", 10000, a -> PFN_cuGraphLaunch_v10000.allocate(
                (exec, stream) -> gate.inContext("cuGraphLaunch", c -> exec(exec).launch(c.stream(stream))), a));
        table.add("cuGraphUpload", 11010,
                a -> PFN_cuGraphUpload_v11010.allocate((exec, stream) -> gate.inContext("cuGraphUpload", c -> {
                    exec(exec);
                    c.stream(stream).submit(Work.empty("upload of a graph"));
                }), a));
        table.add("cuGraphExecUpdate", 12000, a -> PFN_cuGraphExecUpdate_v12000.allocate((exec, graph, info) -> gate
                .inContext("cuGraphExecUpdate", c -> update(exec(exec), graph(graph), info)), a));
        table.add("cuGraphExecDestroy", 10000, a -> PFN_cuGraphExecDestroy_v10000.allocate(
                exec -> gate.initialised("cuGraphExecDestroy", () -> exec(exec).destroy()), a));
    }

    private EmulatedGraph graph(MemorySegment handle) {
        return driver.handles.get(handle, EmulatedGraph.class, "graph", CudaApi.CUDA_ERROR_INVALID_VALUE());
    }

    private EmulatedGraphExec exec(MemorySegment handle) {
        return driver.handles.get(handle, EmulatedGraphExec.class, "executable graph",
                CudaApi.CUDA_ERROR_INVALID_VALUE());
    }

    private void create(MemorySegment to, int flags) {
        if (flags != 0) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    "cuGraphCreate's flags are " + flags + " and must be 0");
        }
        Native.at(to, 8, "phGraph");
        Native.putLong(to, new EmulatedGraph(driver).handle, "phGraph");
    }

    private void instantiate(MemorySegment to, EmulatedGraph graph, long flags) {
        if ((flags & ~KNOWN_FLAGS) != 0) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(), "flags 0x" + Long.toHexString(flags)
                    + " of cuGraphInstantiateWithFlags; the emulator takes 1, 2 and 8");
        }
        Native.at(to, 8, "phGraphExec");
        Native.putLong(to, new EmulatedGraphExec(graph, (flags & FREE_AT_LAUNCH) != 0).handle, "phGraphExec");
    }

    private void update(EmulatedGraphExec exec, EmulatedGraph graph, MemorySegment pointer) {
        MemorySegment info = Native.at(pointer, CUgraphExecUpdateResultInfo.sizeof(), "resultInfo");
        EmulatedGraphExec.Update update = exec.update(graph);
        CUgraphExecUpdateResultInfo.result(info, update.result());
        CUgraphExecUpdateResultInfo.errorNode(info, MemorySegment.ofAddress(update.node()));
        CUgraphExecUpdateResultInfo.errorFromNode(info, MemorySegment.NULL);
        if (update.result() != EmulatedGraphExec.UPDATED) {
            throw new CudaError(CudaApi.CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE(),
                    update.why() + "; instantiate the new graph instead");
        }
    }
}
