package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuCtxDestroy_v4000;
import dev.culebra.bindings.PFN_cuCtxEnablePeerAccess_v4000;
import dev.culebra.bindings.PFN_cuCtxGetCurrent_v4000;
import dev.culebra.bindings.PFN_cuCtxGetDevice_v2000;
import dev.culebra.bindings.PFN_cuCtxGetStreamPriorityRange_v5050;
import dev.culebra.bindings.PFN_cuCtxPopCurrent_v4000;
import dev.culebra.bindings.PFN_cuCtxPushCurrent_v4000;
import dev.culebra.bindings.PFN_cuCtxSetCurrent_v4000;
import dev.culebra.bindings.PFN_cuCtxSynchronize_v2000;
import dev.culebra.bindings.PFN_cuDevicePrimaryCtxGetState_v7000;
import dev.culebra.bindings.PFN_cuDevicePrimaryCtxRelease_v11000;
import dev.culebra.bindings.PFN_cuDevicePrimaryCtxRetain_v7000;
import dev.culebra.bindings.PFN_cuDevicePrimaryCtxSetFlags_v11000;
import java.lang.foreign.MemorySegment;

/** Primary contexts, and which context is current to a thread. */
final class ContextCalls {

    /** Stream priorities, as current devices have them: 0 is the least urgent, -5 the most. */
    static final int LEAST_PRIORITY = 0;
    static final int GREATEST_PRIORITY = -5;

    private final EmulatedDriver driver;
    private final Gate gate;

    ContextCalls(EmulatedDriver driver) {
        this.driver = driver;
        this.gate = driver.gate;
    }

    void register(FunctionTable table) {
        registerPrimary(table);
        registerCurrent(table);
        table.add("cuCtxDestroy", 4000,
                a -> PFN_cuCtxDestroy_v4000.allocate(c -> gate.initialised("cuCtxDestroy", () -> destroy(c)), a));
        table.add("cuCtxSynchronize", 2000, a -> PFN_cuCtxSynchronize_v2000
                .allocate(() -> gate.inContext("cuCtxSynchronize", this::synchronize), a));
        table.add("cuCtxGetDevice", 2000, a -> PFN_cuCtxGetDevice_v2000.allocate(to -> gate.initialised(
                "cuCtxGetDevice",
                () -> Native.putInt(to, gate.current.require("cuCtxGetDevice").device.ordinal, "device")), a));
        table.add("cuCtxGetStreamPriorityRange", 5050, a -> PFN_cuCtxGetStreamPriorityRange_v5050
                .allocate((least, greatest) -> gate.inContext("cuCtxGetStreamPriorityRange", c -> {
                    // Either may be null: not wanted.
                    if (!Native.isNull(least)) {
                        Native.putInt(least, LEAST_PRIORITY, "leastPriority");
                    }
                    if (!Native.isNull(greatest)) {
                        Native.putInt(greatest, GREATEST_PRIORITY, "greatestPriority");
                    }
                }), a));
        table.add("cuCtxEnablePeerAccess", 4000, a -> PFN_cuCtxEnablePeerAccess_v4000.allocate((peer, flags) -> gate
                .inContext("cuCtxEnablePeerAccess", c -> enablePeerAccess(c, peer, flags)), a));
    }

