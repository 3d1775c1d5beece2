// Y = A X for A in Tiled-CSL: load as sparse, compute as dense. One source for every instance; see README.md for the format.
//
// A block owns one row of tiles. For each k-tile:
//
//   copies of tile t have landed, everybody is past tile t - 1              (wait, barrier)
//   start copies of tile t + 1: its entries as they are, its part of X
//   scatter the entries of tile t into its dense image                       (then a barrier)
//   zero the other image, for tile t + 1
//   warp w: rows 16 w .. 16 w + 15 of the image times the part of X, by ldmatrix and mma.sync
//
// Two of each buffer, t & 1 says which. Why every access is ordered:
//   - stage and X of t + 1 are written by copies that start after barrier 1 of t; their last readers (scatter and mma of
//     t - 1) came before it;
//   - image t + 1 is zeroed after barrier 2 of t and before barrier 1 of t + 1; its last readers (mma of t - 1) came before
//     barrier 1 of t, its next writers (scatter of t + 1) come after barrier 1 of t + 1.
// The stage has room for a tile in which every place is taken, so density has no limit.
#pragma once
#include "product.cuh"

constexpr int STAGE_BYTES = TILE_M * TILE_K * 4;   // 4 bytes an entry, every place taken

constexpr int shared_bytes(int tile_n) { return 2 * (IMAGE_BYTES + STAGE_BYTES + tile_n * ROW_BYTES); }
static_assert(shared_bytes(64) <= 99 * 1024, "a block of sm_86 and sm_89 has 99 KB");

template <class Value, int TILE_N>
__device__ __forceinline__ void tiled_csl(const uint4* __restrict__ entries, const uint32_t* __restrict__ offsets,
                                          const uint16_t* __restrict__ x, int m, int k, int n, int ldx, const Epilogue& epilogue) {
    extern __shared__ __align__(128) unsigned char shared[];
    const uint32_t images = (uint32_t)__cvta_generic_to_shared(shared);
    const uint32_t stages = images + 2 * IMAGE_BYTES;
    const uint32_t parts = stages + 2 * STAGE_BYTES;                     // of X
    constexpr int PART_BYTES = Tokens<TILE_N>::PART_BYTES;
    constexpr int NT = TILE_N / 8;                                       // mma tiles side by side
    using FINISH = Finish<TILE_N, TILE_M, THREADS>;
    static_assert(FINISH::TILE_BYTES + Verdict<Value, TILE_N>::BYTES <= 2 * STAGE_BYTES);

    const int thread = threadIdx.x, lane = thread & 31, warp = thread >> 5;
    const Split split(k);
    const int first = split.first, last = split.last;
    const int rowtiles = (m - 1) / TILE_M + 1;

    // What a lane hands to ldmatrix of A: matrices (rows 0-7, 8-15) x (chunk 2s, 2s + 1), so a0..a3 as mma wants them. Other
    // steps and halves flip bits of it, as of X's.
    const uint32_t a_lane = swizzled(warp * 16 + (lane & 15), lane >> 4);
    const uint32_t x_lane = token_lane(), judge_lane = Verdict<Value, TILE_N>::lane();
    const Tokens<TILE_N> tokens(x, k, n, ldx);

    for (int rowtile = blockIdx.y; rowtile < rowtiles; rowtile += gridDim.y) {   // once, unless there are more than 65535
        const uint32_t* offset = offsets + (size_t)rowtile * split.ktiles;
        float sum[NT][4] = {};
        Verdict<Value, TILE_N> verdict;

        auto start_copies = [&](int tile, uint32_t begin, uint32_t end) {
            const uint32_t stage = stages + (tile & 1) * STAGE_BYTES;
#pragma unroll 1
            for (uint32_t q = begin + thread; q < end; q += THREADS) copy_async16(stage + (q - begin) * 16, entries + q);
            tokens.copy(parts + (tile & 1) * PART_BYTES, tile);
        };

        auto zero_image = [&](int tile) {
#pragma unroll
            for (int i = 0; i < IMAGE_BYTES / 16 / THREADS; i++) store_zero16(images + (tile & 1) * IMAGE_BYTES + (i * THREADS + thread) * 16);
        };

        zero_image(first);
        uint32_t begin = 0, end = 0, next_end = 0;                       // quads of tile t and of tile t + 1
        if (first < last) {
            begin = offset[first];
            end = offset[first + 1];
            next_end = offset[min(first + 2, last)];
            start_copies(first, begin, end);
        }
        commit_copies();

#pragma unroll 1
        for (int t = first; t < last; t++) {
            const uint32_t image = images + (t & 1) * IMAGE_BYTES, part = parts + (t & 1) * PART_BYTES;
            const uint32_t stage = stages + (t & 1) * STAGE_BYTES;
            wait_for_copies();
            __syncthreads();
            if (t + 1 < last) start_copies(t + 1, end, next_end);
            commit_copies();
            const int quads = end - begin;
            begin = end;
            end = next_end;
            next_end = offset[min(t + 3, last)];                         // looked up a tile ahead: nobody waits for it

#pragma unroll 2
            for (int q = thread; q < quads; q += THREADS) {              // pass by pass, lane by lane, as the encoder ordered them
                const uint4 e = load_shared16(stage + q * 16);
                store_half(image + (e.x >> 16) * 2, e.x);
                store_half(image + (e.y >> 16) * 2, e.y);
                store_half(image + (e.z >> 16) * 2, e.z);
                store_half(image + (e.w >> 16) * 2, e.w);
            }
            __syncthreads();
            zero_image(t + 1);

            uint32_t a[4][4];                                            // this warp's 16 rows, four steps of 16 columns
#pragma unroll
            for (int s = 0; s < 4; s++) ldmatrix4(a[s], image + (a_lane ^ 2 * s * 16));
#pragma unroll
            for (int j = 0; j < NT; j++) {
                uint32_t b[2][4];
                ldmatrix4(b[0], part + x_lane + j * 8 * ROW_BYTES);
                ldmatrix4(b[1], part + (x_lane ^ 4 * 16) + j * 8 * ROW_BYTES);
#pragma unroll
                for (int s = 0; s < 4; s++) mma<Value>(sum[j], a[s], b[s >> 1][2 * (s & 1)], b[s >> 1][2 * (s & 1) + 1]);
            }
            verdict.judge(part, judge_lane);
        }

        // The stages are free: their last readers came before the last barrier.
        float* sums = reinterpret_cast<float*>(shared + 2 * IMAGE_BYTES);
        float* verdicts = reinterpret_cast<float*>(shared + 2 * IMAGE_BYTES + FINISH::TILE_BYTES);
        lay_down<TILE_N, TILE_M>(sums, sum, 0);
        verdict.tell(verdicts);
        __syncthreads();
        finish_rows<Value, TILE_N, TILE_M>(epilogue, sums, verdicts, rowtile, m, n);
        __syncthreads();                                                 // the next row of tiles writes where this one still reads
    }
}
