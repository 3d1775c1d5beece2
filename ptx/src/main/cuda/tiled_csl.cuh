// Y = A X for A in Tiled-CSL: load as sparse, compute as dense. One source for every instance; see README.md for the format.
//
// A block of four warps owns 64 rows of A (a row of tiles) and TILE_N tokens, and goes through the k-tiles of its split:
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
//
// A token with a NaN or an infinity among its activations gives NaN everywhere, whatever the format skips: one extra mma with
// A = 0 for each fragment of X (0 * inf = NaN, 0 * finite = 0), in an accumulator of its own. All warps see the same X, so
// they share that work, and hand each other the verdicts at the end.
#pragma once
#include "mma.cuh"

constexpr int TILE_M = 64;                    // rows of a tile: 16 for each of four warps
constexpr int TILE_K = 64;                    // columns of a tile: 128 bytes, one row of the 32 banks
constexpr int WARPS = 4;
constexpr int THREADS = WARPS * 32;
constexpr int CHUNK = 8;                      // halves in the 16 bytes of a cp.async or of a row of an ldmatrix
constexpr int CHUNKS = TILE_K / CHUNK;        // of a row
constexpr int ROW_BYTES = TILE_K * 2;         // a row of an image, of A or of X
constexpr int IMAGE_BYTES = TILE_M * ROW_BYTES;
constexpr int STAGE_BYTES = TILE_M * TILE_K * 4;   // 4 bytes an entry, every place taken

constexpr int shared_bytes(int tile_n) { return 2 * (IMAGE_BYTES + STAGE_BYTES + tile_n * ROW_BYTES); }
// As many blocks as a multiprocessor of sm_90 has shared memory for (228 KB, 1 KB of it a block's overhead): ptxas may use the
// registers that this leaves. It spills when it aims for more blocks by itself.
constexpr int blocks(int tile_n) { return 228 * 1024 / (shared_bytes(tile_n) + 1024); }
static_assert(shared_bytes(64) <= 99 * 1024, "a block of sm_86 and sm_89 has 99 KB");

// Byte offset of chunk `chunk` of row `row` in an image: the chunks of a row are permuted so that eight rows of one chunk
// column lie in different banks.
__device__ __forceinline__ uint32_t swizzled(int row, int chunk) { return row * ROW_BYTES + ((chunk ^ (row & 7)) << 4); }

