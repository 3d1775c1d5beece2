// A warp's ring in shared memory, through which a stream of storage rows of 128 or 256 bytes runs: copied from global memory ahead of its
// readers, read at any row that is still there. Its base is a multiple of 128: bulk copies to places at which no line of 128 bytes
// begins took 35% longer on an H200.
//
// Readers step on by rows without looking where the ring ends, then wrap. So what they may read until then, the first GUARD_BYTES,
// stands once more behind the last row.
#pragma once
#include "mma.cuh"

// A step advances a list by at most 16 rows of 128 bytes, and a window reads the row after; or by 8 rows of 256.
constexpr uint32_t GUARD_BYTES = 17 * 128;

// One lane of the warp, the same whenever it is asked.
__device__ __forceinline__ bool elected() {
#if __CUDA_ARCH__ >= 900
    uint32_t chosen;
    asm volatile("{.reg .pred p; elect.sync _|p, 0xffffffff; selp.u32 %0, 1, 0, p;}" : "=r"(chosen));
    return chosen;
#else
    return (threadIdx.x & 31) == 0;
#endif
}

// What nobody will read again.
__device__ __forceinline__ uint4 load_once(const uint4* at) {
    uint4 v;
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0,%1,%2,%3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(__cvta_generic_to_global(at)));
    return v;
}

#if __CUDA_ARCH__ >= 900
// Copies of any size by one instruction of one lane; each tells its barrier how many bytes came.
__device__ __forceinline__ void copy_bulk(uint32_t shared, const char* global, uint32_t bytes, uint32_t barrier) {
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];"
                 ::"r"(shared), "l"(__cvta_generic_to_global(global)), "r"(bytes), "r"(barrier) : "memory");
}
#endif

// All members are the same in every lane of the warp.
struct Ring {
    uint32_t base, bytes, barriers;           // shared memory; bytes without the guard; two mbarriers, as two copies are on their way at most
    const char* from;                         // the next row
    uint32_t fill;                            // where it goes
    uint32_t waited;                          // for copies so far

    __device__ __forceinline__ Ring(uint32_t base, uint32_t bytes, uint32_t barriers)
        : base(base), bytes(bytes), barriers(barriers), waited(0) {
#if __CUDA_ARCH__ >= 900
        if (elected()) {
            asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(barriers) : "memory");
            asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(barriers + 8) : "memory");
            asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");   // before copies of the other proxy arrive there
        }
        __syncwarp();
#endif
    }

    __device__ __forceinline__ void start(const char* stream) {
        from = stream;
        fill = 0;
    }

    // Starts to copy the next `size` bytes, whole rows, while `ahead` copies are still to be waited for, 0 or 1. Everybody has read what
    // lies there now.
    __device__ __forceinline__ void issue(uint32_t size, uint32_t ahead) {
        const uint32_t to = fill + size;
        const bool plain = fill >= GUARD_BYTES && to <= bytes;                   // neither the guard nor the end
#if __CUDA_ARCH__ >= 900
        const uint32_t barrier = barriers + (waited + ahead & 1) * 8;
        if (elected()) {
            if (plain) {
                asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(size) : "memory");
                if (size) copy_bulk(base + fill, from, size, barrier);
            } else {
                const uint32_t straight = min(size, bytes + GUARD_BYTES - fill), over = to > bytes ? to - bytes : 0;
                const uint32_t again = fill < GUARD_BYTES ? min(size, GUARD_BYTES - fill) : 0;
                asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(straight + over + again) : "memory");
                if (straight) copy_bulk(base + fill, from, straight, barrier);
                if (over) copy_bulk(base, from + (size - over), over, barrier);
                if (again) copy_bulk(base + bytes + fill, from, again, barrier);
            }
        }
#else
        const uint32_t lane = threadIdx.x & 31;
        for (uint32_t at = lane * 16; at < size; at += 512) {
            const uint32_t place = fill + at < bytes ? fill + at : fill + at - bytes;
            copy_async16(base + place, from + at);
            if (!plain && place < GUARD_BYTES) copy_async16(base + bytes + place, from + at);
        }
        commit_copies();
#endif
        from += size;
        fill = to >= bytes ? to - bytes : to;
    }

    // In the place of an issue after the last.
    __device__ __forceinline__ void issue_nothing() {
#if __CUDA_ARCH__ < 900
        commit_copies();
#endif
    }

    // Until all copies but those of the last issue are there, for every lane.
    __device__ __forceinline__ void wait() {
#if __CUDA_ARCH__ >= 900
        asm volatile("{.reg .pred p; L: mbarrier.try_wait.parity.shared::cta.b64 p, [%0], %1; @!p bra L;}"
                     ::"r"(barriers + (waited & 1) * 8), "r"(waited >> 1 & 1) : "memory");
        waited++;
#else
        wait_for_all_but<1>();
        __syncwarp();
#endif
    }

    // Until the copies of 16 bytes that this thread started are there: those before the last issue, or all.
    __device__ __forceinline__ static void wait_for_others(bool before_the_last_issue) {
#if __CUDA_ARCH__ < 900
        if (before_the_last_issue) {
            wait_for_all_but<1>();
            return;
        }
#endif
        wait_for_copies();
    }

    // An address that may have passed the end, by less than the guard. Two instructions; written in C++ three.
    __device__ __forceinline__ void wrap(uint32_t& at) const {
        asm("{.reg .pred p; setp.ge.u32 p, %0, %1; @p sub.u32 %0, %0, %2;}" : "+r"(at) : "r"(base + bytes), "r"(bytes));
    }
};
