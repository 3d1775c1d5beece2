// Products of a warpgroup, four warps together (PTX ISA, "Asynchronous Warpgroup Level Matrix Multiply-Accumulate Instructions"): sm_90a alone.
#pragma once
#include "mma.cuh"

// c (m64nN of the warpgroup, fp32) += a (m64k16) * b (k16nN). Warp w has rows 16 w to 16 w + 15, in its lanes as mma has them, eight tokens
// of c after another. Until wgmma_wait() says so nobody may touch c, a or what b describes.
template <class Value, int N>
__device__ __forceinline__ void wgmma(float (*c)[4], const uint32_t (&a)[4], uint64_t b);

#define FOUR(I) "+f"(c[I][0]), "+f"(c[I][1]), "+f"(c[I][2]), "+f"(c[I][3])
#define WGMMA_32(VALUE, TYPE)                                                                                                            \
    template <>                                                                                                                          \
    __device__ __forceinline__ void wgmma<VALUE, 32>(float (*c)[4], const uint32_t (&a)[4], uint64_t b) {                                \
        asm volatile("wgmma.mma_async.sync.aligned.m64n32k16.f32." TYPE "." TYPE                                                         \
                     " {%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15}, {%16,%17,%18,%19}, %20, 1, 1, 1, 0;"                     \
                     : FOUR(0), FOUR(1), FOUR(2), FOUR(3) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));                         \
    }
#define WGMMA_64(VALUE, TYPE)                                                                                                            \
    template <>                                                                                                                          \
    __device__ __forceinline__ void wgmma<VALUE, 64>(float (*c)[4], const uint32_t (&a)[4], uint64_t b) {                                \
        asm volatile("wgmma.mma_async.sync.aligned.m64n64k16.f32." TYPE "." TYPE                                                         \
                     " {%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31}," \
                     " {%32,%33,%34,%35}, %36, 1, 1, 1, 0;"                                                                              \
                     : FOUR(0), FOUR(1), FOUR(2), FOUR(3), FOUR(4), FOUR(5), FOUR(6), FOUR(7)                                            \
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));                                                              \
    }
WGMMA_32(F16, "f16")
WGMMA_32(BF16, "bf16")
WGMMA_64(F16, "f16")
WGMMA_64(BF16, "bf16")
#undef WGMMA_64
#undef WGMMA_32
#undef FOUR

// Registers written until here may be read by wgmma.
__device__ __forceinline__ void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ __forceinline__ void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

// Until at most `N` of the groups committed last are on their way.
template <int N>
__device__ __forceinline__ void wgmma_wait() { asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory"); }

// b for tokens of 128 bytes that follow each other from a multiple of 1024 on, 16-byte chunks permuted in groups of eight tokens ("128-byte
// swizzling"; 1024 bytes from one group to the next). 16 columns further are 32 bytes, which is 2 more.
__device__ __forceinline__ uint64_t swizzled_128(uint32_t shared) {
    return (uint64_t)((shared & 0x3FFFF) >> 4) | 1ull << 16 | (uint64_t)(1024 >> 4) << 32 | 1ull << 62;
}
