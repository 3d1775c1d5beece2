// A product of A (64 x K, f16, row-major) and B (K x 32, f16, by columns of K) by wgmma: A's fragments are loaded a part ahead
// of the products that read them, two parts of B lie in shared memory, brought by cp.async.
#include <cstdint>

namespace {

constexpr int N = 32;
constexpr int STEPS = 4;       // of 16 along K a part
constexpr int PART = N * 128;  // bytes: 64 values of K of N columns

__device__ void product(float (&d)[16], uint4 a, uint64_t b) {
    asm volatile(
        "wgmma.mma_async.sync.aligned.m64n32k16.f32.f16.f16 {%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15}, "
        "{%16, %17, %18, %19}, %20, 1, 1, 1, 0;"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), "+f"(d[9]),
          "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15])
        : "r"(a.x), "r"(a.y), "r"(a.z), "r"(a.w), "l"(b));
}

__device__ uint4 fragment(const uint32_t *a, int k, int column) {
    int row = threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4;
    const uint32_t *at = a + row * (k / 2) + column / 2 + threadIdx.x % 4;
    return make_uint4(at[0], at[8 * (k / 2)], at[4], at[8 * (k / 2) + 4]);
}

__device__ void bring(uint32_t to, const char *b, int k, int part) {
    for (int i = threadIdx.x; i < PART / 16; i += 128) {
        int n = i / 8;
        int piece = i % 8;
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to + n * 128 + ((piece ^ n % 8) << 4)),
                     "l"(b + ((size_t)n * k + part * 64 + piece * 8) * 2)
                     : "memory");
    }
    asm volatile("cp.async.commit_group;" ::: "memory");
}

}  // namespace

extern "C" __global__ void warpgroup(const uint32_t *a, const char *b, float *out, int k) {
    __shared__ __align__(1024) char tile[2 * PART];
    uint32_t base = (uint32_t)__cvta_generic_to_shared(tile);
    float d[16] = {};
    int parts = k / 64;
    bring(base, b, k, 0);
    for (int part = 0; part < parts; part++) {
        uint4 fragments[STEPS];
        for (int s = 0; s < STEPS; s++) fragments[s] = fragment(a, k, part * 64 + s * 16);
        asm volatile("cp.async.wait_group 0;" ::: "memory");
        asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
        __syncthreads();
        if (part + 1 < parts) bring(base + (part + 1) % 2 * PART, b, k, part + 1);
        uint64_t descriptor = ((base + part % 2 * PART & 0x3ffff) >> 4) | 1 << 16 | (1024ull >> 4) << 32 | 1ull << 62;
        asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
        for (int s = 0; s < STEPS; s++) product(d, fragments[s], descriptor + 2 * s);
        asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
        asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
    }
    int row = threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4;
    for (int i = 0; i < 16; i++) out[(row + i / 2 % 2 * 8) * N + i / 4 * 8 + threadIdx.x % 4 * 2 + i % 2] = d[i];
}
