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

// Blelloch: up a tree of sums and down again, exclusive, one block of n / 2 threads for a power of two n; padded so that no two
// lanes meet in a bank.
#define PAD(i) ((i) + ((i) >> 5))
extern "C" __global__ void scan_blelloch(const int* in, int* out, int n) {
    extern __shared__ int tree[];
    int t = threadIdx.x, step = 1;
    tree[PAD(2 * t)] = in[2 * t];
    tree[PAD(2 * t + 1)] = in[2 * t + 1];
    for (int d = n >> 1; d > 0; d >>= 1, step <<= 1) {
        __syncthreads();
        if (t < d)
            tree[PAD(step * (2 * t + 2) - 1)] += tree[PAD(step * (2 * t + 1) - 1)];
    }
    if (t == 0)
        tree[PAD(n - 1)] = 0;
    for (int d = 1; d < n; d <<= 1) {
        step >>= 1;
        __syncthreads();
        if (t < d) {
            int a = PAD(step * (2 * t + 1) - 1), b = PAD(step * (2 * t + 2) - 1), v = tree[a];
            tree[a] = tree[b];
            tree[b] += v;
        }
    }
    __syncthreads();
    out[2 * t] = tree[PAD(2 * t)];
    out[2 * t + 1] = tree[PAD(2 * t + 1)];
}
