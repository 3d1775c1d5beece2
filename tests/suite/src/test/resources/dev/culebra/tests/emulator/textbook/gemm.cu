#include <cuda_fp16.h>
#include <mma.h>
#include <cuda_pipeline.h>

// C = A B in tiles of 16 x 16, fp32, any shape.
extern "C" __global__ void gemm(const float* a, const float* b, float* c, int m, int n, int k) {
    __shared__ float as[16][16];
    __shared__ float bs[16][16];
    int row = blockIdx.y * 16 + threadIdx.y, column = blockIdx.x * 16 + threadIdx.x;
    float sum = 0;
    for (int t = 0; t < k; t += 16) {
        as[threadIdx.y][threadIdx.x] = row < m && t + threadIdx.x < k ? a[row * k + t + threadIdx.x] : 0.0f;
        bs[threadIdx.y][threadIdx.x] = column < n && t + threadIdx.y < k ? b[(t + threadIdx.y) * n + column] : 0.0f;
        __syncthreads();
        for (int i = 0; i < 16; i++)
            sum += as[threadIdx.y][i] * bs[i][threadIdx.x];
        __syncthreads();
    }
    if (row < m && column < n)
        c[row * n + column] = sum;
}

// One warp a 16 x 16 tile on the Tensor Core, through the library's fragments.
extern "C" __global__ void gemm_wmma(const __half* a, const __half* b, float* c, int n, int k) {
    using namespace nvcuda;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum;
    wmma::fill_fragment(sum, 0.0f);
    for (int t = 0; t < k; t += 16) {
        wmma::fragment<wmma::matrix_a, 16, 16, 16, __half, wmma::row_major> fa;
        wmma::fragment<wmma::matrix_b, 16, 16, 16, __half, wmma::row_major> fb;
        wmma::load_matrix_sync(fa, a + blockIdx.y * 16 * k + t, k);
        wmma::load_matrix_sync(fb, b + t * n + blockIdx.x * 16, n);
        wmma::mma_sync(sum, fa, fb, sum);
    }
    wmma::store_matrix_sync(c + blockIdx.y * 16 * n + blockIdx.x * 16, sum, n, wmma::mem_row_major);
}

// One warp a 16 x 8 tile: cp.async in two stages, ldmatrix, mma.sync. B is [n, k].
extern "C" __global__ void gemm_mma(const __half* a, const __half* b, float* c, int n, int k) {
    __shared__ __align__(16) __half as[2][16 * 16];
    __shared__ __align__(16) __half bs[2][8 * 16];
    int lane = threadIdx.x;
    float d[4] = {0, 0, 0, 0};
    auto stage = [&](int t, int s) {
        __pipeline_memcpy_async(&as[s][(lane >> 1) * 16 + (lane & 1) * 8], &a[(blockIdx.y * 16 + (lane >> 1)) * k + t + (lane & 1) * 8], 16);
        if (lane < 16)
            __pipeline_memcpy_async(&bs[s][(lane >> 1) * 16 + (lane & 1) * 8], &b[(blockIdx.x * 8 + (lane >> 1)) * k + t + (lane & 1) * 8], 16);
        __pipeline_commit();
    };
    stage(0, 0);
    for (int t = 0; t < k; t += 16) {
        int s = t / 16 & 1;
        if (t + 16 < k) {
            stage(t + 16, s ^ 1);
            __pipeline_wait_prior(1);
        } else {
            __pipeline_wait_prior(0);
        }
        __syncwarp();
        unsigned fa[4], fb[2];
        unsigned pa = (unsigned) __cvta_generic_to_shared(&as[s][(lane & 15) * 16 + (lane >> 4) * 8]);
        unsigned pb = (unsigned) __cvta_generic_to_shared(&bs[s][(lane & 7) * 16 + (lane >> 3 & 1) * 8]);
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                     : "=r"(fa[0]), "=r"(fa[1]), "=r"(fa[2]), "=r"(fa[3]) : "r"(pa));
        asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];" : "=r"(fb[0]), "=r"(fb[1]) : "r"(pb));
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                     : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(fa[0]), "r"(fa[1]), "r"(fa[2]), "r"(fa[3]), "r"(fb[0]), "r"(fb[1]));
        __syncwarp();
    }
    int row = blockIdx.y * 16 + lane / 4, column = blockIdx.x * 8 + lane % 4 * 2;
    c[row * n + column] = d[0];
    c[row * n + column + 1] = d[1];
    c[(row + 8) * n + column] = d[2];
    c[(row + 8) * n + column + 1] = d[3];
}
