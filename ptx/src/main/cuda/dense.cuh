// Y = A X for A in the dense format: tiles as they are, column by column. One source for every instance; see README.md.
//
// A block owns ROW_TILES rows of tiles, so that a part of X serves that many. For each k-tile:
//
//   copies of tile t have landed, everybody is past tile t - 1              (wait, barrier)
//   warp w: rows 16 w .. 16 w + 15 of each tile times the part of X, by ldmatrix and mma.sync;
//   behind the first ldmatrix, start copies of tile t + stages - 1: values and its part of X
//
// The stage that the copies of t + stages - 1 fill is that of t - 1, whose last readers came before the barrier. There are STAGES, or
// MOST_STAGES where the launch has shared memory for that many: with few blocks, each must have more on its way.
//
// A tile lies in shared memory as in global memory, a column of 64 rows being 128 bytes, but with each column's eight chunks
// permuted: then the eight columns of a chunk lie in different banks, and ldmatrix turns them over (.trans) on its way to
// fragments of A. Padding is +0, and meets X's own padding or rows that are never written.
#pragma once
#include "product.cuh"

constexpr int TILE_QUADS = IMAGE_BYTES / 16;      // copies of 16 bytes that a tile takes

template <int TILE_N, int ROW_TILES, int STAGES>
constexpr int DENSE_BYTES = STAGES * (ROW_TILES * IMAGE_BYTES + TILE_N * ROW_BYTES);

template <class Value, int TILE_N, int ROW_TILES, int STAGES, int MOST_STAGES>
__device__ __forceinline__ void dense(const uint4* __restrict__ values, const uint16_t* __restrict__ x, int m, int k, int n, int ldx,
                                      const Epilogue& epilogue) {
    constexpr int STAGE_BYTES = ROW_TILES * IMAGE_BYTES + TILE_N * ROW_BYTES;
    constexpr int NT = TILE_N / 8;                                       // mma tiles side by side
    constexpr int ROWS = ROW_TILES * TILE_M;
    using FINISH = Finish<TILE_N, ROWS, THREADS>;
    static_assert(FINISH::TILE_BYTES + Verdict<Value, TILE_N>::BYTES <= DENSE_BYTES<TILE_N, ROW_TILES, STAGES>);
    static_assert(2 <= STAGES && STAGES <= MOST_STAGES);
    static_assert(DENSE_BYTES<TILE_N, ROW_TILES, MOST_STAGES> <= 99 * 1024, "a block of sm_86 and sm_89 has 99 KB");
    extern __shared__ __align__(128) unsigned char shared[];
    const uint32_t begin = (uint32_t)__cvta_generic_to_shared(shared);
    const bool most = MOST_STAGES > STAGES && dynamic_shared_bytes() >= DENSE_BYTES<TILE_N, ROW_TILES, MOST_STAGES>;
    const int stages = most ? MOST_STAGES : STAGES;
    const uint32_t end = begin + stages * STAGE_BYTES;

    const int thread = threadIdx.x, lane = thread & 31, warp = thread >> 5;
    const Split split(k);
    const int rowtiles = (m - 1) / TILE_M + 1;

    // What a lane hands to ldmatrix of A: matrices (rows 0-7, 8-15 of the warp's) x (columns 0-7, 8-15), so a0..a3 as mma wants
    // them. Other steps are whole columns further on.
    const uint32_t a_lane = swizzled((lane & 7) + (lane >> 4) * 8, 2 * warp + (lane >> 3 & 1));
    const uint32_t x_lane = token_lane(), judge_lane = Verdict<Value, TILE_N>::lane();
    const Tokens<TILE_N> tokens(x, k, n, ldx);
    // A thread copies chunk thread % 8 of column thread / 8, and of every 16th column after that one.
    const uint32_t copy_to = swizzled(thread / CHUNKS, thread % CHUNKS);

    for (int top = blockIdx.y * ROW_TILES; top < rowtiles; top += gridDim.y * ROW_TILES) {   // once, unless there are more than 65535
        const uint4* from[ROW_TILES];                                    // below the last row of tiles: that one again, never written
#pragma unroll
        for (int r = 0; r < ROW_TILES; r++)
            from[r] = values + ((size_t)min(top + r, rowtiles - 1) * split.ktiles + split.first) * TILE_QUADS + thread;
        float sum[ROW_TILES][NT][4] = {};
        Verdict<Value, TILE_N> verdict;

        auto start_copies = [&](int tile, uint32_t stage) {              // of one tile after the other
#pragma unroll
            for (int r = 0; r < ROW_TILES; r++) {
#pragma unroll
                for (int i = 0; i < TILE_QUADS / THREADS; i++)
                    copy_async16(stage + copy_to + r * IMAGE_BYTES + i * THREADS * 16, from[r] + i * THREADS);
                from[r] += TILE_QUADS;
            }
            tokens.copy(stage + ROW_TILES * IMAGE_BYTES, tile);
        };

        uint32_t stage = begin, free = begin;                            // of tile t, of tile t - 1
#pragma unroll 1
        for (int t = split.first; t < split.first + stages - 1; t++) {
            if (t < split.last) start_copies(t, free);
            commit_copies();                                             // empty ones too: the groups are counted
            free += STAGE_BYTES;
        }

#pragma unroll 1
        for (int t = split.first; t < split.last; t++) {
            const uint32_t part = stage + ROW_TILES * IMAGE_BYTES;
            if (most) wait_for_all_but<MOST_STAGES - 2>(); else wait_for_all_but<STAGES - 2>();
            __syncthreads();
#pragma unroll
            for (int h = 0; h < 2; h++) {                                // two steps of 16 columns each
                uint32_t a[ROW_TILES][2][4];
#pragma unroll
                for (int r = 0; r < ROW_TILES; r++) {
#pragma unroll
                    for (int s = 0; s < 2; s++) ldmatrix4_transposed(a[r][s], stage + a_lane + r * IMAGE_BYTES + (2 * h + s) * 16 * ROW_BYTES);
                }
                if (h == 0) {                                            // while these are on their way
                    if (t + stages - 1 < split.last) start_copies(t + stages - 1, free);
                    commit_copies();
                }
#pragma unroll
                for (int j = 0; j < NT; j++) {
                    uint32_t b[4];
                    ldmatrix4(b, part + (x_lane ^ h * 4 * 16) + j * 8 * ROW_BYTES);
#pragma unroll
                    for (int r = 0; r < ROW_TILES; r++) {
                        mma<Value>(sum[r][j], a[r][0], b[0], b[1]);
                        mma<Value>(sum[r][j], a[r][1], b[2], b[3]);
                    }
                }
            }
            verdict.judge(part, judge_lane);
            free = stage;
            stage = stage + STAGE_BYTES == end ? begin : stage + STAGE_BYTES;
        }

        // Nothing is on its way to the stages: the tile of sums takes their place.
        float* sums = reinterpret_cast<float*>(shared);
        float* verdicts = reinterpret_cast<float*>(shared + FINISH::TILE_BYTES);
        __syncthreads();
#pragma unroll
        for (int r = 0; r < ROW_TILES; r++) lay_down<TILE_N, ROWS>(sums, sum[r], r);
        verdict.tell(verdicts);
        __syncthreads();
        finish_rows<Value, TILE_N, ROWS>(epilogue, sums, verdicts, top, m, n);
        __syncthreads();                                                 // the next rows of tiles write where these still read
    }
}
