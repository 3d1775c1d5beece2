// Y = A X for A in lane-private lists (formats bitmap and pairs): load as sparse, unpack in the lane that needs the value, compute as dense. One
// source for every instance; see README.md for the formats.
//
// A warp owns a row block: four fragments of 16 rows. Its weights come as storage rows of words, one or two a lane, through a ring in
// shared memory. How a lane makes fragments of them is the format's own: bitmap.cuh, pairs.cuh.
//
// A crew of warps owns neighbouring row blocks and goes through the same columns, so that it shares X. Work is counted in units (group
// of row blocks, segment of K), group by group, and cut into as many alike intervals as there are crews, whatever the shape: crew c
// of C in block b of B has interval (B - 1 - b) C + c. So a group's first intervals, whose crews add up what the others have of it
// (parts.cuh), are those of the block that began last of them. Crews go each at its own pace; those of a block that end with the
// same group wait for each other there, and for nothing else.
#pragma once
#include "activations.cuh"
#include "epilogue.cuh"
#include "parts.cuh"
#include "ring.cuh"

constexpr int BLOCK_ROWS = 64;                // of a row block
constexpr int ROW_TILES = 4;                  // of 16 rows
constexpr uint32_t ROWS_OF_TILE = 255;        // what a k-tile's info says of all lanes: its storage rows
constexpr uint32_t RESTART = 256;             // and whether its lists start anew

// Row i of a group's row blocks, or none where this crew does not have its sums.
struct OrderedRows {
    const uint32_t* order;                                               // null where rows are as they come
    int first, rows;                                                     // of the group; of all row blocks
    uint32_t owned;                                                      // row tiles, a bit each, whose sums are here

    __device__ __forceinline__ int operator()(int i) const {
        const int row = first + i;
        return row >= rows || !(owned >> i % BLOCK_ROWS / 16 & 1) ? 0x7FFFFFFF : order ? (int)min(order[row], 0x7FFFFFFFu) : row;
    }
    __device__ __forceinline__ bool contiguous() const { return order == nullptr; }
};

// Shared memory: X, twice, and later the sums, of some tokens at a time; two words of bad tokens, twice; the rings' barriers; the rings.
template <class Value, int TILE_N, int WARPS>
struct Space {
    static constexpr int SUM_TOKENS = TILE_N <= 16 ? TILE_N : 16;
    using FINISH = Finish<SUM_TOKENS, WARPS * BLOCK_ROWS, WARPS * 32>;
    static constexpr uint32_t X = 2 * Activations<Value, TILE_N, WARPS>::STAGE_BYTES;
    static_assert(X <= FINISH::TILE_BYTES, "LanesPlanner counts the sums alone");
    static constexpr uint32_t BAD = FINISH::TILE_BYTES;
    static constexpr uint32_t BARRIERS = BAD + 16;
    static constexpr uint32_t RINGS = (BARRIERS + WARPS * 16 + 127) / 128 * 128;   // bulk copies are slow to places that no line begins at
};

