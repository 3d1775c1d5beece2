// Barriers of libcu++ that count bytes, and what cooperative groups say of a cluster.
#include <cooperative_groups.h>
#include <cuda/barrier>
#include <cuda/ptx>
namespace cg = cooperative_groups;
namespace ptx = cuda::ptx;
using block_barrier = cuda::barrier<cuda::thread_scope_block>;

// Doubles tiles in place: brought in by a copy that the barrier counts, and written back in bulk.
extern "C" __global__ void __launch_bounds__(128) doubled(int* data, int tiles) {
    __shared__ alignas(128) int tile[512];
    #pragma nv_diag_suppress static_var_with_dynamic_init
    __shared__ block_barrier bar;
    if (threadIdx.x == 0) {
        init(&bar, blockDim.x);
        ptx::fence_proxy_async(ptx::space_shared);
    }
    __syncthreads();
    for (int t = blockIdx.x; t < tiles; t += gridDim.x) {
        block_barrier::arrival_token token;
        if (threadIdx.x == 0) {
            cuda::device::memcpy_async_tx(tile, data + t * 512, cuda::aligned_size_t<16>(sizeof(tile)), bar);
            token = cuda::device::barrier_arrive_tx(bar, 1, sizeof(tile));
        } else {
            token = bar.arrive();
        }
        bar.wait(std::move(token));
        for (int i = threadIdx.x; i < 512; i += blockDim.x) {
            tile[i] *= 2;
        }
        ptx::fence_proxy_async(ptx::space_shared);
        __syncthreads();
        if (threadIdx.x == 0) {
            ptx::cp_async_bulk(ptx::space_global, ptx::space_shared, data + t * 512, tile, sizeof(tile));
            ptx::cp_async_bulk_commit_group();
            ptx::cp_async_bulk_wait_group_read(ptx::n32_t<0>{});
        }
        __syncthreads();
    }
}

// Each thread of a cluster reads the word of the thread of the same place in the next block, while the barrier is under way.
extern "C" __global__ void neighbours(int* out) {
    extern __shared__ int words[];
    cg::cluster_group cluster = cg::this_cluster();
    words[threadIdx.x] = cluster.thread_rank() * 10 + cluster.query_shared_rank(words);
    auto token = cluster.barrier_arrive();
    int place = cluster.block_index().x + cluster.dim_blocks().x * (cluster.block_index().y + cluster.dim_blocks().y * cluster.block_index().z);
    cluster.barrier_wait(std::move(token));
    unsigned next = (cluster.block_rank() + 1) % cluster.num_blocks();
    int theirs = cluster.map_shared_rank(words, next)[threadIdx.x];
    cluster.sync();
    int block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
    out[block * blockDim.x + threadIdx.x] = theirs * 100 + place;
}
