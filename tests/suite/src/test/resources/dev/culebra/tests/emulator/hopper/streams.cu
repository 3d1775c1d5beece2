// A warp multiplies 64 rows of a sparse matrix by eight tokens. The nonzeros of each lane's fragments lie in two streams of its own,
// which a ring in shared memory brings in by bulk copies, an mbarrier for every eight rows of it; masks (or, with products of
// sparse fragments, places) say which elements are there. It stands for kernels of that kind, not for the fastest of them.
#include <cuda/ptx>
#include <cuda/std/cstdint>
namespace ptx = cuda::ptx;

constexpr int ROWS = 128;   // of the ring, 128 bytes each
constexpr int CHUNK = 8;    // rows that come together
constexpr int CHUNKS = ROWS / CHUNK;
constexpr int WARPS = 2;

__device__ uint32_t prmt(uint32_t a, uint32_t b, uint32_t s) {
    uint32_t d;
    asm("prmt.b32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(s));
    return d;
}

__device__ bool elected() {
    uint32_t d;
    asm volatile("{ .reg .pred p; elect.sync _|p, -1; selp.u32 %0, 1, 0, p; }" : "=r"(d));
    return d;
}

struct Lane {
    const unsigned char* ring;
    uint32_t above; // where the list of rows 0 to 7 of a row tile goes on, that of rows 8 to 15
    uint32_t below;

    // Two elements of which those with a bit in t, 0 or 8, come from the list; the others are 0.
    __device__ uint32_t window(uint32_t at, uint32_t t) const {
        uint32_t v0 = *(const uint16_t*)(ring + (at & (ROWS * 128 - 1)));
        uint32_t v1 = *(const uint16_t*)(ring + (at + 128 & (ROWS * 128 - 1)));
        return prmt(prmt(v0, v1, 0x5410), 0, t * 0x21bc + 0x5454);
    }

    // Of a mask: bit 0 and bit 8.
    __device__ uint32_t pair(uint32_t& list, uint32_t bits) {
        uint32_t t = bits & 0x0101;
        uint32_t v = window(list, t);
        list = __dp4a(t, 0x8080u, list);
        return v;
    }

    // Of a place: none (0), one (from 12 on), or two values.
    __device__ uint32_t slots(uint32_t& list, uint32_t nibble) {
        uint32_t one = nibble != 0;
        uint32_t two = nibble != 0 && nibble < 12;
        uint32_t v = window(list, one | two << 8);
        list = __dp2a_lo(one | two << 16, 0x8080u, list);
        return v;
    }
};

template <bool SLOTS>
__device__ void half_tile(Lane& lane, int h, uint4 masks, const uint32_t* x, int t, float (&sums)[4][4]) {
    const uint32_t mask[4] = {masks.x, masks.y, masks.z, masks.w};
    if constexpr (SLOTS) {
        uint32_t b[4];
#pragma unroll
        for (int q = 0; q < 4; q++) b[q] = x[16 * h + 4 * q];
#pragma unroll
        for (int rt = 0; rt < 4; rt++) {
            uint32_t m = mask[rt] >> 8 * h;
            uint32_t a0 = lane.slots(lane.above, m & 15), a2 = lane.slots(lane.above, m >> 4 & 15);
            uint32_t a1 = lane.slots(lane.below, m >> 16 & 15), a3 = lane.slots(lane.below, m >> 20 & 15);
            uint32_t e0 = (m & 15) << 4 * t | (m >> 16 & 15) << 16 + 4 * t;
            uint32_t e1 = (m >> 4 & 15) << 4 * t | (m >> 20 & 15) << 16 + 4 * t;
            // Even lanes gather groups 0 to 3 of their quad, odd ones 4 to 7.
            uint32_t e = (t & 1 ? e1 : e0) | __shfl_xor_sync(~0u, t & 1 ? e0 : e1, 1);
            e |= __shfl_xor_sync(~0u, e, 2);
            asm volatile("mma.sp.sync.aligned.m16n8k32.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9,%10,%11}, {%0,%1,%2,%3}, %12, 0;"
                         : "+f"(sums[rt][0]), "+f"(sums[rt][1]), "+f"(sums[rt][2]), "+f"(sums[rt][3])
                         : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b[0]), "r"(b[1]), "r"(b[2]), "r"(b[3]), "r"(e));
        }
    } else {
#pragma unroll
        for (int u = 2 * h; u < 2 * h + 2; u++) {
            uint32_t b0 = x[8 * u], b1 = x[8 * u + 4];
#pragma unroll
            for (int rt = 0; rt < 4; rt++) {
                uint32_t m = mask[rt] >> 2 * u;
                uint32_t a0 = lane.pair(lane.above, m), a2 = lane.pair(lane.above, m >> 1);
                uint32_t a1 = lane.pair(lane.below, m >> 16), a3 = lane.pair(lane.below, m >> 17);
                asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                             : "+f"(sums[rt][0]), "+f"(sums[rt][1]), "+f"(sums[rt][2]), "+f"(sums[rt][3])
                             : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
            }
        }
    }
}

