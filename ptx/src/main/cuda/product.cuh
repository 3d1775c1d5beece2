// What all products Y = A X have in common, whatever the format of A: how the work is cut, how X comes to a block, what becomes
// of a token that is not finite, how sums come to epilogue.cuh.
//
// A block of four warps owns rows of tiles of A and TILE_N tokens, and goes through the k-tiles of its split. Warp w takes rows
// 16 w .. 16 w + 15 of a tile.
#pragma once
#include "epilogue.cuh"
#include "mma.cuh"

constexpr int TILE_M = 64;                    // rows of a tile: 16 for each of four warps
constexpr int TILE_K = 64;                    // columns of a tile: 128 bytes, one row of the 32 banks
constexpr int WARPS = 4;
constexpr int THREADS = WARPS * 32;
constexpr int CHUNK = 8;                      // halves in the 16 bytes of a cp.async or of a row of an ldmatrix
constexpr int CHUNKS = TILE_K / CHUNK;        // of a row
constexpr int ROW_BYTES = TILE_K * 2;         // a row of an image, of A or of X
constexpr int IMAGE_BYTES = TILE_M * ROW_BYTES;

// As many blocks as a multiprocessor of sm_90 has shared memory for (228 KB, 1 KB of it a block's overhead): ptxas may use the
// registers that this leaves. It spills when it aims for more blocks by itself.
constexpr int blocks(int shared_bytes) { return 228 * 1024 / (shared_bytes + 1024); }

// Byte offset of chunk `chunk` of row `row` in an image: the chunks of a row are permuted so that eight rows of one chunk
// column lie in different banks.
__device__ __forceinline__ uint32_t swizzled(int row, int chunk) { return row * ROW_BYTES + ((chunk ^ (row & 7)) << 4); }

// The k-tiles of this block's split.
struct Split {
    int ktiles, first, last;

    __device__ __forceinline__ explicit Split(int k) {
        ktiles = (k - 1) / TILE_K + 1;
        first = (int)((long long)ktiles * blockIdx.z / gridDim.z);
        last = (int)((long long)ktiles * (blockIdx.z + 1) / gridDim.z);
    }
};

// A block's tokens of X, k-tile by k-tile: a part has a row of 128 bytes a token, chunks permuted.
template <int TILE_N>
struct Tokens {
    static constexpr int PART_BYTES = TILE_N * ROW_BYTES;
    static constexpr int STRIDE = THREADS / CHUNKS;   // in tokens; a multiple of 8: the swizzle stays the same

    // A thread copies chunk thread % 8 of token thread / 8, and of every 16th token after that one.
    const uint16_t* x;
    const uint16_t* from;
    int k, ldx, token, column, left;                  // tokens left from this thread's first on
    uint32_t to;

    __device__ __forceinline__ Tokens(const uint16_t* x, int k, int n, int ldx) : x(x), k(k), ldx(ldx) {
        const int thread = threadIdx.x, token0 = blockIdx.x * TILE_N;
        token = thread / CHUNKS;
        column = thread % CHUNKS * CHUNK;
        to = swizzled(token, thread % CHUNKS);
        from = x + (size_t)(token0 + token) * ldx + column;
        left = n - token0 - token;
    }

    __device__ __forceinline__ void copy(uint32_t part, int tile) const {
        const int halves = min(max(k - tile * TILE_K - column, 0), CHUNK);   // left of the chunk before the edge
        const uint16_t* at = from + (size_t)tile * TILE_K;
#pragma unroll
        for (int i = 0; i < (TILE_N + STRIDE - 1) / STRIDE; i++) {
            if (TILE_N < STRIDE && token >= TILE_N) break;
            const bool inside = halves > 0 && i * STRIDE < left;
            copy_async16(part + to + i * STRIDE * ROW_BYTES, inside ? at : x, inside ? halves * 2 : 0);
            at += (size_t)STRIDE * ldx;
        }
    }
};

// What a lane hands to ldmatrix of X: eight tokens by chunks 0..3, so b0, b1 of step 0, b0, b1 of step 1; the other half of a row
// and the other tokens from there.
__device__ __forceinline__ uint32_t token_lane() {
    const int thread = threadIdx.x;
    return swizzled(thread & 7, (thread & 31) >> 3);
}

