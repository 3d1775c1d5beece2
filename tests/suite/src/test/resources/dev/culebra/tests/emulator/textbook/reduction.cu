// Sum of an array: a grid-stride loop, warp shuffles, one shared word a warp, one atomic a block.
extern "C" __global__ void reduction(const float* __restrict__ in, float* out, int n) {
    __shared__ float sums[32];
    float v = 0.0f;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        v += in[i];
    for (int d = 16; d > 0; d >>= 1)
        v += __shfl_down_sync(0xffffffff, v, d);
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    if (lane == 0)
        sums[warp] = v;
    __syncthreads();
    if (warp == 0) {
        v = lane < (blockDim.x >> 5) ? sums[lane] : 0.0f;
        for (int d = 16; d > 0; d >>= 1)
            v += __shfl_xor_sync(0xffffffff, v, d);
        if (lane == 0)
            atomicAdd(out, v);
    }
}

// The same with the tree in shared memory and half of the threads leaving at each step.
extern "C" __global__ void reduction_tree(const int* in, int* out, int n) {
    extern __shared__ int part[];
    int i = blockIdx.x * blockDim.x * 2 + threadIdx.x;
    int v = i < n ? in[i] : 0;
    if (i + blockDim.x < n)
        v += in[i + blockDim.x];
    part[threadIdx.x] = v;
    for (int s = blockDim.x / 2; s > 0; s >>= 1) {
        __syncthreads();
        if (threadIdx.x < s)
            part[threadIdx.x] += part[threadIdx.x + s];
    }
    if (threadIdx.x == 0)
        out[blockIdx.x] = part[0];
}

// The last block to arrive sums the others' results, in a fixed order.
extern "C" __global__ void reduction_last(const float* in, float* part, unsigned* arrived, float* out, int n) {
    __shared__ float s[256];
    __shared__ bool last;
    float v = 0;
    for (int i = blockIdx.x * 256 + threadIdx.x; i < n; i += gridDim.x * 256)
        v += in[i];
    s[threadIdx.x] = v;
    __syncthreads();
    for (int d = 128; d > 0; d >>= 1) {
        if (threadIdx.x < d)
            s[threadIdx.x] += s[threadIdx.x + d];
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        part[blockIdx.x] = s[0];
        __threadfence();
        last = atomicInc(arrived, gridDim.x - 1) == gridDim.x - 1;
    }
    __syncthreads();
    if (last && threadIdx.x == 0) {
        float t = 0;
        for (int b = 0; b < gridDim.x; b++)
            t += ((volatile float*) part)[b];
        *out = t;
    }
}
