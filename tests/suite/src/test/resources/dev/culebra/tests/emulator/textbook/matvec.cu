#include <cuda_fp16.h>

// y = A x with pairs of halves: products of a pair by hfma2, pairs into fp32. A warp a row, 16 bytes a load.
extern "C" __global__ void matvec(const __half* a, const __half* x, float* y, int rows, int columns) {
    int r = (blockIdx.x * blockDim.x + threadIdx.x) >> 5, lane = threadIdx.x & 31;
    if (r >= rows)
        return;
    float sum = 0;
    for (int c = lane * 8; c < columns; c += 256) {
        int4 av = *reinterpret_cast<const int4*>(a + (size_t) r * columns + c);
        int4 xv = *reinterpret_cast<const int4*>(x + c);
        const __half2 *ap = reinterpret_cast<const __half2*>(&av), *xp = reinterpret_cast<const __half2*>(&xv);
        __half2 p = __hmul2(ap[0], xp[0]);
        for (int i = 1; i < 4; i++)
            p = __hfma2(ap[i], xp[i], p);
        float2 f = __half22float2(p);
        sum += f.x + f.y;
    }
    for (int d = 16; d > 0; d >>= 1)
        sum += __shfl_xor_sync(~0u, sum, d);
    if (lane == 0)
        y[r] = sum;
}
