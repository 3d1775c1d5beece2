#include <cuda_fp16.h>
#include <cuda_bf16.h>

// One block a row: expf, a maximum and a sum by shuffles.
extern "C" __global__ void softmax(const float* in, float* out, int columns) {
    __shared__ float s[32];
    const float* x = in + (size_t) blockIdx.x * columns;
    float* y = out + (size_t) blockIdx.x * columns;
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    float top = -INFINITY;
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
        top = fmaxf(top, x[i]);
    for (int d = 16; d > 0; d >>= 1)
        top = fmaxf(top, __shfl_xor_sync(~0u, top, d));
    if (lane == 0)
        s[warp] = top;
    __syncthreads();
    for (int w = 0; w < blockDim.x / 32; w++)
        top = fmaxf(top, s[w]);
    __syncthreads();
    float sum = 0;
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
        sum += expf(x[i] - top);
    for (int d = 16; d > 0; d >>= 1)
        sum += __shfl_xor_sync(~0u, sum, d);
    if (lane == 0)
        s[warp] = sum;
    __syncthreads();
    sum = 0;
    for (int w = 0; w < blockDim.x / 32; w++)
        sum += s[w];
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
        y[i] = expf(x[i] - top) / sum;
}

// GELU, layer norm and rounding to half and bfloat16: what a model's glue does.
extern "C" __global__ void glue(const float* in, __half* h, __nv_bfloat16* b, float* norm, int columns) {
    const float* x = in + (size_t) blockIdx.x * columns;
    double mean = 0, square = 0;
    for (int i = 0; i < columns; i++) {
        mean += x[i];
        square += (double) x[i] * x[i];
    }
    mean /= columns;
    float scale = rsqrtf((float) (square / columns - mean * mean) + 1e-5f);
    for (int i = threadIdx.x; i < columns; i += blockDim.x) {
        float v = x[i];
        float g = 0.5f * v * (1.0f + tanhf(0.79788456f * (v + 0.044715f * v * v * v)));
        size_t at = (size_t) blockIdx.x * columns + i;
        h[at] = __hfma(__float2half(g), __float2half(2.0f), __float2half(1.0f));
        b[at] = __float2bfloat16(g);
        norm[at] = (v - (float) mean) * scale;
    }
}

// One pass over the row: each thread keeps its maximum and the sum relative to it, and pairs merge by shuffles. One warp a row.
extern "C" __global__ void softmax_online(const float* in, float* out, int columns) {
    const float* x = in + (size_t) blockIdx.x * columns;
    float top = -INFINITY, sum = 0;
    for (int i = threadIdx.x; i < columns; i += 32) {
        float t = fmaxf(top, x[i]);
        sum = sum * expf(top - t) + expf(x[i] - t);
        top = t;
    }
    for (int d = 16; d > 0; d >>= 1) {
        float otherTop = __shfl_xor_sync(~0u, top, d), otherSum = __shfl_xor_sync(~0u, sum, d), t = fmaxf(top, otherTop);
        if (t > -INFINITY)
            sum = sum * expf(top - t) + otherSum * expf(otherTop - t);
        top = t;
    }
    for (int i = threadIdx.x; i < columns; i += 32)
        out[(size_t) blockIdx.x * columns + i] = expf(x[i] - top) / sum;
}
