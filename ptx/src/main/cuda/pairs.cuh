// Format pairs: how a lane unpacks its fragments. See README.md for the format, lanes.cuh for what goes round it.
//
// A lane's lists have whole registers of fragments, two values each; a bit says whether a register has one or is zero. The bits of a
// fragment become predicates, four at a time by one instruction. Two lists, since an address may change only once the load that it
// was for has read it, some 25 cycles later: with one list a warp waits for that at every register.
#pragma once
#include "lists.cuh"

struct PairsLists : Lists<128> {
    static constexpr int TILE_K = 128;
    static constexpr uint32_t ROW_BYTES = 256;         // a word of each list
    static constexpr uint32_t LOOKED_AT = 0;           // rows: nothing is loaded that is not taken

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

private:
    __device__ __forceinline__ static uint32_t load_word(uint32_t shared) {
        uint32_t v;
        asm volatile("ld.shared.u32 %0, [%1];" : "=r"(v) : "r"(shared) : "memory");
        return v;
    }
};
