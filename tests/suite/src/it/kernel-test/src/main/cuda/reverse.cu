// nvcc -ptx -lineinfo -arch=sm_80 reverse.cu -o ../resources/example/reverse.ptx
extern "C" __global__ void reverse(const int* in, int* out) {
    __shared__ int tile[256];
    int last = gridDim.x * blockDim.x - 1;
    tile[threadIdx.x] = in[blockIdx.x * blockDim.x + threadIdx.x];
    __syncthreads();
    out[last - (blockIdx.x + 1) * blockDim.x + 1 + threadIdx.x] = tile[blockDim.x - 1 - threadIdx.x];
}
