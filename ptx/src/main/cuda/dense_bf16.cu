// The closed list of dense kernels for bf16 values. Parameters and grid: see KernelCatalog.
#include "dense.cuh"

#define DENSE(TILE_N, ROW_TILES, STAGES, MOST_STAGES)                                                                          \
    extern "C" __global__ void __launch_bounds__(THREADS, blocks(DENSE_BYTES<TILE_N, ROW_TILES, STAGES>)) dense_bf16_n##TILE_N(\
        const uint4* __restrict__ values, const uint16_t* __restrict__ x, void* y, int m, int k, int n, int ldx,               \
        const float* bias, const void* residual, float* workspace, uint32_t* zeroed, uint32_t flags) {                        \
        dense<BF16, TILE_N, ROW_TILES, STAGES, MOST_STAGES>(values, x, m, k, n, ldx,                                           \
                                                            {y, bias, residual, workspace, zeroed, flags});                   \
    }

DENSE(8, 1, 3, 8)
DENSE(16, 1, 3, 8)
DENSE(32, 2, 3, 4)
DENSE(64, 2, 3, 3)
