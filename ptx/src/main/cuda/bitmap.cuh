// Format bitmap: how a lane unpacks its fragments. See README.md for the format, lanes.cuh for what goes round it.
//
// Where its two lists stand says how many values a lane has taken; a value is taken or not by arithmetic, without a branch or a predicate.
#pragma once
#include "lists.cuh"

constexpr uint32_t BITMAP_ROW = 128;          // bytes of a storage row

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
__device__ __forceinline__ void take(uint32_t there, uint32_t& at_a, uint32_t& at_b, uint32_t& a, uint32_t& b) {
    constexpr uint32_t SELECT = 0x43DEu / FIRST | 0xDE00u / SECOND << 16;
    constexpr uint32_t STEP = BITMAP_ROW / FIRST | BITMAP_ROW / SECOND << 8;
    static_assert(0x43DEu % FIRST == 0 && 0xDE00u % SECOND == 0 && BITMAP_ROW % (FIRST * SECOND) == 0, "divides exactly");
    const uint32_t v_a = load_half<0>(at_a), w_a = load_half<BITMAP_ROW>(at_a);
    const uint32_t v_b = load_half<0>(at_b), w_b = load_half<BITMAP_ROW>(at_b);
    a = permute(v_a, w_a, __dp2a_lo(SELECT, there, 0x3232u));
    b = permute(v_b, w_b, __dp2a_hi(SELECT, there, 0x3232u));
    at_a = __dp4a(there, STEP, at_a);
    at_b = __dp4a(there, STEP << 16, at_b);
}


struct BitmapLists : Lists<2> {
    static constexpr int TILE_K = 64;
    static constexpr uint32_t ROW_BYTES = BITMAP_ROW;  // a half of each list in a word
    static constexpr uint32_t LOOKED_AT = 2;           // rows: values that a lane loads whether it takes them or not

    // A row tile's fragment of step STEP, whose bits `word` has. Shifted by an even number, since 0x43DE can be halved but once.
    template <int STEP>
    __device__ __forceinline__ void fragment(uint32_t word, uint32_t (&a)[4]) {
        const uint32_t w = word >> 2 * STEP;
        take<1, 1>(w & 0x01010101u, upper, lower, a[0], a[1]);
        take<2, 2>(w & 0x02020202u, upper, lower, a[2], a[3]);
    }
};
