// X of a tile's tokens in shared memory, for a crew of WARPS warps that go through the same columns together: stages of some columns, some of
// them at a time.
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
template <class Value, int TILE_N, int WARPS, int STAGE_PARTS, int STAGES>
struct Activations {
    static constexpr int THREADS = WARPS * 32;
    static constexpr int ROWS = THREADS / 8;                             // of 128 bytes, that the crew copies at once
    static constexpr int PASSES = STAGE_PARTS * TILE_N / ROWS;
    static constexpr int CLASSES = TILE_N > ROWS ? TILE_N / ROWS : 1, PARTS_APART = TILE_N < ROWS ? ROWS / TILE_N : 1;
    static constexpr int PART_BYTES = TILE_N * TOKEN_BYTES, STAGE_BYTES = STAGE_PARTS * PART_BYTES, STAGE_K = STAGE_PARTS * PART_K, BYTES = STAGES * STAGE_BYTES;
    static_assert(STAGE_PARTS * TILE_N % ROWS == 0 && (TILE_N % ROWS == 0 || ROWS % TILE_N == 0) && ROWS % 8 == 0, "no thread is idle");

    // Passes whose addresses are there together: with cp.async for weights too, all four of 32 tokens make some instances spill.
#if __CUDA_ARCH__ >= 900
    static constexpr int AT_ONCE = PASSES;
#else
    static constexpr int AT_ONCE = CLASSES == 1 ? PASSES : CLASSES;
#endif

    const char* x;                            // this thread's chunk of its first token
    size_t next[CLASSES];                     // in bytes, to its other tokens
    uint32_t to;                              // in shared memory, stage 0
    int left, k;                              // left: columns from the thread's first one on

    // Of the tokens beyond the last, of which nothing is stored, the last one is copied.
    __device__ __forceinline__ Activations(const uint16_t* x, int k, int n, int ldx, uint32_t shared) : k(k) {
        const int thread = threadIdx.x % THREADS, row = thread >> 3, column = row / TILE_N * PART_K + (thread & 7) * 8;
        const int token = blockIdx.x * TILE_N + row % TILE_N, last = n - 1;
        left = k - column;
        for (int c = 0; c < CLASSES; c++) next[c] = (size_t)(min(token + c * ROWS, last) - min(token, last)) * ldx * 2;
        this->x = reinterpret_cast<const char*>(x + (size_t)min(token, last) * ldx + column);
        to = shared + row * TOKEN_BYTES + (((thread ^ token) & 7) << 4);
    }

    // The stage after the one `stage` bytes from the first.
    __device__ __forceinline__ static uint32_t after(uint32_t stage) { return stage == BYTES - STAGE_BYTES ? 0 : stage + STAGE_BYTES; }

    // The columns from `column` on to the stage `stage` bytes from the first; zeros beyond the last.
    __device__ __forceinline__ void copy(uint32_t stage, int column) const {
        const uint32_t place = to + stage;
        const char* const at = x + (size_t)(uint32_t)column * 2;
        constexpr int PART = PARTS_APART * PART_K;
        if (column + STAGE_K <= k) {                                     // the same for all threads
#pragma unroll (AT_ONCE)
            for (int i = 0; i < PASSES; i++) {
                const int c = i % CLASSES, apart = i / CLASSES * PART;
                copy_async16(place + i * ROWS * TOKEN_BYTES, at + (c ? next[c] : 0) + apart * 2);
            }
        } else {
#pragma unroll (AT_ONCE)
            for (int i = 0; i < PASSES; i++) {
                const int c = i % CLASSES, apart = i / CLASSES * PART;
                const uint32_t size = min(max(left - column - apart, 0), 8) * 2;
                // without any, nothing is read, but the address is inside
                copy_async16(place + i * ROWS * TOKEN_BYTES, size ? at + (c ? next[c] : 0) + apart * 2 : x + (left - k) * 2, size);
            }
        }
        commit_copies();
    }
};
