// What libcu++ makes of mbarriers: cuda::barrier with arrive, wait and arrive_and_drop, memcpy_async on a barrier, and a
// cuda::pipeline of two stages.
#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cuda/barrier>
#include <cuda/pipeline>
namespace cg = cooperative_groups;
using block_barrier = cuda::barrier<cuda::thread_scope_block>;

extern "C" __global__ void __launch_bounds__(128) barriers(const int* in, int* out) {
    __shared__ alignas(16) int tile[128];
    #pragma nv_diag_suppress static_var_with_dynamic_init
    __shared__ block_barrier bar;
    auto block = cg::this_thread_block();
    if (block.thread_rank() == 0) {
        init(&bar, block.size());
    }
    block.sync();
    cuda::memcpy_async(block, tile, in + blockIdx.x * 128, cuda::aligned_size_t<16>(sizeof(tile)), bar);
    bar.arrive_and_wait();
    int v = tile[127 - threadIdx.x];
    if (threadIdx.x >= 96) {
        bar.arrive_and_drop();
        out[blockIdx.x * 128 + threadIdx.x] = v;
        return;
    }
    auto token = bar.arrive();
    v *= 2;
    bar.wait(std::move(token));
    tile[threadIdx.x] = v;
    bar.arrive_and_wait();
    out[blockIdx.x * 128 + threadIdx.x] = tile[95 - threadIdx.x];
}

extern "C" __global__ void __launch_bounds__(64) pipelined(const int* in, int* out, int tiles) {
    constexpr int STAGES = 2;
    __shared__ alignas(16) int tile[STAGES][64];
    __shared__ cuda::pipeline_shared_state<cuda::thread_scope_block, STAGES> state;
    auto block = cg::this_thread_block();
    auto pipe = cuda::make_pipeline(block, &state);
    int sum = 0;
    for (int computed = 0, fetched = 0; computed < tiles; computed++) {
        for (; fetched < tiles && fetched < computed + STAGES; fetched++) {
            pipe.producer_acquire();
            cuda::memcpy_async(block, tile[fetched % STAGES], in + 64 * fetched, cuda::aligned_size_t<16>(256), pipe);
            pipe.producer_commit();
        }
        pipe.consumer_wait();
        sum += tile[computed % STAGES][63 - threadIdx.x];
        pipe.consumer_release();
    }
    out[threadIdx.x] = sum;
}
