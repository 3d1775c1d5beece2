// Inclusive scan of each block's part (Hillis and Steele in warps), 64-bit sums.
extern "C" __global__ void scan(const int* in, long long* out, int n) {
    __shared__ long long ends[32];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    long long v = i < n ? in[i] : 0;
    for (int d = 1; d < 32; d <<= 1) {
        long long o = __shfl_up_sync(0xffffffff, v, d);
        if (lane >= d)
            v += o;
    }
    if (lane == 31)
        ends[warp] = v;
    __syncthreads();
    if (warp == 0) {
        long long e = lane < blockDim.x / 32 ? ends[lane] : 0;
        for (int d = 1; d < 32; d <<= 1) {
            long long o = __shfl_up_sync(0xffffffff, e, d);
            if (lane >= d)
                e += o;
        }
        ends[lane] = e;
    }
    __syncthreads();
    if (i < n)
        out[i] = v + (warp > 0 ? ends[warp - 1] : 0);
}

// Decoupled look-back: a block waits for the ones before it, in one launch.
extern "C" __global__ void scan_lookback(const unsigned* in, unsigned* out, volatile unsigned long long* state, int n) {
    __shared__ unsigned s[128];
    __shared__ unsigned before;
    int i = blockIdx.x * 128 + threadIdx.x;
    s[threadIdx.x] = i < n ? in[i] : 0;
    __syncthreads();
    for (int d = 1; d < 128; d <<= 1) {
        unsigned v = threadIdx.x >= d ? s[threadIdx.x - d] : 0;
        __syncthreads();
        s[threadIdx.x] += v;
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        unsigned sum = 0;
        if (blockIdx.x > 0) {
            unsigned long long v;
            while (((v = state[blockIdx.x - 1]) >> 32) == 0)
                ;
            sum = (unsigned) v;
        }
        state[blockIdx.x] = 1ull << 32 | (sum + s[127]);
        before = sum;
    }
    __syncthreads();
    if (i < n)
        out[i] = before + s[threadIdx.x];
}
