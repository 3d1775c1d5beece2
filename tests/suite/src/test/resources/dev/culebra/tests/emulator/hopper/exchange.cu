// Blocks of a cluster pass values around with asynchronous stores, and tell each other with mbarriers that they may.
#include <cooperative_groups.h>
#include <cuda/ptx>
#include <cuda/std/cstdint>
namespace cg = cooperative_groups;
namespace ptx = cuda::ptx;

extern "C" __global__ void __launch_bounds__(32) exchange(int* out, int rounds) {
    __shared__ int inbox[2][32];
    __shared__ uint64_t full[2];
    __shared__ uint64_t empty[2];
    cg::cluster_group cluster = cg::this_cluster();
    unsigned next = (cluster.block_rank() + 1) % cluster.num_blocks();
    unsigned before = (cluster.block_rank() + cluster.num_blocks() - 1) % cluster.num_blocks();
    if (threadIdx.x == 0) {
        for (int s = 0; s < 2; s++) {
            ptx::mbarrier_init(&full[s], 1);
            ptx::mbarrier_init(&empty[s], 32);
        }
        ptx::fence_mbarrier_init(ptx::sem_release, ptx::scope_cluster);
    }
    cluster.sync();
    int value = blockIdx.x * 32 + threadIdx.x;
    for (int r = 0; r < rounds; r++) {
        int s = r & 1;
        uint32_t parity = r / 2 & 1;
        if (threadIdx.x == 0) {
            ptx::mbarrier_arrive_expect_tx(ptx::sem_release, ptx::scope_cta, ptx::space_shared, &full[s], sizeof(inbox[s]));
        }
        while (!ptx::mbarrier_try_wait_parity(ptx::sem_acquire, ptx::scope_cluster, &empty[s], parity ^ 1)) {
        }
        ptx::st_async(cluster.map_shared_rank(&inbox[s][threadIdx.x], next), value, cluster.map_shared_rank(&full[s], next));
        while (!ptx::mbarrier_try_wait_parity(ptx::sem_acquire, ptx::scope_cluster, &full[s], parity)) {
        }
        value = inbox[s][31 - threadIdx.x] + 1;
        ptx::mbarrier_arrive(ptx::sem_release, ptx::scope_cluster, ptx::space_cluster,
                cluster.map_shared_rank(&empty[s], before));
    }
    out[blockIdx.x * 32 + threadIdx.x] = value;
    cluster.sync();
}
