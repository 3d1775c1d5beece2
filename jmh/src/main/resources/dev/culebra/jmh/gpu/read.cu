// The memory's real limit: reads everything once and keeps a sum, so that no load can be left out.

// Sums the 32-bit words of [vectors] 16-byte vectors, modulo 2^32; each block writes its part, whether or not it had work.
// A tile is LOADS vectors a thread, whose loads do not wait for each other. With a block a tile each reads one
// slice; with fewer blocks they stride over the tiles.
template <int LOADS>
__device__ __forceinline__ void read(const uint4* __restrict__ in, long long vectors, unsigned* __restrict__ sums) {
    const long long tile = (long long)blockDim.x * LOADS;
    unsigned sum = 0;
    for (long long first = blockIdx.x * tile; first < vectors; first += gridDim.x * tile) {
        const uint4* mine = in + first + threadIdx.x;
        if (first + tile <= vectors) {
            uint4 v[LOADS];
#pragma unroll
            for (int i = 0; i < LOADS; i++)
                v[i] = mine[i * blockDim.x];
#pragma unroll
            for (int i = 0; i < LOADS; i++)
                sum += v[i].x + v[i].y + v[i].z + v[i].w;
        } else {
            for (long long i = first + threadIdx.x; i < vectors; i += blockDim.x) {
                uint4 v = in[i];
                sum += v.x + v.y + v.z + v.w;
            }
        }
    }
    for (int half = 16; half > 0; half >>= 1)
        sum += __shfl_xor_sync(0xffffffff, sum, half);
    __shared__ unsigned part[32];
    if (threadIdx.x % 32 == 0)
        part[threadIdx.x / 32] = sum;
    __syncthreads();
    if (threadIdx.x == 0) {
        unsigned all = 0;
        for (int w = 0; w < blockDim.x / 32; w++)
            all += part[w];
        sums[blockIdx.x] = all;
    }
}

extern "C" __global__ void __launch_bounds__(512) read4(const uint4* in, long long vectors, unsigned* sums) {
    read<4>(in, vectors, sums);
}

extern "C" __global__ void __launch_bounds__(512) read8(const uint4* in, long long vectors, unsigned* sums) {
    read<8>(in, vectors, sums);
}
