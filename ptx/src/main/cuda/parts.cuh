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
    // Parts, and row tiles of each, whose pieces are on their way together: 12 loads, or 8 where a thread has many sums of its own.
    static constexpr int TOGETHER = PIECES < 4 ? RADIX - 1 : 2;
    static constexpr int AHEAD = 4 / PIECES;
    static_assert(4 % PIECES == 0 && ROW_TILES % AHEAD == 0);
    static constexpr uint32_t OUTBOX_BYTES = FOURS * THREADS * 16;

    uint4* parts;                             // of this tile, that of interval `head` first
    int head, tail, thread, crews;            // thread: of the crew; crews: of a block
    bool goes_on;                             // the tail's crew

    // `first`: the number of the tile's first part among all parts in the memory.
    __device__ __forceinline__ Parts(void* memory, size_t first, int head, int tail, bool goes_on, int thread, int crews)
        : parts(static_cast<uint4*>(memory) + first * (FOURS * THREADS) + thread), head(head), tail(tail), thread(thread), crews(crews), goes_on(goes_on) {}

    // Adds to the sums of interval `mine` what others have for it. Returns the row tiles, a bit each, of which it then has all of the
    // tile's sums. For a crew at its end `outbox` is OUTBOX_BYTES of shared memory that nobody else uses, and crew i of the block has its own
    // i * stride bytes after crew 0's. Barriers from crews + 1 on are taken.
    __device__ __forceinline__ uint32_t sum(float (&c)[FOURS][4], int mine, uint32_t outbox, uint32_t stride) const {
        if (head == tail) return ALL;
        if (mine == tail && goes_on) {
            hand_on(c, mine, ALL);
            return 0;
        }
        const int team = mine / crews, from = first_of(team), owners = owners_of(team);
        uint32_t owned = 0;
#pragma unroll
        for (int r = 0; r < ROW_TILES; r++) owned |= (from + r % owners == mine) << r;
        if (owners > 1) {
#pragma unroll
            for (int i = 0; i < FOURS; i++)
                if (!(owned >> i / PIECES & 1)) store_shared16(outbox + (i * THREADS + thread) * 16, c[i]);
            barrier(1 + crews + from % crews, owners * THREADS);
#pragma unroll 1
            for (int other = from; other < from + owners; other++) {
                if (other == mine) continue;
                const uint32_t at = outbox + (other - mine) * stride + thread * 16;
#pragma unroll
                for (int i = 0; i < FOURS; i++)
                    if (owned >> i / PIECES & 1) add_to(c[i], load_shared16(at + i * THREADS * 16));
            }
        }
        if (!owned) return 0;
        const int teams = tail / crews - head / crews + 1, place = team - head / crews;
        bool of_tail = goes_on && tail / crews == team;                  // first: what the tail left here
#pragma unroll 1
        for (int distance = 1; of_tail || distance < teams; distance *= of_tail ? 1 : RADIX, of_tail = false) {
            if (!of_tail && place % (distance * RADIX)) {
                hand_on(c, mine, owned);
                return 0;
            }
            add(c, owned, of_tail ? 1 : min(RADIX - 1, (teams - 1 - place) / distance), [&](int part, int r) {
                const int other = team + (part + 1) * distance;
                return of_tail ? tail : first_of(other) + r % owners_of(other);
            });
        }
        return owned;
    }

private:
    static constexpr uint32_t ALL = (1 << ROW_TILES) - 1;

    // The tile's intervals of a block, and how many of them add up: those at their end; or the tail's alone, which has only its own.
    __device__ __forceinline__ int first_of(int team) const { return max(head, team * crews); }
    __device__ __forceinline__ int owners_of(int team) const {
        return max(1, min(tail - (goes_on ? 1 : 0), team * crews + crews - 1) - first_of(team) + 1);
    }

    __device__ __forceinline__ static void add_to(float (&sums)[4], const uint4& v) {
        sums[0] += __uint_as_float(v.x);
        sums[1] += __uint_as_float(v.y);
        sums[2] += __uint_as_float(v.z);
        sums[3] += __uint_as_float(v.w);
    }

    __device__ __forceinline__ static uint32_t visible(float v) { return v == 0 ? 0x80000000u : __float_as_uint(v); }

    __device__ __forceinline__ void hand_on(const float (&c)[FOURS][4], int mine, uint32_t rows) const {
        uint4* const to = parts + (size_t)(mine - head) * (FOURS * THREADS);
#pragma unroll
        for (int r = 0; r < ROW_TILES; r++)
            if (rows >> r & 1) {
#pragma unroll
                for (int i = r * PIECES; i < (r + 1) * PIECES; i++)
                    put(to + i * THREADS, visible(c[i][0]), visible(c[i][1]), visible(c[i][2]), visible(c[i][3]));
            }
    }

    // The row tiles `rows` of `count` parts, those of the intervals that of(part, row tile) says.
    template <class Of>
    __device__ __forceinline__ void add(float (&c)[FOURS][4], uint32_t rows, int count, Of of) const {
#pragma unroll 1
        for (int part = 0; part < count; part += TOGETHER)
#pragma unroll
        for (int first = 0; first < ROW_TILES; first += AHEAD) {
            if (!(rows >> first & (1 << AHEAD) - 1)) continue;
            uint32_t from[TOGETHER][AHEAD];                             // from `parts` on
#pragma unroll
            for (int p = 0; p < TOGETHER; p++)
#pragma unroll
                for (int r = 0; r < AHEAD; r++) from[p][r] = (of(min(part + p, count - 1), first + r) - head) * (FOURS * THREADS) + (first + r) * PIECES * THREADS;
            uint4 v[TOGETHER][AHEAD][PIECES];
            bool missing;
            do {
                missing = false;
#pragma unroll
                for (int p = 0; p < TOGETHER; p++)
#pragma unroll
                    for (int r = 0; r < AHEAD; r++)
#pragma unroll
                        for (int i = 0; i < PIECES; i++) v[p][r][i] = rows >> (first + r) & 1 ? look(parts + from[p][r] + i * THREADS) : make_uint4(1, 1, 1, 1);
#pragma unroll
                for (int p = 0; p < TOGETHER; p++)
#pragma unroll
                    for (int r = 0; r < AHEAD; r++)
#pragma unroll
                        for (int i = 0; i < PIECES; i++) missing |= !v[p][r][i].x | !v[p][r][i].y | !v[p][r][i].z | !v[p][r][i].w;
            } while (missing);
#pragma unroll
            for (int p = 0; p < TOGETHER; p++) {
                if (part + p >= count) break;
#pragma unroll
                for (int r = 0; r < AHEAD; r++) {
                    if (!(rows >> (first + r) & 1)) continue;
#pragma unroll
                    for (int i = 0; i < PIECES; i++) {
                        add_to(c[(first + r) * PIECES + i], v[p][r][i]);
                        put(parts + from[p][r] + i * THREADS, 0, 0, 0, 0);
                    }
                }
            }
        }
    }
};
