// X of a tile's tokens in shared memory, for a crew of WARPS warps that go through the same columns together: stages of some columns, two at a
// time.
#pragma once
#include "mma.cuh"

constexpr int PART_K = 64;                    // columns of a part
constexpr int TOKEN_BYTES = PART_K * 2;       // of a token in a part

// An exponent with all bits set.
template <class Value> struct Exponent;
template <> struct Exponent<F16> { static constexpr uint32_t BITS = 0x7C00; };
template <> struct Exponent<BF16> { static constexpr uint32_t BITS = 0x7F80; };

// Whether a token's K activations have no NaN and no infinity; asked by a whole warp.
template <class Value>
__device__ __forceinline__ bool finite_token(const uint16_t* x, int k) {
    bool finite = true;
#pragma unroll 1
    for (int i = threadIdx.x & 31; i < k; i += 32) finite &= (x[i] & Exponent<Value>::BITS) != Exponent<Value>::BITS;
    return __all_sync(~0u, finite);
}

// A part has 128 bytes a token, its eight chunks of 16 bytes permuted so that eight tokens of one chunk lie in different banks.
//
// A thread has one chunk at a time, of CLASSES tokens, ROWS apart, and of each in some parts: where it reads and writes is a sum of
// a few numbers of its own and of constants.
template <class Value, int TILE_N, int WARPS, int TILE_PARTS>
struct Activations {
    // That come together: 4 KB, or one k-tile of TILE_PARTS parts; of 64 tokens two parts, half as many barriers a column.
    static constexpr int WANTED = TILE_N < 64 ? 4096 / (TILE_N * TOKEN_BYTES) : 2, STAGE_PARTS = TILE_PARTS > WANTED ? TILE_PARTS : WANTED;
    static constexpr int THREADS = WARPS * 32;
    static constexpr int ROWS = THREADS / 8;                             // of 128 bytes, that the crew copies at once
    static constexpr int PASSES = STAGE_PARTS * TILE_N / ROWS;
    static constexpr int CLASSES = TILE_N > ROWS ? TILE_N / ROWS : 1, PARTS_APART = TILE_N < ROWS ? ROWS / TILE_N : 1;
    static constexpr int PART_BYTES = TILE_N * TOKEN_BYTES, STAGE_BYTES = STAGE_PARTS * PART_BYTES, STAGE_K = STAGE_PARTS * PART_K;
    static_assert(STAGE_PARTS * TILE_N % ROWS == 0 && (TILE_N % ROWS == 0 || ROWS % TILE_N == 0) && ROWS % 8 == 0, "no thread is idle");

    // Passes whose addresses are there together: with cp.async for weights too, all four of 32 tokens make some instances spill.
#if __CUDA_ARCH__ >= 900
    static constexpr int AT_ONCE = PASSES;
#else
    static constexpr int AT_ONCE = CLASSES == 1 ? PASSES : CLASSES;
#endif

    const char* x;                            // this thread's chunk of its first token, or of the tile's where that is beyond the last
    size_t next[CLASSES];                     // in bytes, to its other tokens; 0 for one beyond the last
    uint32_t bytes[CLASSES];                  // to copy: 16, or 0 for a token beyond the last
    uint32_t to;                              // in shared memory, stage 0
    int left, k;                              // left: columns from the thread's first one on

    __device__ __forceinline__ Activations(const uint16_t* x, int k, int n, int ldx, uint32_t shared) : k(k) {
        const int thread = threadIdx.x % THREADS, row = thread >> 3, first = blockIdx.x * TILE_N, column = row / TILE_N * PART_K + (thread & 7) * 8;
        const int token = row % TILE_N;
        left = k - column;
        bool inside = false;
#pragma unroll
        for (int c = CLASSES - 1; c >= 0; c--) {
            inside = first + token + c * ROWS < n;
            next[c] = inside ? (size_t)c * ROWS * ldx * 2 : 0;
            bytes[c] = inside ? 16 : 0;
        }
        this->x = reinterpret_cast<const char*>(x + (size_t)(first + (inside ? token : 0)) * ldx + column);
        to = shared + row * TOKEN_BYTES + (((thread ^ token) & 7) << 4);
    }

    // The columns from `column` on to stage `stage` & 1.
    __device__ __forceinline__ void copy(int stage, int column) const {
        const uint32_t place = to + (stage & 1) * STAGE_BYTES;
        const char* const at = x + (size_t)(uint32_t)column * 2;
        const bool whole = column + STAGE_K <= k;                        // the same for all threads
#pragma unroll (AT_ONCE)
        for (int i = 0; i < PASSES; i++) {
            constexpr int PART = PARTS_APART * PART_K;
            const int c = i % CLASSES, apart = i / CLASSES * PART;
            const char* from = at + (c ? next[c] : 0) + apart * 2;
            uint32_t size = bytes[c];
            if (!whole) {
                size = min(size, (uint32_t)min(max(left - column - apart, 0), 8) * 2);
                if (size == 0) from = x + (left - k) * 2;                // nothing is read there, but it is inside
            }
            copy_async16(place + i * ROWS * TOKEN_BYTES, from, size);
        }
        commit_copies();
    }
};
