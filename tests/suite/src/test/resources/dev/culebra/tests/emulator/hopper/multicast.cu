// The first block of a cluster brings a tile into the shared memory of all its blocks at once.
#include <cooperative_groups.h>
#include <cuda/ptx>
#include <cuda/std/cstdint>
namespace cg = cooperative_groups;
namespace ptx = cuda::ptx;

constexpr int TILE = 512;

extern "C" __global__ void multicast(const int* in, int* out) {
    __shared__ alignas(128) int tile[TILE];
    __shared__ uint64_t bar;
    cg::cluster_group cluster = cg::this_cluster();
    if (threadIdx.x == 0) {
        ptx::mbarrier_init(&bar, 1);
        ptx::fence_mbarrier_init(ptx::sem_release, ptx::scope_cluster);
        ptx::mbarrier_arrive_expect_tx(ptx::sem_release, ptx::scope_cta, ptx::space_shared, &bar, sizeof(tile));
    }
    cluster.sync();
    if (cluster.block_rank() == 0 && threadIdx.x == 0) {
        const int* from = in + blockIdx.x / cluster.num_blocks() * TILE;
        uint16_t all = (1u << cluster.num_blocks()) - 1;
        ptx::cp_async_bulk(ptx::space_cluster, ptx::space_global, tile, from, sizeof(tile), &bar, all);
    }
    while (!ptx::mbarrier_try_wait_parity(&bar, 0)) {
    }
    for (int i = threadIdx.x; i < TILE; i += blockDim.x) {
        out[blockIdx.x * TILE + i] = tile[i] * (cluster.block_rank() + 1);
    }
}