// One step of 16 columns: X's fragments against each row tile's.
template <int STEP, class Value, int NT, class LISTS>
__device__ __forceinline__ void step(const uint4& words, LISTS& lists, const Ring& ring, float (&c)[ROW_TILES * NT][4], const uint32_t (&b)[NT][2]) {
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

// 64 columns of X, at `x`: the steps from STEP on.
template <int STEP, class Value, int NT, class LISTS>
__device__ __forceinline__ void part(const uint4& words, LISTS& lists, const Ring& ring, float (&c)[ROW_TILES * NT][4], uint32_t x) {
    const uint32_t lane = threadIdx.x & 31, token = lane & 7;
    uint32_t b[NT][2];
    if constexpr (NT == 1) {                                             // a token's chunks 0..3: two steps
        const uint32_t from = x + token * TOKEN_BYTES + ((lane >> 3 ^ token) << 4);
        uint32_t f[4];
        auto half = [&b](const uint32_t (&f)[4], int i) { b[0][0] = f[2 * i]; b[0][1] = f[2 * i + 1]; };
        ldmatrix4(f, from);
        half(f, 0);
        step<STEP, Value>(words, lists, ring, c, b);
        half(f, 1);
        step<STEP + 1, Value>(words, lists, ring, c, b);
        ldmatrix4(f, from ^ 4 * 16);
        half(f, 0);
        step<STEP + 2, Value>(words, lists, ring, c, b);
        half(f, 1);
        step<STEP + 3, Value>(words, lists, ring, c, b);
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
        step<STEP, Value>(words, lists, ring, c, b);
        load(1);
        step<STEP + 1, Value>(words, lists, ring, c, b);
        load(2);
        step<STEP + 2, Value>(words, lists, ring, c, b);
        load(3);
        step<STEP + 3, Value>(words, lists, ring, c, b);
    }
}

template <class LISTS, class Value, int TILE_N, int WARPS>
__device__ __forceinline__ void lanes(const uint4* __restrict__ words, const uint8_t* __restrict__ infos, const uint32_t* __restrict__ offsets,
                                      const char* __restrict__ streams, const uint32_t* __restrict__ order, const uint16_t* __restrict__ x,
                                      int m, int k, int n, int ldx, int segment, const Epilogue& epilogue) {
    extern __shared__ __align__(128) unsigned char shared[];
    constexpr int NT = TILE_N / 8, ROWS = WARPS * BLOCK_ROWS, TILE_K = LISTS::TILE_K, TILE_PARTS = TILE_K / PART_K;
    using SPACE = Space<Value, TILE_N, WARPS>;
    using FINISH = typename SPACE::FINISH;
    using X = Activations<Value, TILE_N, WARPS>;
    using PARTS = Parts<ROW_TILES, NT, WARPS * 32>;
    constexpr int THREADS = WARPS * 32;
    constexpr int STAGE_TILES = X::STAGE_PARTS / TILE_PARTS;
    static_assert(STAGE_TILES > 0, "a stage holds a k-tile");
    const int crews = blockDim.x / THREADS, crew = __shfl_sync(~0u, threadIdx.x / THREADS, 0), thread = threadIdx.x % THREADS;
    const uint32_t crew_bytes = dynamic_shared_bytes() / crews;
    unsigned char* const mine = shared + crew * crew_bytes;
    const uint32_t space = (uint32_t)__cvta_generic_to_shared(mine);
    auto sync = [&]() { barrier(1 + crew, THREADS); };
    uint32_t* const bad = reinterpret_cast<uint32_t*>(mine + SPACE::BAD);      // of this group; the other two words are the next one's
    if (thread < 4) bad[thread] = 0;
    float* const sums = reinterpret_cast<float*>(mine);
    const uint32_t lane = threadIdx.x & 31, warp = __shfl_sync(~0u, thread >> 5, 0);   // seen to be the same in all lanes
    const int ktiles = (k - 1) / TILE_K + 1, segments = (ktiles - 1) / segment + 1, rowblocks = (m - 1) / BLOCK_ROWS + 1;
    const int groups = (rowblocks - 1) / WARPS + 1;
    const long long units = (long long)groups * segments;
    const uint32_t ring_space = (crew_bytes - SPACE::RINGS) / WARPS / 128 * 128;
    Ring ring(space + SPACE::RINGS + warp * ring_space, ring_space - GUARD_BYTES, space + SPACE::BARRIERS + warp * 16);
    const X tokens(x, k, n, ldx, space);

    // The part of a group that this crew has next: its columns, and where this warp's weights of them begin.
    const int intervals = gridDim.y * crews, interval = (gridDim.y - 1 - blockIdx.y) * crews + crew;
    long long unit = units * interval / intervals;
    const long long last_unit = units * (interval + 1) / intervals;
    if (unit == last_unit) return;                                       // one unit, or two, for more crews
    int group, begin, end;
    bool working;
    const uint4* word;
    const uint8_t* info;
    uint4 next_word = {};
    uint32_t now = 0, next = 0;                                          // this lane's info of the next k-tile, of the one after
    uint32_t all = 0;                                                    // what the next k-tile's info says of all lanes
    auto of_all = [](uint32_t byte) { return __ballot_sync(~0u, byte & 64); };
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
        info = infos + ((size_t)rowblock * ktiles + begin) * 32 + lane;
        ring.start(streams + (size_t)offsets[(size_t)rowblock * segments + first] * LISTS::ROW_BYTES);
        now = __ldg(info);
        next_word = load_once(word);
        if (begin + 1 < end) info += 32;
        next = __ldg(info);
        all = of_all(now);
        ring.issue(((all & ROWS_OF_TILE) + LISTS::LOOKED_AT) * LISTS::ROW_BYTES);                   // and then that far ahead all the way
    };
    open();
    sync();                                                              // nobody is bad yet
    for (int flip = 0;; flip ^= 2) {
        tokens.copy(0, begin * TILE_K);
        float c[ROW_TILES * NT][4] = {};
        LISTS lists;
        lists.restart(ring.base);
        uint32_t start = ring.base;                                      // where the next k-tile's rows begin
#pragma unroll 1
        for (int stage = 0; begin + stage * STAGE_TILES < end; stage++) {
            const int from = begin + stage * STAGE_TILES, to = min(from + STAGE_TILES, end);
            ring.wait_for_others(working && stage > 0);
            tokens.judge(stage, bad + flip);
            sync();
            if (to < end) tokens.copy(stage + 1, to * TILE_K);
            if (!working) continue;
            uint32_t at = space + (stage & 1) * X::STAGE_BYTES;
#pragma unroll 1
            for (int t = from; t < to; t++) {
                const uint4 bits = next_word;
                const bool more = t + 1 < end, restart = all & RESTART;
                if (more) word += 32;
                next_word = load_once(word);                             // the last one twice
                const uint32_t changes = now, rows = all & ROWS_OF_TILE;
                now = next;
                all = of_all(now);
                if (t + 2 < end) info += 32;
                next = __ldg(info);
                __syncwarp();                                            // all lanes are done with what is overwritten now
                if (more) ring.issue((all & ROWS_OF_TILE) * LISTS::ROW_BYTES); else ring.issue_nothing();
                if (restart) lists.restart(start);
                lists.exchange(changes);
                start += rows * LISTS::ROW_BYTES;
                ring.wrap(start);
                ring.wait();
                part<0, Value, NT>(bits, lists, ring, c, at);
                at += X::PART_BYTES;
                if constexpr (TILE_PARTS == 2) {
                    part<4, Value, NT>(bits, lists, ring, c, at);
                    at += X::PART_BYTES;
                }
            }
        }
        // Of this lane's tokens.
#pragma unroll
        for (int j = 0; j < NT; j++)
#pragma unroll
            for (int h = 0; h < 2; h++) {
                const int token = j * 8 + 2 * (lane & 3) + h;
                const float poison = bad[flip + (token >> 5)] >> (token & 31) & 1 ? __int_as_float(0x7FFFFFFF) : 0.0f;
#pragma unroll
                for (int r = 0; r < ROW_TILES; r++) {
                    c[r * NT + j][h] += poison;
                    c[r * NT + j][2 + h] += poison;
                }
            }
        sync();                                                          // everybody is done with X, whose place the sums take, and has seen who is bad
        const int done = group;
        const bool more = unit < last_unit;
        if (thread < 2) bad[flip + thread] = 0;                          // for the group after the next
        if (more) open();                                                // its weights come while the sums go
        // The intervals of the group's first and last unit: unit u is in interval ((u + 1) G - 1) / U. Along the units either the
        // interval or the group changes, or both do: interval + group numbers their parts without a gap inside a group.
        const int head = (int)((((long long)done * segments + 1) * intervals - 1) / units), tail = (int)(((long long)(done + 1) * segments * intervals - 1) / units);
        const bool goes_on = units * (tail + 1) / intervals > (long long)(done + 1) * segments;
        const PARTS parts(epilogue.zeroed, (size_t)blockIdx.x * (intervals + groups) + head + done, head, tail, goes_on, thread, crews);
        if (const uint32_t owned = parts.sum(c, interval, space + SPACE::RINGS, crew_bytes)) {
#pragma unroll 1
            for (int tokens = 0; tokens < TILE_N; tokens += SPACE::SUM_TOKENS) {
                if (tokens) sync();
#pragma unroll
                for (int r = 0; r < ROW_TILES; r++)
#pragma unroll
                    for (int j = 0; j < SPACE::SUM_TOKENS / 8; j++)
#pragma unroll
                        for (int i = 0; i < 4; i++) {
                            const int row = warp * BLOCK_ROWS + r * 16 + (lane >> 2) + 8 * (i >> 1);
                            float v = c[r * NT + j][i];
                            if constexpr (TILE_N > SPACE::SUM_TOKENS) v = tokens ? c[r * NT + j + SPACE::SUM_TOKENS / 8][i] : v;
                            sums[(j * 8 + 2 * (lane & 3) + (i & 1)) * FINISH::PITCH + row] = v;
                        }
                sync();
                FINISH::apply(epilogue, sums, [](int) { return 0.0f; }, OrderedRows{order, done * ROWS, rowblocks * BLOCK_ROWS, owned},
                              blockIdx.x * TILE_N + tokens, m, n, thread);
            }
            sync();                                                      // the sums were read, X comes
        }
        if (!more) return;
    }
}

