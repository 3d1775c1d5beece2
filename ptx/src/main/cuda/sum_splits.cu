// The partial sums of a product whose K was split, added in the order of the splits: repeatable bit for bit.
#include <cstdint>

extern "C" __global__ void __launch_bounds__(256) sum_splits(const float* __restrict__ partial, float* __restrict__ y, long long elements, int splits) {
    const long long stride = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < elements; i += stride) {
        float sum = partial[i];
        for (int s = 1; s < splits; s++) sum += partial[s * elements + i];
        y[i] = sum;
    }
}
