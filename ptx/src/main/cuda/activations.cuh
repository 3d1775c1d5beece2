// X of a tile's tokens in shared memory, for a crew of WARPS warps that go through the same columns together: stages of some columns, two at a
// time, and which tokens are not finite.
#pragma once
#include "mma.cuh"

constexpr int PART_K = 64;                    // columns of a part
constexpr int TOKEN_BYTES = PART_K * 2;       // of a token in a part

// Exponents with all bits set, of two halves; and what carries into the bit above where they are.
template <class Value> struct Exponent;
template <> struct Exponent<F16> { static constexpr uint32_t BITS = 0x7C007C00u, LOWEST = 0x04000400u; };
template <> struct Exponent<BF16> { static constexpr uint32_t BITS = 0x7F807F80u, LOWEST = 0x00800080u; };

// A part has 128 bytes a token, its eight chunks of 16 bytes permuted so that eight tokens of one chunk lie in different banks.
template <class Value, int TILE_N, int WARPS>
struct Activations {
    static constexpr int STAGE_PARTS = TILE_N <= 16 ? 4 : 2;              // that come together: at most 8 KB
    static constexpr int THREADS = WARPS * 32;
    static constexpr int ROWS = THREADS / 8;                             // that the crew copies at once, a chunk a thread
    static constexpr int PASSES = (STAGE_PARTS * TILE_N + ROWS - 1) / ROWS;
    static constexpr int PART_BYTES = TILE_N * TOKEN_BYTES, STAGE_BYTES = STAGE_PARTS * PART_BYTES;
    static_assert(STAGE_PARTS * TILE_N % ROWS == 0 && (TILE_N % ROWS == 0 || ROWS % TILE_N == 0), "no thread is idle");

    const uint16_t* x;
    int k, left, ldx;                                                    // left: tokens from the block's first on
    uint32_t shared;

    __device__ __forceinline__ Activations(const uint16_t* x, int k, int n, int ldx, uint32_t shared)
        : x(x + (size_t)blockIdx.x * TILE_N * ldx), k(k), left(n - (int)blockIdx.x * TILE_N), ldx(ldx), shared(shared) {}

    // Calls f(token, part in the stage, place in shared memory) for each of this thread's chunks.
    template <class F>
    __device__ __forceinline__ void each(int stage, F f) const {
#pragma unroll
        for (int i = 0; i < PASSES; i++) {
            const int row = i * ROWS + (threadIdx.x % THREADS >> 3), token = row % TILE_N;
            f(token, row / TILE_N, shared + (stage & 1) * STAGE_BYTES + row * TOKEN_BYTES + (((threadIdx.x ^ token) & 7) << 4));
        }
    }

    // The columns from `column` on to stage `stage` & 1.
    __device__ __forceinline__ void copy(int stage, int column) const {
        each(stage, [&](int token, int part, uint32_t to) {
            const int from = column + part * PART_K + (threadIdx.x & 7) * 8;
            const int halves = min(max(k - from, 0), 8);
            const bool inside = halves > 0 && token < left;
            copy_async16(to, inside ? x + (size_t)token * ldx + from : x, inside ? halves * 2 : 0);
        });
        commit_copies();
    }

    // Marks the tokens that have a NaN or an infinity in the chunks that this thread copied.
    __device__ __forceinline__ void judge(int stage, uint32_t* bad) const {
        each(stage, [&](int token, int, uint32_t at) {
            constexpr uint32_t B = Exponent<Value>::BITS, L = Exponent<Value>::LOWEST;
            const uint4 v = load_shared16(at);
            if ((((v.x & B) + L) | ((v.y & B) + L) | ((v.z & B) + L) | ((v.w & B) + L)) & 0x80008000u) atomicOr(bad + token / 32, 1u << token % 32);
        });
    }
};