// Segment blockIdx.y of each row block; what several segments have for one sum is added up in memory.
template <bool SLOTS>
__device__ void product(const unsigned char* streams, const uint4* masks, const uint2* info, const uint32_t* offsets,
                        const uint32_t* x, float* y, int rowBlocks, int kTiles, int segment) {
    extern __shared__ __align__(128) unsigned char smem[];
    __shared__ uint64_t full[WARPS][CHUNKS];
    int warp = threadIdx.x / 32, l = threadIdx.x % 32, g = l / 4, t = l % 4;
    int block = blockIdx.x * WARPS + warp;
    if (block >= rowBlocks) return;
    unsigned char* ring = smem + warp * ROWS * 128;
    if (l < CHUNKS) ptx::mbarrier_init(&full[warp][l], 1);
    ptx::fence_mbarrier_init(ptx::sem_release, ptx::scope_cluster);
    __syncwarp();
    int from = blockIdx.y * segment, to = min(kTiles, from + segment);
    const uint32_t* first = offsets + block * gridDim.y + blockIdx.y;
    streams += (size_t)first[0] * 128;
    int total = first[1] - first[0] + 2; // a list that is through looks at two rows more
    int asked = 0, here = 0;             // chunks
    int rows = 0;
    float sums[4][4] = {};
    Lane lane{ring, 0, 0};
    info += block * kTiles;
    masks += (size_t)block * kTiles * 32 + l;
    x += g * kTiles * 32 + t;
    uint2 next = info[from];
    for (int kt = from; kt < to; kt++) {
        uint2 now = next;
        next = kt + 1 < to ? info[kt + 1] : make_uint2(0, 0);
        if (now.y >> 16 & 1) {
            lane.above = rows * 128 + 4 * l;
            lane.below = lane.above + 2;
        }
        if (now.x >> l & 1) {
            uint32_t other = lane.above;
            lane.above = lane.below;
            lane.below = other;
        }
        uint4 m = masks[kt * 32];
#pragma unroll
        for (int h = 0; h < 2; h++) {
            rows += now.y >> 8 * h & 255;
            int ahead = min(total, rows + 2 + (h == 0 ? now.y >> 8 & 255 : next.y & 255));
            __syncwarp(); // what is written over has been read
            for (; asked * CHUNK < ahead; asked++) {
                if (elected()) {
                    uint32_t bytes = min(CHUNK, total - asked * CHUNK) * 128;
                    uint64_t* told = &full[warp][asked % CHUNKS];
                    ptx::mbarrier_arrive_expect_tx(ptx::sem_release, ptx::scope_cta, ptx::space_shared, told, bytes);
                    ptx::cp_async_bulk(ptx::space_cluster, ptx::space_global, ring + asked % CHUNKS * CHUNK * 128,
                                       streams + asked * CHUNK * 128, bytes, told);
                }
                __syncwarp();
            }
            for (; here * CHUNK < min(total, rows + 2); here++) {
                while (!ptx::mbarrier_try_wait_parity(&full[warp][here % CHUNKS], here / CHUNKS & 1)) {
                }
            }
            half_tile<SLOTS>(lane, h, m, x + kt * 32, t, sums);
        }
    }
    for (; here < asked; here++) {
        while (!ptx::mbarrier_try_wait_parity(&full[warp][here % CHUNKS], here / CHUNKS & 1)) {
        }
    }
    int height = 64 * rowBlocks;
#pragma unroll
    for (int rt = 0; rt < 4; rt++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            atomicAdd(&y[(2 * t + i % 2) * height + 64 * block + 16 * rt + g + 8 * (i / 2)], sums[rt][i]);
        }
    }
}

extern "C" __global__ void bitmap(const unsigned char* streams, const uint4* masks, const uint2* info, const uint32_t* offsets,
                                  const uint32_t* x, float* y, int rowBlocks, int kTiles, int segment) {
    product<false>(streams, masks, info, offsets, x, y, rowBlocks, kTiles, segment);
}

extern "C" __global__ void slots(const unsigned char* streams, const uint4* masks, const uint2* info, const uint32_t* offsets,
                                 const uint32_t* x, float* y, int rowBlocks, int kTiles, int segment) {
    product<true>(streams, masks, info, offsets, x, y, rowBlocks, kTiles, segment);
}
