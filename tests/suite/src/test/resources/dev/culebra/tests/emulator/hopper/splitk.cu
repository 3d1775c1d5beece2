// One output tile of a matrix product whose K is divided among the blocks of a cluster; block 0 adds up what all have found
// by reading their shared memory.
#include <cooperative_groups.h>
namespace cg = cooperative_groups;

constexpr int TILE = 16;

extern "C" __global__ void __cluster_dims__(4, 1, 1) splitk(const float* a, const float* b, float* c, int n, int k) {
    __shared__ float sums[TILE][TILE];
    cg::cluster_group cluster = cg::this_cluster();
    unsigned rank = cluster.block_rank();
    unsigned parts = cluster.num_blocks();
    int row = blockIdx.y * TILE + threadIdx.y;
    int column = blockIdx.x / parts * TILE + threadIdx.x;
    float sum = 0;
    for (int i = rank; i < k; i += parts) {
        sum += a[row * k + i] * b[i * n + column];
    }
    sums[threadIdx.y][threadIdx.x] = sum;
    cluster.sync();
    if (rank == 0) {
        float all = 0;
        for (unsigned r = 0; r < parts; r++) {
            all += cluster.map_shared_rank(&sums[0][0], r)[threadIdx.y * TILE + threadIdx.x];
        }
        c[row * n + column] = all;
    }
    cluster.sync(); // nobody leaves while block 0 reads
}
