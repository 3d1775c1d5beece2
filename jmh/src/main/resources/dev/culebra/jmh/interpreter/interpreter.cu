// Ordinary code for InterpreterBenchmark. Made PTX of by: nvcc -ptx -arch=compute_80 interpreter.cu

// Integers and fp32 in registers: a pseudo-random step and a polynomial a round.
extern "C" __global__ void loop(float* out, int rounds) {
    unsigned x = blockIdx.x * blockDim.x + threadIdx.x + 1;
    float sum = 0;
    for (int i = 0; i < rounds; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        float f = (float)(x & 0xffff) * (1.0f / 65536);
        sum = sum * 0.5f + f * (f * 0.25f + 0.125f);
    }
    out[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}

// Sums of 256 numbers each, in shared memory, by a tree.
extern "C" __global__ void reduction(const float* in, float* out, int rounds) {
    __shared__ float part[256];
    float all = 0;
    for (int r = 0; r < rounds; r++) {
        part[threadIdx.x] = in[(blockIdx.x * rounds + r) % 64 * 256 + threadIdx.x];
        __syncthreads();
        for (int half = 128; half > 0; half >>= 1) {
            if (threadIdx.x < half)
                part[threadIdx.x] += part[threadIdx.x + half];
            __syncthreads();
        }
        all += part[0];
        __syncthreads();
    }
    if (threadIdx.x == 0)
        out[blockIdx.x] = all;
}

// C = A B, fp32, tiles of 16 x 16, sizes a multiple of 16.
extern "C" __global__ void gemm(const float* a, const float* b, float* c, int n) {
    __shared__ float as[16][16];
    __shared__ float bs[16][16];
    int row = blockIdx.y * 16 + threadIdx.y, column = blockIdx.x * 16 + threadIdx.x;
    float sum = 0;
    for (int t = 0; t < n; t += 16) {
        as[threadIdx.y][threadIdx.x] = a[row * n + t + threadIdx.x];
        bs[threadIdx.y][threadIdx.x] = b[(t + threadIdx.y) * n + column];
        __syncthreads();
        for (int i = 0; i < 16; i++)
            sum += as[threadIdx.y][i] * bs[i][threadIdx.x];
        __syncthreads();
    }
    c[row * n + column] = sum;
}
