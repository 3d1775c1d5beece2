// A ring of tiles in shared memory: one warp brings them in with bulk copies, the others use them; a full and an empty barrier
// for each place.
#include <cuda/ptx>
#include <cuda/std/cstdint>
namespace ptx = cuda::ptx;

constexpr int STAGES = 3;
constexpr int TILE = 256;

extern "C" __global__ void __launch_bounds__(160) ring(const int* in, int* out, int tiles) {
    __shared__ alignas(128) int tile[STAGES][TILE];
    __shared__ uint64_t full[STAGES];
    __shared__ uint64_t empty[STAGES];
    constexpr int consumers = 128;
    if (threadIdx.x == 0) {
        for (int s = 0; s < STAGES; s++) {
            ptx::mbarrier_init(&full[s], 1);
            ptx::mbarrier_init(&empty[s], consumers);
        }
        ptx::fence_mbarrier_init(ptx::sem_release, ptx::scope_cluster);
    }
    __syncthreads();
    if (threadIdx.x >= consumers) {
        if (threadIdx.x == consumers) {
            for (int t = blockIdx.x, i = 0; t < tiles; t += gridDim.x, i++) {
                int s = i % STAGES;
                uint32_t parity = (i / STAGES & 1) ^ 1; // of the phase before the first, which counts as complete
                while (!ptx::mbarrier_try_wait_parity(&empty[s], parity)) {
                }
                ptx::mbarrier_arrive_expect_tx(ptx::sem_release, ptx::scope_cta, ptx::space_shared, &full[s], sizeof(tile[s]));
                ptx::cp_async_bulk(ptx::space_cluster, ptx::space_global, tile[s], in + t * TILE, sizeof(tile[s]), &full[s]);
            }
        }
        return;
    }
    int sum = 0;
    for (int t = blockIdx.x, i = 0; t < tiles; t += gridDim.x, i++) {
        int s = i % STAGES;
        while (!ptx::mbarrier_try_wait_parity(&full[s], i / STAGES & 1)) {
        }
        sum += tile[s][threadIdx.x] * (t + 1) + tile[s][TILE - 1 - threadIdx.x];
        ptx::mbarrier_arrive(ptx::sem_release, ptx::scope_cta, ptx::space_shared, &empty[s]);
    }
    out[blockIdx.x * consumers + threadIdx.x] = sum;
}