// A token with a NaN or an infinity among its activations gives NaN everywhere, whatever a format skips and whatever the weight
// that meets it (3 * inf would be inf): one extra mma with A = 0 for each fragment of X (0 * inf = NaN, 0 * finite = 0), in an
// accumulator of its own. All warps see the same X, so they share that work, and hand each other the verdicts at the end.
template <class Value, int TILE_N>
struct Verdict {
    static constexpr int NT = TILE_N / 8;             // groups of eight tokens
    // A warp judges every fourth group; with fewer groups than warps, two share one, half its columns each.
    static constexpr int JUDGED = NT < WARPS ? 1 : NT / WARPS;
    static constexpr int SHARERS = NT < WARPS ? 2 : 1;
    static constexpr int BYTES = SHARERS * TILE_N * 4;   // of all, in shared memory

    float poison[JUDGED][4] = {};

    // What a lane hands to ldmatrix of the tokens that its warp judges.
    __device__ __forceinline__ static uint32_t lane() {
        const int thread = threadIdx.x, warp = thread >> 5;
        return (token_lane() ^ warp / NT % SHARERS * 4 * 16) + warp % NT * 8 * ROW_BYTES;
    }

    __device__ __forceinline__ void judge(uint32_t part, uint32_t lane) {
        const uint32_t zero[4] = {0, 0, 0, 0};
#pragma unroll
        for (int i = 0; i < JUDGED; i++) {
#pragma unroll
            for (int h = 0; h < 2 / SHARERS; h++) {
                uint32_t b[4];
                ldmatrix4(b, part + (lane ^ h * 4 * 16) + i * WARPS * 8 * ROW_BYTES);
                mma<Value>(poison[i], zero, b[0], b[1]);
                mma<Value>(poison[i], zero, b[2], b[3]);
            }
        }
    }

    // Writes this warp's part to [sharer][token]. All rows of a verdict are alike, so lanes 0 to 3 (row 0) know it all.
    __device__ __forceinline__ void tell(float* verdicts) const {
        const int thread = threadIdx.x, lane = thread & 31, warp = thread >> 5;
        if (lane < 4 && warp / NT < SHARERS) {        // where more than two would share, the others only repeat
#pragma unroll
            for (int i = 0; i < JUDGED; i++) {
                const int at = warp / NT % SHARERS * TILE_N + (i * WARPS + warp % NT) * 8 + 2 * lane;
                verdicts[at] = poison[i][0];
                verdicts[at + 1] = poison[i][1];
            }
        }
    }

    // What all said of a token: 0 or NaN.
    __device__ __forceinline__ static float of(const float* verdicts, int token) {
        float p = verdicts[token];
        if (SHARERS == 2) p += verdicts[TILE_N + token];
        return p;
    }
};

// A warp's 16 rows of a row of tiles, to where Finish wants them: the row of tiles is the r-th of the block's.
template <int TILE_N, int ROWS>
__device__ __forceinline__ void lay_down(float* tile, const float (&sum)[TILE_N / 8][4], int r) {
    const int thread = threadIdx.x, lane = thread & 31, warp = thread >> 5;
    constexpr int PITCH = Finish<TILE_N, ROWS, THREADS>::PITCH;
    tile += 2 * (lane & 3) * PITCH + r * TILE_M + warp * 16 + (lane >> 2);
#pragma unroll
    for (int j = 0; j < TILE_N / 8; j++) {
#pragma unroll
        for (int i = 0; i < 4; i++) tile[(j * 8 + (i & 1)) * PITCH + 8 * (i >> 1)] = sum[j][i];
    }
}

// A block's rows of tiles from `top` on, laid down, with all warps' verdicts: to Y.
template <class Value, int TILE_N, int ROWS>
__device__ __forceinline__ void finish_rows(const Epilogue& e, float* tile, const float* verdicts, int top, int m, int n) {
    const size_t index = (size_t)(top / (ROWS / TILE_M)) * gridDim.x + blockIdx.x;
    Finish<TILE_N, ROWS, THREADS>::finish(e, tile, [&](int token) { return Verdict<Value, TILE_N>::of(verdicts, token); },
                                          RowsFrom{top * TILE_M}, blockIdx.x * TILE_N, m, n, index * gridDim.z, index, blockIdx.z, gridDim.z);
}