// The most crews of a block. Three of four warps have 168 registers a thread, which is not enough for all instances with cp.async; and
// where that is all there is, a multiprocessor has shared memory for two.
#if __CUDA_ARCH__ >= 900
#define SUFFIXED(NAME) NAME##_sm90
#define MOST_CREWS 3
#else
#define SUFFIXED(NAME) NAME
#define MOST_CREWS 2
#endif

// A kernel of the closed list. Parameters and grid: see KernelCatalog.
#define LANES(NAME, LISTS, VALUE, TILE_N)                                                                                      \
    extern "C" __global__ void __launch_bounds__(MOST_CREWS * 128, 1) SUFFIXED(NAME##_n##TILE_N)(                              \
        const uint32_t*, const uint4* __restrict__ masks, const uint8_t* __restrict__ info, const uint32_t* __restrict__ offsets,\
        const char* __restrict__ streams, const uint32_t* __restrict__ order, const uint16_t* __restrict__ x, void* y, int m,  \
        int k, int n, int ldx, const float* bias, const void* residual, float* workspace, uint32_t* zeroed, uint32_t flags,    \
        int segment, int ordered) {                                                                                            \
        lanes<LISTS, VALUE, TILE_N, 4>(masks, info, offsets, streams, ordered ? order : nullptr, x, m, k, n, ldx, segment,     \
                                       {y, bias, residual, workspace, zeroed, flags});                                         \
    }