template <class Value, int TILE_N>
__device__ __forceinline__ void tiled_csl(const uint4* __restrict__ entries, const uint32_t* __restrict__ offsets,
                                          const uint16_t* __restrict__ x, float* __restrict__ y, int m, int k, int n, int ldx) {
    extern __shared__ __align__(128) unsigned char shared[];
    const uint32_t images = (uint32_t)__cvta_generic_to_shared(shared);
    const uint32_t stages = images + 2 * IMAGE_BYTES;
    const uint32_t parts = stages + 2 * STAGE_BYTES;                     // of X
    constexpr int PART_BYTES = TILE_N * ROW_BYTES;
    constexpr int NT = TILE_N / 8;                                       // mma tiles side by side

    const int thread = threadIdx.x, lane = thread & 31, warp = thread >> 5;
    const int ktiles = (k - 1) / TILE_K + 1;
    const int first = (int)((long long)ktiles * blockIdx.z / gridDim.z);  // this split's k-tiles
    const int last = (int)((long long)ktiles * (blockIdx.z + 1) / gridDim.z);
    const int token0 = blockIdx.x * TILE_N;
    const int rowtiles = (m - 1) / TILE_M + 1;
    y += (size_t)blockIdx.z * n * m;                                     // a split's own partial sums

    // What a lane hands to ldmatrix. A: matrices (rows 0-7, 8-15) x (chunk 2s, 2s + 1), so a0..a3 as mma wants them; X: eight
    // tokens by chunks 0..3 (4..7), so b0, b1 of step 0, b0, b1 of step 1 (2, 3). Other steps and halves flip bits of it.
    const uint32_t a_lane = swizzled(warp * 16 + (lane & 15), lane >> 4);
    const uint32_t x_lane = swizzled(lane & 7, lane >> 3);

    // Whom a warp judges: every fourth group of eight tokens; with fewer groups than warps, two share one, half its columns each.
    constexpr int JUDGED = NT < WARPS ? 1 : NT / WARPS;
    constexpr int SHARERS = NT < WARPS ? 2 : 1;
    const uint32_t judge_lane = (x_lane ^ warp / NT % SHARERS * 4 * 16) + warp % NT * 8 * ROW_BYTES;

    // What a thread copies of X: chunk thread % 8 of token thread / 8, and of every 16th token after that one.
    constexpr int STRIDE = THREADS / CHUNKS;                             // in tokens
    const int copy_token = thread / CHUNKS, copy_column = thread % CHUNKS * CHUNK;
    const uint32_t copy_to = swizzled(copy_token, thread % CHUNKS);      // STRIDE is a multiple of 8: the swizzle stays the same
    const uint16_t* copy_from = x + (size_t)(token0 + copy_token) * ldx + copy_column;
    const int copy_tokens = n - token0 - copy_token;                     // how many are left from here on

    for (int rowtile = blockIdx.y; rowtile < rowtiles; rowtile += gridDim.y) {   // once, unless there are more than 65535
        const uint32_t* offset = offsets + (size_t)rowtile * ktiles;
        float sum[NT][4] = {}, poison[JUDGED][4] = {};

        auto start_copies = [&](int tile, uint32_t begin, uint32_t end) {
            const uint32_t stage = stages + (tile & 1) * STAGE_BYTES, part = parts + (tile & 1) * PART_BYTES;
#pragma unroll 1
            for (uint32_t q = begin + thread; q < end; q += THREADS) copy_async16(stage + (q - begin) * 16, entries + q);
            const int halves = min(max(k - tile * TILE_K - copy_column, 0), CHUNK);   // left of the chunk before the edge
#pragma unroll
            for (int i = 0; i < (TILE_N + STRIDE - 1) / STRIDE; i++) {
                if (TILE_N < STRIDE && copy_token >= TILE_N) break;
                const bool inside = halves > 0 && i * STRIDE < copy_tokens;
                copy_async16(part + copy_to + i * STRIDE * ROW_BYTES,
                             inside ? copy_from + (size_t)(i * STRIDE) * ldx + tile * TILE_K : x, inside ? halves * 2 : 0);
            }
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
            const uint32_t zero[4] = {0, 0, 0, 0};
#pragma unroll
            for (int j = 0; j < NT; j++) {
                uint32_t b[2][4];
                ldmatrix4(b[0], part + x_lane + j * 8 * ROW_BYTES);
                ldmatrix4(b[1], part + (x_lane ^ 4 * 16) + j * 8 * ROW_BYTES);
#pragma unroll
                for (int s = 0; s < 4; s++) mma<Value>(sum[j], a[s], b[s >> 1][2 * (s & 1)], b[s >> 1][2 * (s & 1) + 1]);
            }
#pragma unroll
            for (int i = 0; i < JUDGED; i++) {
#pragma unroll
                for (int h = 0; h < 2 / SHARERS; h++) {
                    uint32_t b[4];
                    ldmatrix4(b, part + (judge_lane ^ h * 4 * 16) + i * WARPS * 8 * ROW_BYTES);
                    mma<Value>(poison[i], zero, b[0], b[1]);
                    mma<Value>(poison[i], zero, b[2], b[3]);
                }
            }
        }

        // All rows of a verdict are alike, so lanes 0 to 3 (row 0) know it all. The stages are free: their last readers came
        // before the last barrier.
        float* verdict = reinterpret_cast<float*>(shared + 2 * IMAGE_BYTES);   // [sharer][token]
        if (lane < 4 && warp / NT < SHARERS) {                           // N = 8: warps 2 and 3 only repeat what 0 and 1 found
#pragma unroll
            for (int i = 0; i < JUDGED; i++) {
                const int at = warp / NT % SHARERS * TILE_N + (i * WARPS + warp % NT) * 8 + 2 * lane;
                verdict[at] = poison[i][0];
                verdict[at + 1] = poison[i][1];
            }
        }
        __syncthreads();
        const int row = rowtile * TILE_M + warp * 16 + (lane >> 2);
#pragma unroll
        for (int j = 0; j < NT; j++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const int column = j * 8 + 2 * (lane & 3) + (i & 1), r = row + 8 * (i >> 1);
                float p = verdict[column];
                if (SHARERS == 2) p += verdict[TILE_N + column];
                if (token0 + column < n && r < m) y[(size_t)(token0 + column) * m + r] = sum[j][i] + p;
            }
        }
        __syncthreads();                                                 // the next row of tiles writes where this one still reads
    }
}
