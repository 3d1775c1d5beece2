#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
namespace cg = cooperative_groups;

// Blocks meet twice: each writes its number, then reads its neighbour's, then its neighbour's neighbour's sum.
extern "C" __global__ void grid_sync(int* x, int* y, int* z) {
    cg::grid_group grid = cg::this_grid();
    int i = (int) grid.thread_rank(), n = (int) grid.size();
    x[i] = i;
    grid.sync();
    y[i] = x[i] + x[(i + blockDim.x) % n];
    grid.sync();
    z[i] = y[(i + blockDim.x) % n];
}

// Sums in tiles of eight lanes, and in whatever lanes took the branch.
extern "C" __global__ void groups(const int* in, int* tiles, int* taken) {
    cg::thread_block block = cg::this_thread_block();
    auto tile = cg::tiled_partition<8>(block);
    int v = in[block.thread_rank()];
    tiles[block.thread_rank()] = cg::reduce(tile, v, cg::plus<int>());
    int r = -1;
    if (v % 3 == 0) {
        cg::coalesced_group active = cg::coalesced_threads();
        r = active.size() * 1000 + active.thread_rank() * 10 + (active.shfl(v, 0) & 1);
    }
    taken[block.thread_rank()] = r;
}
