// Y = A X for A in lane-private lists (format bitmap): load as sparse, unpack in the lane that needs the value, compute as dense. One
// source for every instance; see README.md for the format.
//
// A warp owns a row block: four fragments of 16 rows. Its weights come as storage rows of 128 bytes, a word a lane, through a ring in
// shared memory. A lane reads its own column of words alone: bank = lane whatever the row, so there are no conflicts, and no lane
// waits for another one. Where its two lists stand says how many values it has taken; a value is taken or not by arithmetic, without a
// branch or a predicate.
//
// A block's warps own neighbouring row blocks and go through the same columns, so that they share X. Work is counted in units (group
// of row blocks, segment of K), group by group; block b of G takes the units from b U / G to (b + 1) U / G, whatever the shape. What
// several blocks have of a group is added up in the blocks' order (epilogue.cuh).
#pragma once
#include "epilogue.cuh"
#include "ring.cuh"

constexpr int BLOCK_ROWS = 64;                // of a row block
constexpr int ROW_TILES = 4;                  // of 16 rows
constexpr int TILE_K = 64;
constexpr int TOKEN_BYTES = TILE_K * 2;       // of a token in a k-tile
constexpr int STAGE_TILES = 4;                // k-tiles of X that come together; two such stages
constexpr uint32_t LOOKED_AT = 2;             // storage rows: values that a lane loads whether it takes them or not
constexpr uint32_t RESTART = 1 << 16;         // in the second word of a k-tile's info

// Exponents with all bits set, of two halves; and what carries into the bit above where they are.
template <class Value> struct Exponent;
template <> struct Exponent<F16> { static constexpr uint32_t BITS = 0x7C007C00u, LOWEST = 0x04000400u; };
template <> struct Exponent<BF16> { static constexpr uint32_t BITS = 0x7F807F80u, LOWEST = 0x00800080u; };

__device__ __forceinline__ uint32_t permute(uint32_t low, uint32_t high, uint32_t selector) {
    uint32_t r;
    asm("prmt.b32 %0, %1, %2, %3;" : "=r"(r) : "r"(low), "r"(high), "r"(selector));
    return r;
}

template <int OFFSET>
__device__ __forceinline__ uint32_t load_half(uint32_t shared) {
    unsigned short v;
    asm volatile("ld.shared.u16 %0, [%1 + %2];" : "=h"(v) : "r"(shared), "n"(OFFSET) : "memory");
    return v;
}

// Two registers of fragments, one from each list, of two places each. Which places have a value say bits in the four bytes of `there`:
// first and second of list A, first and second of list B; FIRST and SECOND are the bits' values.
//
// A list's next two values, v and w, are loaded in any case. The selector that permutes them into a register is linear in the two bits,
// modulo 2^16: 0x3232 (the upper bytes of v: zeros) + first * 0x43DE + second * 0xDE00 is
//   0x7610 for the first alone (v, 0), 0x1032 for the second alone (0, v), 0x5410 for both (v, w).
template <uint32_t FIRST, uint32_t SECOND>
__device__ __forceinline__ void take(uint32_t ring, uint32_t there, uint32_t& at_a, uint32_t& at_b, uint32_t& a, uint32_t& b) {
    constexpr uint32_t SELECT = 0x43DEu / FIRST | 0xDE00u / SECOND << 16;
    constexpr uint32_t STEP = STORAGE_ROW / FIRST | STORAGE_ROW / SECOND << 8;
    static_assert(0x43DEu % FIRST == 0 && 0xDE00u % SECOND == 0 && STORAGE_ROW % (FIRST * SECOND) == 0, "divides exactly");
    const uint32_t v_a = load_half<0>(ring + at_a), w_a = load_half<STORAGE_ROW>(ring + at_a);
    const uint32_t v_b = load_half<0>(ring + at_b), w_b = load_half<STORAGE_ROW>(ring + at_b);
    a = permute(v_a, w_a, __dp2a_lo(SELECT, there, 0x3232u));
    b = permute(v_b, w_b, __dp2a_hi(SELECT, there, 0x3232u));
    at_a = __dp4a(there, STEP, at_a);
    at_b = __dp4a(there, STEP << 16, at_b);
}

// A k-tile's bits of a lane, a word for each row tile.
struct Bits {
    uint32_t words[ROW_TILES];

    __device__ __forceinline__ explicit Bits(uint4 w) : words{w.x, w.y, w.z, w.w} {}