    private void registerPrimary(FunctionTable table) {
        table.add("cuDevicePrimaryCtxRetain", 7000, a -> PFN_cuDevicePrimaryCtxRetain_v7000
                .allocate((to, device) -> gate.initialised("cuDevicePrimaryCtxRetain", () -> {
                    EmulatedContext context = driver.device(device).context;
                    context.device.checkPresent();
                    Native.putLong(to, context.handle, "pctx");
                    context.retain();
                }), a));
        table.add("cuDevicePrimaryCtxRelease", 11000,
                a -> PFN_cuDevicePrimaryCtxRelease_v11000.allocate(device -> gate
                        .initialised("cuDevicePrimaryCtxRelease", () -> driver.device(device).context.release()), a));
        table.add("cuDevicePrimaryCtxSetFlags", 11000, a -> PFN_cuDevicePrimaryCtxSetFlags_v11000.allocate((device,
                flags) -> gate.initialised("cuDevicePrimaryCtxSetFlags", () -> {
                    if ((flags & ~CudaApi.CU_CTX_FLAGS_MASK()) != 0
                            || (flags & CudaApi.CU_CTX_SCHED_MASK()) > CudaApi.CU_CTX_SCHED_BLOCKING_SYNC()) {
                        throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                                "a context has no flags 0x" + Integer.toHexString(flags));
                    }
                    driver.device(device).context.flags(flags);
                }), a));
        table.add("cuDevicePrimaryCtxGetState", 7000, a -> PFN_cuDevicePrimaryCtxGetState_v7000
                .allocate((device, flags, active) -> gate.initialised("cuDevicePrimaryCtxGetState", () -> {
                    EmulatedContext context = driver.device(device).context;
                    Native.putInt(flags, context.flags(), "flags");
                    Native.putInt(active, context.active() ? 1 : 0, "active");
                }), a));
    }

    private void registerCurrent(FunctionTable table) {
        table.add("cuCtxGetCurrent", 4000, a -> PFN_cuCtxGetCurrent_v4000
                .allocate(to -> gate.initialised("cuCtxGetCurrent", () -> put(to, gate.current.top())), a));
        table.add("cuCtxSetCurrent", 4000, a -> PFN_cuCtxSetCurrent_v4000.allocate(c -> gate.initialised(
                "cuCtxSetCurrent", () -> gate.current.set(Native.isNull(c) ? null : context(c))), a));
        table.add("cuCtxPushCurrent", 4000, a -> PFN_cuCtxPushCurrent_v4000
                .allocate(c -> gate.initialised("cuCtxPushCurrent", () -> gate.current.push(context(c))), a));
        table.add("cuCtxPopCurrent", 4000,
                a -> PFN_cuCtxPopCurrent_v4000.allocate(to -> gate.initialised("cuCtxPopCurrent", () -> {
                    EmulatedContext popped = gate.current.pop();
                    if (!Native.isNull(to)) {
                        put(to, popped);
                    }
                }), a));
    }

    private static void put(MemorySegment to, EmulatedContext context) {
        Native.putLong(to, context == null ? 0 : context.handle, "pctx");
    }

    private EmulatedContext context(MemorySegment handle) {
        EmulatedContext context = driver.handles.get(handle, EmulatedContext.class, "context",
                CudaApi.CUDA_ERROR_INVALID_CONTEXT());
        if (!context.active()) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_CONTEXT(),
                    "the " + context + " has no user: retain it with cuDevicePrimaryCtxRetain");
        }
        return context;
    }

    private void destroy(MemorySegment handle) {
        EmulatedContext context = driver.handles.get(handle, EmulatedContext.class, "context",
                CudaApi.CUDA_ERROR_INVALID_CONTEXT());
        throw new CudaError(CudaApi.CUDA_ERROR_INVALID_CONTEXT(),
                "the " + context + " is not destroyed but released, with cuDevicePrimaryCtxRelease");
    }

    private void synchronize(EmulatedContext context) {
        driver.captures.refuseWaiting(context, "cuCtxSynchronize");
        context.drain();
        context.device.settlePools();
        context.checkHealthy();
    }

    private void enablePeerAccess(EmulatedContext context, MemorySegment handle, int flags) {
        EmulatedContext peer = context(handle);
        if (flags != 0) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                    "cuCtxEnablePeerAccess's flags are " + flags + " and must be 0");
        }
        if (peer == context) {
            throw new CudaError(CudaApi.CUDA_ERROR_INVALID_CONTEXT(), "a context is no peer of its own");
        }
        if (!context.peers.add(peer)) {
            throw new CudaError(CudaApi.CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED(),
                    "the " + context + " can access the " + peer + " already");
        }
    }
}
