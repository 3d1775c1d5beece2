package dev.culebra.driver;

import dev.culebra.bindings.*;

/**
 * Every driver function that is bound, under the driver's own name. The base name and the version of the ABI it was
 * bound for are read off the binding's name ({@code PFN_cuMemAlloc_v3020}): the two things
 * {@code cuGetProcAddress} is asked with.
 */
enum DriverFunction {
    cuCtxDestroy(PFN_cuCtxDestroy_v4000.class),
    cuCtxEnablePeerAccess(PFN_cuCtxEnablePeerAccess_v4000.class),
    cuCtxGetCurrent(PFN_cuCtxGetCurrent_v4000.class),
    cuCtxGetDevice(PFN_cuCtxGetDevice_v2000.class),
    cuCtxGetStreamPriorityRange(PFN_cuCtxGetStreamPriorityRange_v5050.class),
    cuCtxPopCurrent(PFN_cuCtxPopCurrent_v4000.class),
    cuCtxPushCurrent(PFN_cuCtxPushCurrent_v4000.class),
    cuCtxSetCurrent(PFN_cuCtxSetCurrent_v4000.class),
    cuCtxSynchronize(PFN_cuCtxSynchronize_v2000.class),
    cuDeviceCanAccessPeer(PFN_cuDeviceCanAccessPeer_v4000.class),
    cuDeviceGet(PFN_cuDeviceGet_v2000.class),
    cuDeviceGetAttribute(PFN_cuDeviceGetAttribute_v2000.class),
    cuDeviceGetCount(PFN_cuDeviceGetCount_v2000.class),
    cuDeviceGetDefaultMemPool(PFN_cuDeviceGetDefaultMemPool_v11020.class),
    cuDeviceGetMemPool(PFN_cuDeviceGetMemPool_v11020.class),
    cuDeviceGetName(PFN_cuDeviceGetName_v2000.class),
    cuDeviceGetPCIBusId(PFN_cuDeviceGetPCIBusId_v4010.class),
    cuDeviceGetUuid(PFN_cuDeviceGetUuid_v11040.class),
    cuDevicePrimaryCtxGetState(PFN_cuDevicePrimaryCtxGetState_v7000.class),
    cuDevicePrimaryCtxRelease(PFN_cuDevicePrimaryCtxRelease_v11000.class),
    cuDevicePrimaryCtxRetain(PFN_cuDevicePrimaryCtxRetain_v7000.class),
    cuDevicePrimaryCtxSetFlags(PFN_cuDevicePrimaryCtxSetFlags_v11000.class),
    cuDeviceSetMemPool(PFN_cuDeviceSetMemPool_v11020.class),
    cuDeviceTotalMem(PFN_cuDeviceTotalMem_v3020.class),
    cuDriverGetVersion(PFN_cuDriverGetVersion_v2020.class),
    cuEventCreate(PFN_cuEventCreate_v2000.class),
    cuEventDestroy(PFN_cuEventDestroy_v4000.class),
    cuEventElapsedTime(PFN_cuEventElapsedTime_v2000.class),
    cuEventQuery(PFN_cuEventQuery_v2000.class),
    cuEventRecord(PFN_cuEventRecord_v2000.class),
    cuEventSynchronize(PFN_cuEventSynchronize_v2000.class),
    cuFuncGetAttribute(PFN_cuFuncGetAttribute_v2020.class),
    cuFuncGetParamInfo(PFN_cuFuncGetParamInfo_v12040.class),
    cuFuncSetAttribute(PFN_cuFuncSetAttribute_v9000.class),
    cuGetErrorName(PFN_cuGetErrorName_v6000.class),
    cuGetErrorString(PFN_cuGetErrorString_v6000.class),
    cuGetProcAddress(PFN_cuGetProcAddress_v12000.class),
    cuGraphCreate(PFN_cuGraphCreate_v10000.class),
    cuGraphDestroy(PFN_cuGraphDestroy_v10000.class),
    cuGraphExecDestroy(PFN_cuGraphExecDestroy_v10000.class),
    cuGraphExecUpdate(PFN_cuGraphExecUpdate_v12000.class),
    cuGraphInstantiateWithFlags(PFN_cuGraphInstantiateWithFlags_v11040.class),
    cuGraphLaunch(PFN_cuGraphLaunch_v10000.class),
    cuGraphUpload(PFN_cuGraphUpload_v11010.class),
    cuInit(PFN_cuInit_v2000.class),
    cuKernelGetFunction(PFN_cuKernelGetFunction_v12000.class),
    cuLaunchCooperativeKernel(PFN_cuLaunchCooperativeKernel_v9000.class),
    cuLaunchHostFunc(PFN_cuLaunchHostFunc_v10000.class),
    cuLaunchKernel(PFN_cuLaunchKernel_v4000.class),
    cuLaunchKernelEx(PFN_cuLaunchKernelEx_v11060.class),
    cuLibraryGetKernel(PFN_cuLibraryGetKernel_v12000.class),
    cuLibraryLoadData(PFN_cuLibraryLoadData_v12000.class),
    cuLibraryUnload(PFN_cuLibraryUnload_v12000.class),
    cuMemAlloc(PFN_cuMemAlloc_v3020.class),
    cuMemAllocAsync(PFN_cuMemAllocAsync_v11020.class),
    cuMemAllocFromPoolAsync(PFN_cuMemAllocFromPoolAsync_v11020.class),
    cuMemFree(PFN_cuMemFree_v3020.class),
    cuMemFreeAsync(PFN_cuMemFreeAsync_v11020.class),
    cuMemFreeHost(PFN_cuMemFreeHost_v2000.class),
    cuMemGetInfo(PFN_cuMemGetInfo_v3020.class),
    cuMemHostAlloc(PFN_cuMemHostAlloc_v2020.class),
    cuMemHostGetDevicePointer(PFN_cuMemHostGetDevicePointer_v3020.class),
    cuMemHostRegister(PFN_cuMemHostRegister_v6050.class),
    cuMemHostUnregister(PFN_cuMemHostUnregister_v4000.class),
    cuMemPoolCreate(PFN_cuMemPoolCreate_v11020.class),
    cuMemPoolDestroy(PFN_cuMemPoolDestroy_v11020.class),
    cuMemPoolGetAttribute(PFN_cuMemPoolGetAttribute_v11020.class),
    cuMemPoolSetAttribute(PFN_cuMemPoolSetAttribute_v11020.class),
    cuMemPoolTrimTo(PFN_cuMemPoolTrimTo_v11020.class),
    cuMemcpy2DAsync(PFN_cuMemcpy2DAsync_v3020.class),
    cuMemcpyDtoDAsync(PFN_cuMemcpyDtoDAsync_v3020.class),
    cuMemcpyDtoH(PFN_cuMemcpyDtoH_v3020.class),
    cuMemcpyDtoHAsync(PFN_cuMemcpyDtoHAsync_v3020.class),
    cuMemcpyHtoD(PFN_cuMemcpyHtoD_v3020.class),
    cuMemcpyHtoDAsync(PFN_cuMemcpyHtoDAsync_v3020.class),
    cuMemcpyPeerAsync(PFN_cuMemcpyPeerAsync_v4000.class),
    cuMemsetD32Async(PFN_cuMemsetD32Async_v3020.class),
    cuMemsetD8Async(PFN_cuMemsetD8Async_v3020.class),
    cuModuleGetFunction(PFN_cuModuleGetFunction_v2000.class),
    cuModuleGetGlobal(PFN_cuModuleGetGlobal_v3020.class),
    cuModuleLoadDataEx(PFN_cuModuleLoadDataEx_v2010.class),
    cuModuleUnload(PFN_cuModuleUnload_v2000.class),
    cuOccupancyMaxActiveBlocksPerMultiprocessor(PFN_cuOccupancyMaxActiveBlocksPerMultiprocessor_v6050.class),
    cuOccupancyMaxActiveClusters(PFN_cuOccupancyMaxActiveClusters_v11070.class),
    cuOccupancyMaxPotentialBlockSize(PFN_cuOccupancyMaxPotentialBlockSize_v6050.class),
    cuPointerGetAttribute(PFN_cuPointerGetAttribute_v4000.class),
    cuStreamBeginCapture(PFN_cuStreamBeginCapture_v10010.class),
    cuStreamCreate(PFN_cuStreamCreate_v2000.class),
    cuStreamCreateWithPriority(PFN_cuStreamCreateWithPriority_v5050.class),
    cuStreamDestroy(PFN_cuStreamDestroy_v4000.class),
    cuStreamEndCapture(PFN_cuStreamEndCapture_v10000.class),
    cuStreamIsCapturing(PFN_cuStreamIsCapturing_v10000.class),
    cuStreamQuery(PFN_cuStreamQuery_v2000.class),
    cuStreamSynchronize(PFN_cuStreamSynchronize_v2000.class),
    cuStreamWaitEvent(PFN_cuStreamWaitEvent_v3020.class),
    cuTensorMapEncodeTiled(PFN_cuTensorMapEncodeTiled_v12000.class);

    private final Class<?> binding;
    private final int version;

    DriverFunction(Class<?> binding) {
        // A class literal does not initialise its class: 97 of them at once would cost some 200 ms.
        this.binding = binding;
        String name = binding.getSimpleName();
        this.version = Integer.parseInt(name.substring(name.lastIndexOf("_v") + 2));
    }

    /** The generated class that calls it. */
    Class<?> binding() { return binding; }

    /** The CUDA version whose ABI the binding has, 12040 for 12.4; the function came with it, or changed last then. */
    int version() {
        return version;
    }
}
