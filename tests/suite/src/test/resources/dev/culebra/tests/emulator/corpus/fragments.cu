// wmma of every type that sm_80 has: one product by one warp, A by rows, B by columns, D by rows.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <mma.h>
using namespace nvcuda::wmma;

template <int M, int N, int K, class T, class E, class C> __device__ void product(const E *a, const E *b, C *c) {
    fragment<matrix_a, M, N, K, T, row_major> fa;
    fragment<matrix_b, M, N, K, T, col_major> fb;
    fragment<accumulator, M, N, K, C> fc;
    fill_fragment(fc, (C)0.f);
    load_matrix_sync(fa, a, K);
    load_matrix_sync(fb, b, K);
    mma_sync(fc, fa, fb, fc);
    store_matrix_sync(c, fc, N, mem_row_major);
}

extern "C" __global__ void f16(const __half *a, const __half *b, float *c) { product<16, 16, 16, __half>(a, b, c); }
extern "C" __global__ void bf16(const __nv_bfloat16 *a, const __nv_bfloat16 *b, float *c) {
    product<8, 32, 16, __nv_bfloat16>(a, b, c);
}
extern "C" __global__ void s8(const signed char *a, const signed char *b, int *c) { product<32, 8, 16, signed char>(a, b, c); }
extern "C" __global__ void u8(const unsigned char *a, const unsigned char *b, int *c) {
    product<8, 32, 16, unsigned char>(a, b, c);
}
extern "C" __global__ void f64(const double *a, const double *b, double *c) { product<8, 8, 4, double>(a, b, c); }
extern "C" __global__ void tf32(const float *a, const float *b, float *c) { product<16, 16, 8, precision::tf32>(a, b, c); }
extern "C" __global__ void s4(const void *a, const void *b, int *c) { product<8, 8, 32, experimental::precision::s4>(a, b, c); }
