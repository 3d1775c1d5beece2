// Sums of one tile of Y that several blocks hold, added up without a second launch, a ticket or a fence: who adds waits for the numbers
// themselves.
//
// A part in memory is zero, all bits of it, as long as nobody has put anything there; a sum that is +0 is put there as -0, which adds
// nothing either. So each word says for itself whether it has come, and no order between words matters. Who has read a part
// makes it zero again: the next launch, or a graph's replay, finds the memory as this one did.
//
// The work is cut into intervals, one a crew of warps; a tile has those from `head` to `tail`, and a crew that has gone on to the next
// tile is the tail of this one. The crews of a block that end with the same tile are a team: they share its row tiles, hand each other
// theirs through shared memory, and each adds up its own. Then teams are added up in a tree: at distance 1 a team takes those of the next
// three, at distance 4 those of the teams 4, 8 and 12 further on, and so on. The order is always the same, whoever is early, and so are the bits.
//
// A crew's sums leave its registers once, for its outbox in shared memory; all that follows is short loops from there. It is code that runs
// once or twice, and instructions that nobody has fetched yet cost more than what they do.
//
// Progress: a crew waits for crews of its block that are at their end as well, and for blocks of smaller numbers in its grid, which began before
// its own did.
#pragma once
#include "mma.cuh"

