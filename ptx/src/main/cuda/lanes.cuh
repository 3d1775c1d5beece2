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
#include "products.cuh"

constexpr int BLOCK_ROWS = 64;                // of a row block
constexpr uint32_t ROWS_OF_TILE = 255;        // what a k-tile's info says of all lanes: its storage rows
constexpr uint32_t RESTART = 256;             // and whether its lists start anew

// How units are shared: alike among blocks, and then among a block's crews, numbered as intervals. There is a unit for each crew.
struct Shares {
    uint32_t each, more, crews;                                          // units of a block, and how many of the first blocks have one more

    __device__ __forceinline__ Shares(uint32_t units, uint32_t blocks, uint32_t crews) : each(units / blocks), more(units % blocks), crews(crews) {}

    // Of an interval; of the number of intervals, the number of units.
    __device__ __forceinline__ uint32_t first_unit(uint32_t interval) const {
        const uint32_t block = interval / crews;
        return before(block) + of(block) * (interval - block * crews) / crews;
    }
    __device__ __forceinline__ uint32_t interval(uint32_t unit) const {
        const uint32_t longer = more * (each + 1);
        const uint32_t block = unit < longer ? unit / (each + 1) : more + (unit - longer) / each;
        return block * crews + ((unit - before(block) + 1) * crews - 1) / of(block);
    }

private:
    __device__ __forceinline__ uint32_t before(uint32_t block) const { return block * each + min(block, more); }
    __device__ __forceinline__ uint32_t of(uint32_t block) const { return each + (block < more); }
};

// Row i of a row tile.
struct OrderedRows {
    const uint32_t* order;                                               // null where rows are as they come
    int first;

    __device__ __forceinline__ int operator()(int i) const { return order ? (int)min(order[first + i], 0x7FFFFFFFu) : first + i; }
    __device__ __forceinline__ bool contiguous() const { return order == nullptr; }
};

// Shared memory: X; the rings' barriers; what is wanted once K is done; the rings, and later the crew's outbox.
template <class X, int WARPS>
struct Space {
    static constexpr uint32_t BARRIERS = X::BYTES;
    static constexpr uint32_t LATER = BARRIERS + WARPS * 16;
    static constexpr uint32_t RINGS = (LATER + 32 + 127) / 128 * 128;   // bulk copies are slow to places that no line begins at
};

