// Products of a warp's fragments with X: 64 columns of X in shared memory, as Activations lays them out, against 64 rows.
#pragma once
#include "activations.cuh"
#include "lists.cuh"
#include "wgmma.cuh"

constexpr int ROW_TILES = 4;                  // of a row block, 16 rows each

// By the warp's own instructions (mma.sync): every warp at its own pace.
template <class Value, int NT>
struct WarpProducts {
    static constexpr bool WHOLE_CREWS = false;

    // X's stages of a k-tile of so many parts: how many, and the parts of each, 4 KB or a k-tile.
    __host__ __device__ static constexpr int stages(int) { return 2; }
    __host__ __device__ static constexpr int stage_parts(int tile_parts) {
        constexpr int WANTED = 4096 / (NT * 8 * TOKEN_BYTES);
        return tile_parts > WANTED ? tile_parts : WANTED;
    }

    // `x`: where the columns' stage begins; STEP: the first of four among the k-tile's.
    template <int STEP, class LISTS>
    __device__ __forceinline__ void part(const uint4& words, LISTS& lists, const Ring& ring, float (&c)[ROW_TILES * NT][4], uint32_t x) {
        const uint32_t lane = threadIdx.x & 31, token = lane & 7;
        uint32_t b[NT][2];
        if constexpr (NT == 1) {                                         // a token's chunks 0..3: two steps
            const uint32_t from = x + token * TOKEN_BYTES + ((lane >> 3 ^ token) << 4);
            uint32_t f[4];
            auto half = [&b](const uint32_t (&f)[4], int i) { b[0][0] = f[2 * i]; b[0][1] = f[2 * i + 1]; };
            ldmatrix4(f, from);
            half(f, 0);
            step<STEP>(words, lists, ring, c, b);
            half(f, 1);
            step<STEP + 1>(words, lists, ring, c, b);
            ldmatrix4(f, from ^ 4 * 16);
            half(f, 0);
            step<STEP + 2>(words, lists, ring, c, b);
            half(f, 1);
            step<STEP + 3>(words, lists, ring, c, b);
        } else {                                                         // chunks 0, 1 of two groups of eight tokens: one step
            const uint32_t from = x + ((lane >> 4) * 8 + token) * TOKEN_BYTES + (((lane >> 3 & 1) ^ token) << 4);
            auto load = [&](int s) {
#pragma unroll
                for (int j = 0; j < NT; j += 2) {
                    uint32_t f[4];
                    ldmatrix4(f, (from ^ s * 2 * 16) + j * 8 * TOKEN_BYTES);
                    b[j][0] = f[0]; b[j][1] = f[1];
                    b[j + 1][0] = f[2]; b[j + 1][1] = f[3];
                }
            };
            load(0);
            step<STEP>(words, lists, ring, c, b);
            load(1);
            step<STEP + 1>(words, lists, ring, c, b);
            load(2);
            step<STEP + 2>(words, lists, ring, c, b);
            load(3);
            step<STEP + 3>(words, lists, ring, c, b);
        }
    }

    __device__ __forceinline__ static void written() {}
    __device__ __forceinline__ static void finish(float (&)[ROW_TILES * NT][4]) {}

private:
    // One step of 16 columns: X's fragments against each row tile's.
    template <int STEP, class LISTS>
    __device__ __forceinline__ static void step(const uint4& words, LISTS& lists, const Ring& ring, float (&c)[ROW_TILES * NT][4], const uint32_t (&b)[NT][2]) {
        const uint32_t of[ROW_TILES] = {words.x, words.y, words.z, words.w};
#pragma unroll
        for (int r = 0; r < ROW_TILES; r++) {
            uint32_t a[4];
            lists.template fragment<STEP>(of[r], a);
#pragma unroll
            for (int j = 0; j < NT; j++) mma<Value>(c[r * NT + j], a, b[j][0], b[j][1]);
        }
        lists.wrap(ring);
    }
};

// By a crew's four warps together (wgmma): fragments from registers, which are those of mma.sync, and X straight from shared memory. A step's
// products run while the next step's fragments are unpacked into other registers.
template <class Value, int NT>
struct WarpgroupProducts {
    static constexpr bool WHOLE_CREWS = true;  // warps without rows of their own come too

    // Of 64 tokens two parts a stage, half as many barriers a column; or, where k-tiles are as wide, three stages of a part: half of X less,
    // which leaves room for another crew. With three, the products of a stage may still run at the barrier after it.
    __host__ __device__ static constexpr int stages(int tile_parts) { return NT == 8 && tile_parts == 2 ? 3 : 2; }
    __host__ __device__ static constexpr int stage_parts(int tile_parts) { return NT < 8 ? tile_parts : tile_parts == 2 ? 1 : 2; }

    static constexpr int SETS = 2;            // of registers: a step's while the next one's are unpacked
    uint32_t a[SETS][ROW_TILES][4];

    template <int STEP, class LISTS>
    __device__ __forceinline__ void part(const uint4& words, LISTS& lists, const Ring& ring, float (&c)[ROW_TILES * NT][4], uint32_t x) {
        const uint64_t b = swizzled_128(x);
        step<STEP>(words, lists, ring, c, a[0], b);
        step<STEP + 1>(words, lists, ring, c, a[1], b + 2);
        step<STEP + 2>(words, lists, ring, c, a[0], b + 4);
        step<STEP + 3>(words, lists, ring, c, a[1], b + 6);
    }

    // What this thread wrote of X, before a barrier: wgmma reads it by another proxy.
    __device__ __forceinline__ static void written() { fence_proxy(); }
    // Until all sums are there. Nothing that reads them may be moved to before it.
    __device__ __forceinline__ static void finish(float (&c)[ROW_TILES * NT][4]) {
        wgmma_wait<0>();
#pragma unroll
        for (int i = 0; i < ROW_TILES * NT; i++)
#pragma unroll
            for (int j = 0; j < 4; j++) asm volatile("" : "+f"(c[i][j]) :: "memory");
    }

private:
    template <int STEP, class LISTS>
    __device__ __forceinline__ static void step(const uint4& words, LISTS& lists, const Ring& ring, float (&c)[ROW_TILES * NT][4], uint32_t (&a)[ROW_TILES][4], uint64_t b) {
        const uint32_t of[ROW_TILES] = {words.x, words.y, words.z, words.w};
        wgmma_wait<SETS - 1>();
#pragma unroll
        for (int r = 0; r < ROW_TILES; r++) lists.template fragment<STEP>(of[r], a[r]);
        lists.wrap(ring);
        wgmma_fence();
#pragma unroll
        for (int r = 0; r < ROW_TILES; r++) wgmma<Value, NT * 8>(&c[r * NT], a[r], b);
        wgmma_commit();
    }
};
