// The closed list of Tiled-CSL kernels for bf16 values. Parameters and grid: see KernelCatalog.
#include "tiled_csl.cuh"

#define TILED_CSL(TILE_N)                                                                                                     \
    extern "C" __global__ void __launch_bounds__(THREADS, blocks(shared_bytes(TILE_N))) tiled_csl_bf16_n##TILE_N(             \
        const uint4* __restrict__ entries, const uint32_t* __restrict__ offsets, const uint16_t* __restrict__ x, void* y,     \
        int m, int k, int n, int ldx,                                                                                         \
        const float* bias, const void* residual, float* workspace, uint32_t* zeroed, uint32_t flags) {                       \
        tiled_csl<BF16, TILE_N>(entries, offsets, x, m, k, n, ldx, {y, bias, residual, workspace, zeroed, flags});           \
    }

TILED_CSL(8)
TILED_CSL(16)
TILED_CSL(32)
TILED_CSL(64)