template <template <class, int> class PRODUCTS, class LISTS, class Value, int TILE_N, int WARPS>
__device__ __forceinline__ void lanes(const uint4* __restrict__ words, const uint8_t* __restrict__ infos, const uint32_t* __restrict__ offsets,
                                      const char* __restrict__ streams, const uint32_t* __restrict__ order, const uint16_t* __restrict__ x,
                                      int m, int k, int n, int ldx, int segment, const Epilogue& epilogue) {
    constexpr int NT = TILE_N / 8, TILE_K = LISTS::TILE_K, TILE_PARTS = TILE_K / PART_K;
    using PRODUCT = PRODUCTS<Value, NT>;
    constexpr int STAGES = PRODUCT::stages(TILE_PARTS);
    using X = Activations<Value, TILE_N, WARPS, PRODUCT::stage_parts(TILE_PARTS), STAGES>;
    using SPACE = Space<X, WARPS>;
    using PARTS = Parts<ROW_TILES, NT, WARPS * 32>;
    using FINISH = Finish<TILE_N, 16, 32>;                               // a warp's for a row tile
    extern __shared__ __align__(1024) unsigned char shared[];
    constexpr int THREADS = WARPS * 32;
    constexpr bool HALF = X::STAGE_K < TILE_K;                           // a stage has half a k-tile; else some whole ones
    static_assert(!HALF || PRODUCT::WHOLE_CREWS, "every warp comes to a barrier within a k-tile");
    constexpr int STAGE_TILES = HALF ? 1 : X::STAGE_K / TILE_K;
    const int crews = blockDim.x / THREADS, crew = __shfl_sync(~0u, threadIdx.x / THREADS, 0), thread = threadIdx.x % THREADS;
    const uint32_t crew_bytes = dynamic_shared_bytes() / crews;
    const uint32_t space = (uint32_t)__cvta_generic_to_shared(shared) + crew * crew_bytes;
    auto sync = [&]() { barrier(1 + crew, THREADS); };
    const uint32_t lane = threadIdx.x & 31, warp = __shfl_sync(~0u, thread >> 5, 0);   // seen to be the same in all lanes
    const int ktiles = (k - 1) / TILE_K + 1, segments = (ktiles - 1) / segment + 1, rowblocks = (m - 1) / BLOCK_ROWS + 1;
    const int groups = (rowblocks - 1) / WARPS + 1;
    const uint32_t units = (uint32_t)groups * segments;
    const uint32_t ring_space = (crew_bytes - SPACE::RINGS) / WARPS / 128 * 128;
    Ring ring(space + SPACE::RINGS + warp * ring_space, ring_space - GUARD_BYTES, space + SPACE::BARRIERS + warp * 16);
    const X tokens(x, k, n, ldx, space);

    // The part of a group that this crew has next: its columns, and where this warp's weights of them begin.
    const int intervals = gridDim.y * crews;
    int interval = (gridDim.y - 1 - blockIdx.y) * crews + crew;
    const Shares shares(units, gridDim.y, crews);
    uint32_t unit = shares.first_unit(interval);
    uint32_t last_unit = shares.first_unit(interval + 1);
    int group, begin, end;
    bool working;
    uint32_t column0;                                                    // where this lane's words and infos of the row block begin
    uint4 next_word = {};
    uint32_t now = 0, next = 0;                                          // this lane's info of the next k-tile, of the one after
    uint32_t all = 0;                                                    // what the next k-tile's info says of all lanes
    auto of_all = [](uint32_t byte) { return __ballot_sync(~0u, byte & 64); };
    auto open = [&]() {
        group = (int)(unit / segments);
        const int first = (int)(unit % segments), last = (int)min((uint32_t)segments, first + last_unit - unit);
        unit += last - first;
        begin = first * segment;
        end = min(last * segment, ktiles);
        int rowblock = group * WARPS + warp;
        working = PRODUCT::WHOLE_CREWS || rowblock < rowblocks;
        if (!working) return;
        if constexpr (PRODUCT::WHOLE_CREWS) rowblock = min(rowblock, rowblocks - 1);   // what comes of it is not stored
        column0 = (uint32_t)rowblock * ktiles * 32 + lane;
        ring.start(streams + (size_t)offsets[(size_t)rowblock * segments + first] * LISTS::ROW_BYTES);
        now = __ldg(infos + (column0 + begin * 32));
        next_word = load_once(words + (column0 + begin * 32));
        next = __ldg(infos + (column0 + min(begin + 1, end - 1) * 32));
        all = of_all(now);
        ring.issue(((all & ROWS_OF_TILE) + LISTS::LOOKED_AT) * LISTS::ROW_BYTES, 0);   // and then that far ahead all the way
        if (unit < last_unit) {                                          // what the next group begins with, so that it does not wait for memory then
            const uint32_t then = min(rowblock + WARPS, rowblocks - 1);
            prefetch(words + (then * ktiles * 32 + lane));
            prefetch(infos + (then * ktiles * 32 + lane));
            prefetch(offsets + then * segments);
        }
    };
    open();
    wait_for_earlier_kernels();                                          // of whom only weights are independent
    for (;;) {
        tokens.copy(0, begin * TILE_K);
        // What is wanted at the group's end lies in shared memory until then; registers are scarce. Who has its first and last unit, while the
        // first copies are on their way: along the units either the interval or the group changes, or both do, so interval + group numbers
        // their parts without a gap inside a group.
        if (thread == 0) {
            const int last = (group + 1) * segments - 1, tail = shares.interval(last);
            store_shared16(space + SPACE::LATER, shares.interval(group * segments), tail, shares.first_unit(tail + 1) > last + 1, group);
            store_shared16(space + SPACE::LATER + 16, unit, last_unit, interval, 0);
        }
        float c[ROW_TILES * NT][4] = {};
        LISTS lists;
        PRODUCT product;
        lists.restart(ring.base);
        uint32_t start = ring.base;                                      // where the next k-tile's rows begin
        uint32_t at = 0, then = 0;                                       // X's stage, and the next one, from `space` on
        auto turn = [&](bool first, int column) {                        // to the next one; the one after it begins at that column
            ring.wait_for_others(working && !first);
            product.written();
            sync();
            at = then;
            then = X::after(at);
            if (column < end * TILE_K) tokens.copy(then, column);
        };
#pragma unroll 1
        for (int from = begin; from < end; from += STAGE_TILES) {
            const int to = min(from + STAGE_TILES, end);
            turn(from == begin, HALF ? from * TILE_K + PART_K : to * TILE_K);
            if (!working) continue;
            uint32_t part = space + at;
#pragma unroll 1
            for (int t = from; t < to; t++) {
                const uint4 bits = next_word;
                const bool more = t + 1 < end, restart = all & RESTART;
                next_word = load_once(words + (column0 + min(t + 1, end - 1) * 32));   // the last one twice
                const uint32_t changes = now, rows = all & ROWS_OF_TILE;
                now = next;
                all = of_all(now);
                next = __ldg(infos + (column0 + min(t + 2, end - 1) * 32));
                __syncwarp();                                            // all lanes are done with what is overwritten now
                if (more) ring.issue((all & ROWS_OF_TILE) * LISTS::ROW_BYTES, 1); else ring.issue_nothing();
                if (restart) lists.restart(start);
                lists.exchange(changes);
                start += rows * LISTS::ROW_BYTES;
                ring.wrap(start);
                ring.wait();
                product.template part<0>(bits, lists, ring, c, part);
                if constexpr (HALF) {
                    turn(false, (t + 1) * TILE_K);
                    part = space + at;
                } else {
                    part += X::PART_BYTES;
                }
                if constexpr (TILE_PARTS == 2) {
                    product.template part<4>(bits, lists, ring, c, part);
                    part += X::PART_BYTES;
                }
            }
            if (STAGES == 2) product.finish(c);
        }
        if (STAGES > 2) product.finish(c);
        const uint4 of_group = load_shared16(space + SPACE::LATER), of_crew = load_shared16(space + SPACE::LATER + 16);
        const int head = of_group.x, tail = of_group.y, done = of_group.w, mine = of_crew.z;
        const bool goes_on = of_group.z, more = of_crew.x < of_crew.y;
        unit = of_crew.x;
        interval = mine;
        last_unit = of_crew.y;
        sync();                                                          // everybody is done with X, with the rings, and has seen that
        const int column = fresh(blockIdx.x), in_crew = fresh(thread);
        const PARTS parts(epilogue.zeroed, (size_t)column * (intervals + groups) + head + done, head, tail, goes_on, in_crew, fresh(crews), space + SPACE::RINGS);
        if (more && head != tail) {                                      // somebody else adds up; the next group's weights come meanwhile
            open();
            parts.hand_on(c, mine);
            continue;
        }
        const uint32_t owned = parts.sum(c, mine, crew_bytes);
#pragma unroll 1
        for (int r = 0; r < ROW_TILES; r++) {
            if (!(owned >> r & 1) || done * WARPS + warp >= rowblocks) continue;
            const auto tile = PARTS::fragments(space + SPACE::RINGS, warp, r);
            uint32_t greatest = 0;                                       // of magnitudes, as numbers: below infinity's as long as all are finite
#pragma unroll
            for (int j = 0; j < NT; j++) {
                const uint4 v = load_shared16(parts.place(r * NT + j));
                greatest = max(greatest, max(max(v.x & 0x7FFFFFFF, v.y & 0x7FFFFFFF), max(v.z & 0x7FFFFFFF, v.w & 0x7FFFFFFF)));
            }
            __syncwarp();
            if (__any_sync(~0u, greatest >= 0x7F800000)) {               // a token is not, or sums came to that
#pragma unroll 1
                for (int t = 0; t < TILE_N && column * TILE_N + t < n; t++)
                    if (!finite_token<Value>(x + (size_t)(column * TILE_N + t) * ldx, k) && lane < 16)
                        store_shared(tile.place(t, lane), __int_as_float(0x7FFFFFFF));
                __syncwarp();
            }
            FINISH::apply({fresh(epilogue.y), epilogue.bias, epilogue.residual, epilogue.workspace, epilogue.zeroed, (uint32_t)fresh((int)epilogue.flags)}, tile, [](int) { return 0.0f; },
                          OrderedRows{order, (done * WARPS + (int)warp) * BLOCK_ROWS + r * 16}, column * TILE_N, fresh(m), fresh(n), in_crew & 31);
        }
        if (!more) return;
        fence_proxy();                                                   // of the outbox, before the rings' copies come there
        sync();                                                          // the sums were read
        open();
    }
}

