// Format pairs: how a lane unpacks its fragments. See README.md for the format, lanes.cuh for what goes round it.
//
// A lane's lists have whole registers of fragments, two values each; a bit says whether a register has one or is zero. The bits of a
// fragment become predicates, four at a time by one instruction. Two lists, since an address may change only once the load that it
// was for has read it, some 25 cycles later: with one list a warp waits for that at every register.
#pragma once
#include "ring.cuh"

// Where a lane's lists stand in the ring: that of its upper rows, that of its lower rows.
struct PairsLists {
    static constexpr int TILE_K = 128;
    static constexpr uint32_t ROW_BYTES = 256;         // a word of each list
    static constexpr uint32_t LOOKED_AT = 0;
    uint32_t upper, lower;

    // All lists go on at the storage row at address `at`.
    __device__ __forceinline__ void restart(uint32_t at) {
        upper = at + (threadIdx.x & 31) * 4;
        lower = upper + 128;
    }

    // What `info`, a lane's byte, says: takes over another lane's strand, then its lists exchange their roles.
    __device__ __forceinline__ void exchange(uint32_t info) {
        const uint32_t u = __shfl_sync(~0u, upper, info), l = __shfl_sync(~0u, lower, info);   // by the lowest five bits
        upper = info & 32 ? l : u;
        lower = info & 32 ? u : l;
    }

    // A row tile's fragment of step STEP, whose bits `word` has.
    template <int STEP>
    __device__ __forceinline__ void fragment(uint32_t word, uint32_t (&a)[4]) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            uint32_t& at = i & 1 ? lower : upper;
            a[i] = 0;
            if (word & 1u << (4 * STEP + i)) {
                a[i] = load_word(at);
                at += ROW_BYTES;
            }
        }
    }

    // After a step.
    __device__ __forceinline__ void wrap(const Ring& ring) {
        ring.wrap(upper);
        ring.wrap(lower);
    }

private:
    __device__ __forceinline__ static uint32_t load_word(uint32_t shared) {
        uint32_t v;
        asm volatile("ld.shared.u32 %0, [%1];" : "=r"(v) : "r"(shared) : "memory");
        return v;
    }
};