    // Of 16 columns. The words are shifted by an even number, since 0x43DE can be halved but once.
    template <int STEP>
    __device__ __forceinline__ void fragment(int tile, uint32_t ring, uint32_t& at_a, uint32_t& at_b, uint32_t (&a)[4]) const {
        const uint32_t w = words[tile] >> 2 * STEP;
        take<1, 1>(ring, w & 0x01010101u, at_a, at_b, a[0], a[1]);
        take<2, 2>(ring, w & 0x02020202u, at_a, at_b, a[2], a[3]);
    }
};

// X of a block's tokens: 128 bytes a token and k-tile, its eight chunks of 16 bytes permuted so that eight tokens of one chunk lie in
// different banks.
template <class Value, int TILE_N, int WARPS>
struct Activations {
    static constexpr int ROWS = WARPS * 32 / 8;                          // that the block copies at once, a chunk a thread
    static constexpr int PASSES = (STAGE_TILES * TILE_N + ROWS - 1) / ROWS;
    static constexpr int TILE_BYTES = TILE_N * TOKEN_BYTES, STAGE_BYTES = STAGE_TILES * TILE_BYTES;
    static_assert(STAGE_TILES * TILE_N % ROWS == 0 && (TILE_N % ROWS == 0 || ROWS % TILE_N == 0), "no thread is idle");

    const uint16_t* x;
    int k, left, ldx;                                                    // left: tokens from the block's first on
    uint32_t shared;

    __device__ __forceinline__ Activations(const uint16_t* x, int k, int n, int ldx, uint32_t shared)
        : x(x + (size_t)blockIdx.x * TILE_N * ldx), k(k), left(n - (int)blockIdx.x * TILE_N), ldx(ldx), shared(shared) {}

    // Calls f(token, k-tile in the stage, place in shared memory) for each of this thread's chunks.
    template <class F>
    __device__ __forceinline__ void each(int stage, F f) const {
#pragma unroll
        for (int i = 0; i < PASSES; i++) {
            const int row = i * ROWS + (threadIdx.x >> 3), token = row % TILE_N;
            f(token, row / TILE_N, shared + (stage & 1) * STAGE_BYTES + row * TOKEN_BYTES + (((threadIdx.x ^ token) & 7) << 4));
        }
    }

