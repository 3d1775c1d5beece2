package dev.culebra.jmh.host;

import static jcuda.driver.JCudaDriver.*;

import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/** As {@link HostWork}, in JCuda. One thread, on which the context stays current. */
final class JcudaWork implements AutoCloseable {

    final CUdevice device = new CUdevice();
    final CUcontext context = new CUcontext();
    final CUstream stream = new CUstream();
    final CUmodule module = new CUmodule();

    JcudaWork() {
        JCudaDriver.setExceptionsEnabled(true); // checks each code, as ours does
        cuInit(0);
        cuDeviceGet(device, 0);
        cuDevicePrimaryCtxRetain(context, device);
        cuCtxSetCurrent(context);
        cuStreamCreate(stream, 1); // CU_STREAM_NON_BLOCKING
        cuModuleLoadData(module, HostWork.ptx());
    }

    CUfunction kernel(String name) {
        CUfunction function = new CUfunction();
        cuModuleGetFunction(function, module, name);
        return function;
    }

    CUevent newEvent() {
        CUevent event = new CUevent();
        cuEventCreate(event, 2); // CU_EVENT_DISABLE_TIMING
        return event;
    }

    CUdeviceptr allocate(long bytes) {
        CUdeviceptr pointer = new CUdeviceptr();
        cuMemAlloc(pointer, bytes);
        return pointer;
    }

    void await() { cuStreamSynchronize(stream); }

    @Override
    public void close() {
        cuModuleUnload(module);
        cuStreamDestroy(stream);
        cuDevicePrimaryCtxRelease(device);
    }
}
