// Results that leave shared memory in bulk: a copy, and a reduction that adds to what is there.
#include <cuda/ptx>
#include <cuda/std/cstdint>
namespace ptx = cuda::ptx;

constexpr int TILE = 256;

extern "C" __global__ void __launch_bounds__(256) store(int* out, int* sums, int rounds) {
    __shared__ alignas(128) int tile[2][TILE];
    for (int r = 0; r < rounds; r++) {
        int s = r & 1;
        if (threadIdx.x == 0) {
            ptx::cp_async_bulk_wait_group_read(ptx::n32_t<1>{}); // the copy before the last has read its tile
        }
        __syncthreads();
        tile[s][threadIdx.x] = (blockIdx.x * rounds + r) * TILE + threadIdx.x;
        ptx::fence_proxy_async(ptx::space_shared);
        __syncthreads();
        if (threadIdx.x == 0) {
            ptx::cp_async_bulk(ptx::space_global, ptx::space_shared, out + (blockIdx.x * rounds + r) * TILE, tile[s], sizeof(tile[s]));
            ptx::cp_reduce_async_bulk(ptx::space_global, ptx::space_shared, ptx::op_add, sums, tile[s], sizeof(tile[s]));
            ptx::cp_async_bulk_commit_group();
        }
    }
    if (threadIdx.x == 0) {
        ptx::cp_async_bulk_wait_group(ptx::n32_t<0>{});
    }
}