    // The k-tiles from `tile` on to stage `stage` & 1.
    __device__ __forceinline__ void copy(int stage, int tile) const {
        each(stage, [&](int token, int t, uint32_t to) {
            const int from = (tile + t) * TILE_K + (threadIdx.x & 7) * 8;
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

// Row i of a group's row blocks.
struct OrderedRows {
    const uint32_t* order;                                               // null where rows are as they come
    int first, rows;                                                     // of the group; of all row blocks

    __device__ __forceinline__ int operator()(int i) const {
        const int row = first + i;
        return row >= rows ? 0x7FFFFFFF : order ? (int)min(order[row], 0x7FFFFFFFu) : row;
    }
    __device__ __forceinline__ bool contiguous() const { return order == nullptr; }
};

// Shared memory: X, twice, and later the sums; two words of bad tokens, twice; the rings' barriers; the rings.
template <int TILE_N, int WARPS>
struct Space {
    static constexpr uint32_t X = 2 * STAGE_TILES * TILE_N * TOKEN_BYTES;
    static constexpr uint32_t SUMS = Finish<TILE_N, WARPS * BLOCK_ROWS, WARPS * 32>::TILE_BYTES;
    static constexpr uint32_t BAD = X > SUMS ? X : SUMS;
    static constexpr uint32_t BARRIERS = BAD + 16;
    static constexpr uint32_t RINGS = (BARRIERS + WARPS * 16 + 127) / 128 * 128;   // bulk copies are slow to places that no line begins at
};

// One step of 16 columns: X's fragments against each row tile's.
template <class Value, int NT, int STEP>
__device__ __forceinline__ void step(const Bits& bits, float (&c)[ROW_TILES][NT][4], const uint32_t (&b)[NT][2], const Ring& ring,
                                     uint32_t& at_a, uint32_t& at_b) {
#pragma unroll
    for (int r = 0; r < ROW_TILES; r++) {
        uint32_t a[4];
        bits.template fragment<STEP>(r, ring.base, at_a, at_b, a);
#pragma unroll
        for (int j = 0; j < NT; j++) mma<Value>(c[r][j], a, b[j][0], b[j][1]);
    }
    ring.wrap(at_a);
    ring.wrap(at_b);
}

// A k-tile.
template <class Value, int NT>
__device__ __forceinline__ void tile(const Bits& bits, float (&c)[ROW_TILES][NT][4], uint32_t x, const Ring& ring, uint32_t& at_a, uint32_t& at_b) {
    const uint32_t lane = threadIdx.x & 31, token = lane & 7;
    uint32_t b[NT][2];
    if constexpr (NT == 1) {                                             // a token's chunks 0..3: two steps
        const uint32_t from = x + token * TOKEN_BYTES + ((lane >> 3 ^ token) << 4);
        uint32_t f[4];
        ldmatrix4(f, from);
        auto half = [&](int i) { b[0][0] = f[2 * i]; b[0][1] = f[2 * i + 1]; };
        half(0);
        step<Value, NT, 0>(bits, c, b, ring, at_a, at_b);
        half(1);
        step<Value, NT, 1>(bits, c, b, ring, at_a, at_b);
        ldmatrix4(f, from ^ 4 * 16);
        half(0);
        step<Value, NT, 2>(bits, c, b, ring, at_a, at_b);
        half(1);
        step<Value, NT, 3>(bits, c, b, ring, at_a, at_b);
    } else {                                                             // chunks 0, 1 of two groups of eight tokens: one step
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
        step<Value, NT, 0>(bits, c, b, ring, at_a, at_b);
        load(1);
        step<Value, NT, 1>(bits, c, b, ring, at_a, at_b);
        load(2);
        step<Value, NT, 2>(bits, c, b, ring, at_a, at_b);
        load(3);
        step<Value, NT, 3>(bits, c, b, ring, at_a, at_b);
    }
}

template <class Value, int TILE_N, int WARPS>
__device__ __forceinline__ void lanes(const uint4* __restrict__ words, const uint2* __restrict__ infos, const uint32_t* __restrict__ offsets,
                                      const char* __restrict__ streams, const uint32_t* __restrict__ order, const uint16_t* __restrict__ x,
                                      int m, int k, int n, int ldx, int segment, const Epilogue& epilogue) {
    extern __shared__ __align__(128) unsigned char shared[];
    constexpr int NT = TILE_N / 8, ROWS = WARPS * BLOCK_ROWS;
    using SPACE = Space<TILE_N, WARPS>;
    using FINISH = Finish<TILE_N, ROWS, WARPS * 32>;
    using X = Activations<Value, TILE_N, WARPS>;
    const uint32_t space = (uint32_t)__cvta_generic_to_shared(shared);
    uint32_t* const bad = reinterpret_cast<uint32_t*>(shared + SPACE::BAD);    // of this group; the other two words are the next one's
    if (threadIdx.x < 4) bad[threadIdx.x] = 0;
    float* const sums = reinterpret_cast<float*>(shared);
    const uint32_t lane = threadIdx.x & 31, warp = __shfl_sync(~0u, threadIdx.x >> 5, 0);   // seen to be the same in all lanes
    const int ktiles = (k - 1) / TILE_K + 1, segments = (ktiles - 1) / segment + 1, rowblocks = (m - 1) / BLOCK_ROWS + 1;
    const int groups = (rowblocks - 1) / WARPS + 1;
    const long long units = (long long)groups * segments;
    const uint32_t ring_space = (dynamic_shared_bytes() - SPACE::RINGS) / WARPS;
    Ring ring(space + SPACE::RINGS + warp * ring_space, ring_space - GUARD_BYTES, space + SPACE::BARRIERS + warp * 16);
    const X tokens(x, k, n, ldx, space);

    // The part of a group that this block has next: its columns, and where this warp's weights of them begin.
    long long unit = units * blockIdx.y / gridDim.y;
    const long long last_unit = units * (blockIdx.y + 1) / gridDim.y;
    int group, begin, end;
    bool working;
    const uint4* word;
    const uint2* info;
    uint4 next_word = {};
    uint2 now = {}, next = {};                                           // of the next k-tile, of the one after
    uint32_t flags = 0;                                                  // now.y, seen to be the same in all lanes
    auto open = [&]() {
        group = (int)(unit / segments);
        const int first = (int)(unit % segments), last = (int)min((long long)segments, first + last_unit - unit);
        unit += last - first;
        begin = first * segment;
        end = min(last * segment, ktiles);
        const int rowblock = group * WARPS + warp;
        working = rowblock < rowblocks;
        if (!working) return;
        word = words + ((size_t)rowblock * ktiles + begin) * 32 + lane;
        info = infos + (size_t)rowblock * ktiles + begin;
        ring.start(streams + (size_t)offsets[(size_t)rowblock * segments + first] * STORAGE_ROW);
        now = __ldg(info);
        next_word = load_once(word);
        if (begin + 1 < end) info++;
        next = __ldg(info);
        flags = __shfl_sync(~0u, now.y, 0);
        ring.issue((flags & 255) + (flags >> 8 & 255) + LOOKED_AT);      // and then that far ahead all the way
    };
    open();
    __syncthreads();                                                     // nobody is bad yet
    for (int flip = 0;; flip ^= 2) {
        tokens.copy(0, begin);
        float c[ROW_TILES][NT][4] = {};
        uint32_t at_a = 0, at_b = 0, start = 0;                          // in the ring: where the lists stand, where the next k-tile's rows begin
#pragma unroll 1
        for (int stage = 0; begin + stage * STAGE_TILES < end; stage++) {
            const int from = begin + stage * STAGE_TILES, to = min(from + STAGE_TILES, end);
            ring.wait_for_others(working && stage > 0);
            tokens.judge(stage, bad + flip);
            __syncthreads();
            if (to < end) tokens.copy(stage + 1, to);
            if (!working) continue;
            uint32_t part = space + (stage & 1) * X::STAGE_BYTES;
#pragma unroll 1
            for (int t = from; t < to; t++, part += X::TILE_BYTES) {
                const Bits bits(next_word);
                const bool more = t + 1 < end;
                if (more) word += 32;
                next_word = load_once(word);                             // the last one twice
                const bool swap = now.x >> lane & 1, restart = flags & RESTART;
                const uint32_t rows = (flags & 255) + (flags >> 8 & 255);
                now = next;
                flags = __shfl_sync(~0u, now.y, 0);
                if (t + 2 < end) info++;
                next = __ldg(info);
                __syncwarp();                                            // all lanes are done with what is overwritten now
                if (more) ring.issue((flags & 255) + (flags >> 8 & 255)); else ring.issue_nothing();
                if (restart) {
                    at_a = lane * 4 + start;
                    at_b = at_a + 2;
                }
                const uint32_t other = swap ? at_b : at_a;
                at_b = swap ? at_a : at_b;
                at_a = other;
                start += rows * STORAGE_ROW;
                ring.wrap(start);
                ring.wait();
                tile<Value, NT>(bits, c, part, ring, at_a, at_b);
            }
        }
        __syncthreads();                                                 // everybody is done with X, whose place the sums take
        const int done = group;
        const bool more = unit < last_unit;
        if (threadIdx.x < 2) bad[(flip ^ 2) + threadIdx.x] = 0;
        if (more) open();                                                // its weights come while the sums go
#pragma unroll
        for (int r = 0; r < ROW_TILES; r++)
#pragma unroll
            for (int j = 0; j < NT; j++)
#pragma unroll
                for (int i = 0; i < 4; i++)
                    sums[(j * 8 + 2 * (lane & 3) + (i & 1)) * FINISH::PITCH + warp * BLOCK_ROWS + r * 16 + (lane >> 2) + 8 * (i >> 1)] = c[r][j][i];
        __syncthreads();
        // The blocks of the group's first and last unit: unit u is that of block ((u + 1) G - 1) / U.
        const long long blocks = gridDim.y;
        const long long head = (((long long)done * segments + 1) * blocks - 1) / units, tail = ((long long)(done + 1) * segments * blocks - 1) / units;
        // Along the units either the block or the group changes, or both do: block + group numbers their parts without a gap inside a group.
        const size_t parts = (size_t)blocks + groups;
        FINISH::finish(epilogue, sums, [&](int token) { return bad[flip + (token >> 5)] >> (token & 31) & 1 ? __int_as_float(0x7FFFFFFF) : 0.0f; },
                       OrderedRows{order, done * ROWS, rowblocks * BLOCK_ROWS}, blockIdx.x * TILE_N, m, n, blockIdx.x * parts + head + done,
                       (size_t)blockIdx.x * groups + done, (int)(blockIdx.y - head), (int)(tail - head + 1));
        if (!more) return;
        __syncthreads();                                                 // the sums and the verdicts were read, the next one's are reset
    }
}