// Through the L2 alone: what other multiprocessors wrote or will read.
__device__ __forceinline__ uint4 look(const uint4* at) {
    uint4 v;
    asm volatile("ld.relaxed.gpu.global.v4.u32 {%0,%1,%2,%3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(__cvta_generic_to_global(at)) : "memory");
    return v;
}

__device__ __forceinline__ void put(uint4* at, uint32_t x, uint32_t y, uint32_t z, uint32_t w) {
    asm volatile("st.relaxed.gpu.global.v4.u32 [%0], {%1,%2,%3,%4};" ::"l"(__cvta_generic_to_global(at)), "r"(x), "r"(y), "r"(z), "r"(w) : "memory");
}

// Some of a block's threads; `number` from 1 on.
__device__ __forceinline__ void barrier(int number, int threads) { asm volatile("bar.sync %0, %1;" ::"r"(number), "r"(threads) : "memory"); }

// A crew's sums: each of its THREADS threads has four of each of a row tile's PIECES, and of all ROW_TILES row tiles.
template <int ROW_TILES, int PIECES, int THREADS>
struct Parts {
    static constexpr int FOURS = ROW_TILES * PIECES;
    static constexpr int RADIX = 4;
    // A thread's pieces, and parts of each, that are on their way together in global memory.
    static constexpr int SOME = 4;            // of a thread's pieces, that are on their way together in shared memory
    static constexpr int BATCH = PIECES < 8 ? 4 : 8, TOGETHER = RADIX - 1;
    static_assert(FOURS % BATCH == 0 && (BATCH % PIECES == 0 || PIECES % BATCH == 0));
    static constexpr uint32_t OUTBOX_BYTES = FOURS * THREADS * 16;
    static constexpr uint32_t ALL = (1 << ROW_TILES) - 1;

    uint4* parts;                             // of this tile, that of interval `head` first
    int head, tail, thread, crews;            // thread: of the crew; crews: of a block
    bool goes_on;                             // the tail's crew
    uint32_t outbox;                          // this crew's, this thread's: of each piece 16 bytes, THREADS * 16 apart

    // `first`: the number of the tile's first part among all parts in the memory. `outbox`: OUTBOX_BYTES of shared memory.
    __device__ __forceinline__ Parts(void* memory, size_t first, int head, int tail, bool goes_on, int thread, int crews, uint32_t outbox)
        : parts(static_cast<uint4*>(memory) + first * (FOURS * THREADS) + thread), head(head), tail(tail), thread(thread), crews(crews),
          goes_on(goes_on), outbox(outbox + (thread ^ thread >> 2 & 4) * 16) {}

    // Puts the sums of interval `mine` into the outbox and adds there what others have for it. Returns the row tiles, a bit each, of which
    // the outbox then has all of the tile's sums. Crew i of the block has its outbox i * stride bytes after crew 0's; while a crew is at its
    // end nobody else uses it. Barriers from crews + 1 on are taken.
    __device__ __forceinline__ uint32_t sum(const float (&c)[FOURS][4], int mine, uint32_t stride) const {
#pragma unroll
        for (int i = 0; i < FOURS; i++) store_shared16(place(i), c[i]);
        if (head == tail) return ALL;
        const int team = mine / crews, from = first_of(team), owners = owners_of(team);
        uint32_t owned = 0;
#pragma unroll
        for (int r = 0; r < ROW_TILES; r++) owned |= (from + r % owners == mine) << r;
        if (owners > 1) {
            barrier(1 + crews + from % crews, owners * THREADS);
            each(owned, [&](int i, uint4 (&v)[SOME], const bool (&here)[SOME]) {
                float4 sums[SOME];
#pragma unroll
                for (int j = 0; j < SOME; j++) sums[j] = to_floats(v[j]);
#pragma unroll 1
                for (int other = from; other < from + owners; other++) {
                    if (other == mine) continue;
                    load(v, i, here, (other - mine) * stride);
#pragma unroll
                    for (int j = 0; j < SOME; j++) add_to(sums[j], v[j]);
                }
#pragma unroll
                for (int j = 0; j < SOME; j++) if (here[j]) keep(i + j, sums[j]);
            });
        }
        if (!owned) return 0;
        const int teams = tail / crews - head / crews + 1, number = team - head / crews;
        bool of_tail = goes_on && tail / crews == team;                  // first: what the tail left here
#pragma unroll 1
        for (int distance = 1; of_tail || distance < teams; distance *= of_tail ? 1 : RADIX, of_tail = false) {
            if (!of_tail && number % (distance * RADIX)) {
                hand_on(mine, owned);
                return 0;
            }
            add(owned, of_tail ? 1 : min(RADIX - 1, (teams - 1 - number) / distance), [&](int part, int r) {
                const int other = team + (part + 1) * distance;
                return of_tail ? tail : first_of(other) + r % owners_of(other);
            });
        }
        return owned;
    }

    // What the tail's crew does that goes on: its sums straight from registers, as the outbox is not its own any more.
    __device__ __forceinline__ void hand_on(const float (&c)[FOURS][4], int mine) const {
        uint4* const to = parts + (size_t)(mine - head) * (FOURS * THREADS);
#pragma unroll
        for (int i = 0; i < FOURS; i++) {
            uint32_t v[4];                                               // by volatile moves: nothing of it may come before the wait for the sums
#pragma unroll
            for (int j = 0; j < 4; j++) {
                uint32_t b;
                asm volatile("mov.b32 %0, %1;" : "=r"(b) : "f"(c[i][j]));
                v[j] = visible(b);
            }
            put(to + i * THREADS, v[0], v[1], v[2], v[3]);
        }
    }

    // A row tile of 16 rows of this warp's, as Finish::apply wants to see it. Lane 4 g + t has rows g and g + 8 of tokens 2 t and 2 t + 1 of
    // each piece. Lanes from 16 on have exchanged places (4 g + t) ^ 4, so that four rows of eight tokens lie in different banks.
    struct Fragments {
        uint32_t at;                          // of the warp's lane 0, of the row tile's first piece

        __device__ __forceinline__ uint32_t place(int token, int row) const {
            const int lane = 4 * (row & 7) + (token >> 1 & 3);
            return at + (token >> 3) * (THREADS * 16) + (lane ^ lane >> 2 & 4) * 16 + (row >> 3) * 8 + (token & 1) * 4;
        }
        __device__ __forceinline__ float4 load(int token, int quad) const {
            return make_float4(load_shared(place(token, 4 * quad)), load_shared(place(token, 4 * quad + 1)),
                               load_shared(place(token, 4 * quad + 2)), load_shared(place(token, 4 * quad + 3)));
        }
        __device__ __forceinline__ void store(int token, int quad, const float (&v)[4]) const {
#pragma unroll
            for (int i = 0; i < 4; i++) store_shared(place(token, 4 * quad + i), v[i]);
        }
    };
    __device__ __forceinline__ static Fragments fragments(uint32_t outbox, int warp, int row_tile) {
        return {outbox + row_tile * (PIECES * THREADS * 16) + warp * 512};
    }

    // Of this thread's piece i, in the outbox.
    __device__ __forceinline__ uint32_t place(int i) const { return outbox + i * (THREADS * 16); }

private:
    __device__ __forceinline__ static float4 to_floats(const uint4& v) {
        return make_float4(__uint_as_float(v.x), __uint_as_float(v.y), __uint_as_float(v.z), __uint_as_float(v.w));
    }

    // The tile's intervals of a block, and how many of them add up: those at their end; or the tail's alone, which has only its own.
    __device__ __forceinline__ int first_of(int team) const { return max(head, team * crews); }
    __device__ __forceinline__ int owners_of(int team) const {
        return max(1, min(tail - (goes_on ? 1 : 0), team * crews + crews - 1) - first_of(team) + 1);
    }

    // Some of this thread's pieces from i on, of the outbox `apart` bytes after its own.
    __device__ __forceinline__ void load(uint4 (&v)[SOME], int i, const bool (&here)[SOME], uint32_t apart) const {
#pragma unroll
        for (int j = 0; j < SOME; j++) if (here[j]) v[j] = load_shared16(place(i + j) + apart);
    }

    // This thread's pieces of some row tiles: piece(i, values, which), for SOME at a time from i on.
    template <class Do>
    __device__ __forceinline__ void each(uint32_t rows, Do piece) const {
#pragma unroll 1
        for (int i = 0; i < FOURS; i += SOME) {
            bool here[SOME], any = false;
#pragma unroll
            for (int j = 0; j < SOME; j++) any |= here[j] = rows >> (i + j / PIECES * PIECES) / PIECES & 1;
            if (!any) continue;
            uint4 v[SOME] = {};
            load(v, i, here, 0);
            piece(i, v, here);
        }
    }

    __device__ __forceinline__ void keep(int i, const float4& v) const {
        const float of[4] = {v.x, v.y, v.z, v.w};
        store_shared16(place(i), of);
    }

    __device__ __forceinline__ static void add_to(float4& sums, const uint4& v) {
        sums.x += __uint_as_float(v.x);
        sums.y += __uint_as_float(v.y);
        sums.z += __uint_as_float(v.z);
        sums.w += __uint_as_float(v.w);
    }

    __device__ __forceinline__ static uint32_t visible(uint32_t v) { return v == 0 ? 0x80000000u : v; }

    __device__ __forceinline__ void hand_on(int mine, uint32_t rows) const {
        uint4* const to = parts + (size_t)(mine - head) * (FOURS * THREADS);
        each(rows, [&](int i, uint4 (&v)[SOME], const bool (&here)[SOME]) {
#pragma unroll
            for (int j = 0; j < SOME; j++) if (here[j]) put(to + (i + j) * THREADS, visible(v[j].x), visible(v[j].y), visible(v[j].z), visible(v[j].w));
        });
    }

    // The row tiles `rows` of `count` parts, those of the intervals that of(part, row tile) says.
    template <class Of>
    __device__ __forceinline__ void add(uint32_t rows, int count, Of of) const {
#pragma unroll 1
        for (int part = 0; part < count; part += TOGETHER)
#pragma unroll 1
        for (int first = 0; first < FOURS; first += BATCH) {
            constexpr int TILES = BATCH / PIECES;                        // row tiles of a batch
            const uint32_t here = rows >> first / PIECES & (1 << TILES) - 1;
            if (!here) continue;
            uint32_t from[TOGETHER][TILES];                              // from `parts` on
#pragma unroll
            for (int p = 0; p < TOGETHER; p++)
#pragma unroll
                for (int r = 0; r < TILES; r++) from[p][r] = ((of(min(part + p, count - 1), first / PIECES + r) - head) * FOURS + first + r * PIECES) * THREADS;
            uint4 v[TOGETHER][BATCH];
            bool missing;
            do {
                missing = false;
#pragma unroll
                for (int p = 0; p < TOGETHER; p++)
#pragma unroll
                    for (int i = 0; i < BATCH; i++) v[p][i] = here >> i / PIECES & 1 ? look(parts + from[p][i / PIECES] + i % PIECES * THREADS) : make_uint4(1, 1, 1, 1);
#pragma unroll
                for (int p = 0; p < TOGETHER; p++)
#pragma unroll
                    for (int i = 0; i < BATCH; i++) missing |= !v[p][i].x | !v[p][i].y | !v[p][i].z | !v[p][i].w;
            } while (missing);
#pragma unroll
            for (int i = 0; i < BATCH; i++) {
                if (!(here >> i / PIECES & 1)) continue;
                float4 sums = to_floats(load_shared16(place(first + i)));
#pragma unroll
                for (int p = 0; p < TOGETHER; p++) {
                    if (part + p >= count) break;
                    add_to(sums, v[p][i]);
                    put(parts + from[p][i / PIECES] + i % PIECES * THREADS, 0, 0, 0, 0);
                }
                keep(first + i, sums);
            }
        }
    }
};