// What a launch bound says of registers goes by the most crews of a block: three of four warps have 168 a thread. That is not enough for all
// instances with cp.async, where a multiprocessor has shared memory for two anyway, nor for the sums of 64 tokens.
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define SUFFIXED(NAME) NAME##_sm90a
#define LANES(NAME, LISTS, VALUE)                       \
    LANES_OF(NAME, WarpgroupProducts, LISTS, VALUE, 32, 3) \
    LANES_OF(NAME, WarpgroupProducts, LISTS, VALUE, 64, 2)
#else
#if __CUDA_ARCH__ >= 900
#define SUFFIXED(NAME) NAME##_sm90
#define MOST_CREWS 3
#else
#define SUFFIXED(NAME) NAME
#define MOST_CREWS 2
#endif
#define LANES(NAME, LISTS, VALUE)                              \
    LANES_OF(NAME, WarpProducts, LISTS, VALUE, 8, MOST_CREWS)  \
    LANES_OF(NAME, WarpProducts, LISTS, VALUE, 16, MOST_CREWS) \
    LANES_OF(NAME, WarpProducts, LISTS, VALUE, 32, MOST_CREWS)
#endif

// A kernel of the closed list. Parameters and grid: see KernelCatalog.
#define LANES_OF(NAME, PRODUCTS, LISTS, VALUE, TILE_N, CREWS)                                                                  \
    extern "C" __global__ void __launch_bounds__(CREWS * 128, 1) SUFFIXED(NAME##_n##TILE_N)(                                   \
        const uint32_t*, const uint4* __restrict__ masks, const uint8_t* __restrict__ info, const uint32_t* __restrict__ offsets,\
        const char* __restrict__ streams, const uint32_t* __restrict__ order, const uint16_t* __restrict__ x, void* y, int m,  \
        int k, int n, int ldx, const float* bias, const void* residual, float* workspace, uint32_t* zeroed, uint32_t flags,    \
        int segment, int ordered) {                                                                                            \
        lanes<PRODUCTS, LISTS, VALUE, TILE_N, 4>(masks, info, offsets, streams, ordered ? order : nullptr, x, m, k, n, ldx,    \
                                                 segment, {y, bias, residual, workspace, zeroed, flags});                      \
    }
