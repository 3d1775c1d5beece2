// Bitonic: a block sorts its own numbers in shared memory; a step of the merge of several blocks; and rank by ballots.
extern "C" __global__ void sort_block(unsigned* keys, unsigned* values) {
    extern __shared__ unsigned shared[];
    unsigned *k = shared, *v = shared + blockDim.x, t = threadIdx.x, at = blockIdx.x * blockDim.x + t;
    k[t] = keys[at];
    v[t] = values[at];
    __syncthreads();
    for (unsigned size = 2; size <= blockDim.x; size <<= 1) {
        for (unsigned d = size >> 1; d > 0; d >>= 1) {
            unsigned o = t ^ d;
            if (o > t) {
                // The last merge of an odd block goes downwards, so that two of them make one bitonic run.
                bool up = size < blockDim.x ? (t & size) == 0 : (blockIdx.x & 1) == 0;
                if ((k[t] > k[o]) == up && k[t] != k[o]) {
                    unsigned key = k[t], value = v[t];
                    k[t] = k[o];
                    v[t] = v[o];
                    k[o] = key;
                    v[o] = value;
                }
            }
            __syncthreads();
        }
    }
    keys[at] = k[t];
    values[at] = v[t];
}

extern "C" __global__ void sort_step(unsigned* keys, unsigned* values, unsigned size, unsigned d) {
    unsigned t = blockIdx.x * blockDim.x + threadIdx.x, o = t ^ d;
    if (o <= t)
        return;
    unsigned a = keys[t], b = keys[o];
    if ((a > b) == ((t & size) == 0) && a != b) {
        keys[t] = b;
        keys[o] = a;
        unsigned value = values[t];
        values[t] = values[o];
        values[o] = value;
    }
}

// Keeps what is odd, in order: a ballot in each warp, a shared count for the warps, one atomic for the block.
extern "C" __global__ void compact(const int* in, int* out, unsigned* taken, int n) {
    __shared__ unsigned counts[32];
    __shared__ unsigned base;
    int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    bool keep = i < n && (in[i] & 1);
    unsigned votes = __ballot_sync(~0u, keep);
    if (lane == 0)
        counts[warp] = __popc(votes);
    __syncthreads();
    if (threadIdx.x == 0) {
        unsigned all = 0;
        for (int w = 0; w < blockDim.x / 32; w++) {
            unsigned c = counts[w];
            counts[w] = all;
            all += c;
        }
        base = atomicAdd(taken, all);
    }
    __syncthreads();
    if (keep)
        out[base + counts[warp] + __popc(votes & ((1u << lane) - 1))] = in[i];
}
