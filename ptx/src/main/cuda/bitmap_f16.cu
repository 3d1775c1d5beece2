// The closed list of bitmap kernels for f16 values. Parameters and grid: see KernelCatalog.
#include "lanes.cuh"

#if __CUDA_ARCH__ >= 900
#define SUFFIXED(NAME) NAME##_sm90
#else
#define SUFFIXED(NAME) NAME
#endif

#define BITMAP(TILE_N, WARPS, BLOCKS)                                                                                          \
    extern "C" __global__ void __launch_bounds__(WARPS * 32, BLOCKS) SUFFIXED(bitmap_f16_n##TILE_N)(                             \
        const uint32_t*, const uint4* __restrict__ masks, const uint2* __restrict__ info, const uint32_t* __restrict__ offsets,\
        const char* __restrict__ streams, const uint32_t* __restrict__ order, const uint16_t* __restrict__ x, void* y, int m,  \
        int k, int n, int ldx, const float* bias, const void* residual, float* workspace, uint32_t* tickets, uint32_t flags,   \
        int segment, int ordered) {                                                                                            \
        lanes<F16, TILE_N, WARPS>(masks, info, offsets, streams, ordered ? order : nullptr, x, m, k, n, ldx, segment,            \
                                   {y, bias, residual, workspace, tickets, flags});                                            \
    }

BITMAP(8, 4, 4)
BITMAP(16, 4, 4)
BITMAP(32, 4, 3)
