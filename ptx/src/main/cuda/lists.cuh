// What formats of lanes' own lists have in common: where a lane's two lists stand, and how lanes exchange them.
//
// A lane reads its own strand of words alone: the bank is the strand's number whatever the row, so there are no conflicts. Strands go
// from lane to lane with the places that have been come to in them.
#pragma once
#include "ring.cuh"

// Addresses in the ring: the next entry of the list of a lane's upper rows, and of its lower rows'. List B is APART bytes after list A.
template <uint32_t APART>
struct Lists {
    uint32_t upper, lower;

    // All lists go on at the storage row at address `at`.
    __device__ __forceinline__ void restart(uint32_t at) {
        upper = at + (threadIdx.x & 31) * 4;
        lower = upper + APART;
    }

    // What `info`, a lane's byte, says: takes over another lane's strand, then its lists exchange their roles.
    __device__ __forceinline__ void exchange(uint32_t info) {
        const uint32_t u = __shfl_sync(~0u, upper, info), l = __shfl_sync(~0u, lower, info);   // by the lowest five bits
        upper = info & 32 ? l : u;
        lower = info & 32 ? u : l;
    }

    // After a step.
    __device__ __forceinline__ void wrap(const Ring& ring) {
        ring.wrap(upper);
        ring.wrap(lower);
    }
};
