// Mean and variance in one pass (Welford), merged by shuffles and through shared memory (Chan); then scale and shift.
struct Moments {
    float count, mean, m2;
};

__device__ Moments merge(Moments a, Moments b) {
    float count = a.count + b.count;
    if (count == 0)
        return a;
    float delta = b.mean - a.mean, share = b.count / count;
    return {count, a.mean + delta * share, a.m2 + b.m2 + delta * delta * a.count * share};
}

extern "C" __global__ void layernorm(const float* in, const float* scale, const float* shift, float* out, int columns, float epsilon) {
    __shared__ Moments parts[32];
    const float* x = in + (size_t) blockIdx.x * columns;
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
    Moments m = {0, 0, 0};
    for (int i = threadIdx.x; i < columns; i += blockDim.x) {
        float delta = x[i] - m.mean;
        m.count += 1;
        m.mean += delta / m.count;
        m.m2 += delta * (x[i] - m.mean);
    }
    for (int d = 16; d > 0; d >>= 1)
        m = merge(m, {__shfl_down_sync(~0u, m.count, d), __shfl_down_sync(~0u, m.mean, d), __shfl_down_sync(~0u, m.m2, d)});
    if (lane == 0)
        parts[warp] = m;
    __syncthreads();
    if (threadIdx.x == 0) {
        for (int w = 1; w < warps; w++)
            m = merge(m, parts[w]);
        parts[0] = m;
    }
    __syncthreads();
    m = parts[0];
    float r = rsqrtf(m.m2 / m.count + epsilon);
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
        out[(size_t) blockIdx.x * columns + i] = (x[i] - m.mean) * r * scale[i] + shift[i];
}
