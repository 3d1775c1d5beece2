// 5 x 5 with the weights in constant memory and a tile with its rim in shared memory; outside the picture there are zeros.
constexpr int R = 2, TILE = 16;
__constant__ float weights[(2 * R + 1) * (2 * R + 1)];

extern "C" __global__ void convolution(const float* in, float* out, int rows, int columns) {
    __shared__ float tile[TILE + 2 * R][TILE + 2 * R];
    int x0 = blockIdx.x * TILE - R, y0 = blockIdx.y * TILE - R;
    for (int i = threadIdx.y * TILE + threadIdx.x; i < (TILE + 2 * R) * (TILE + 2 * R); i += TILE * TILE) {
        int y = y0 + i / (TILE + 2 * R), x = x0 + i % (TILE + 2 * R);
        tile[i / (TILE + 2 * R)][i % (TILE + 2 * R)] = x >= 0 && x < columns && y >= 0 && y < rows ? in[y * columns + x] : 0.0f;
    }
    __syncthreads();
    float sum = 0;
#pragma unroll
    for (int dy = 0; dy <= 2 * R; dy++)
#pragma unroll
        for (int dx = 0; dx <= 2 * R; dx++)
            sum += weights[dy * (2 * R + 1) + dx] * tile[threadIdx.y + dy][threadIdx.x + dx];
    int x = blockIdx.x * TILE + threadIdx.x, y = blockIdx.y * TILE + threadIdx.y;
    if (x < columns && y < rows)
        out[y * columns + x] = sum;
}

// Heat in a line, many steps in one block: two buffers that change places at each barrier.
extern "C" __global__ void heat(float* u, int n, int steps) {
    extern __shared__ float buffers[];
    float *now = buffers, *next = buffers + n;
    int i = threadIdx.x;
    now[i] = u[i];
    __syncthreads();
    for (int s = 0; s < steps; s++) {
        next[i] = i == 0 || i == n - 1 ? now[i] : 0.25f * now[i - 1] + 0.5f * now[i] + 0.25f * now[i + 1];
        __syncthreads();
        float* swap = now;
        now = next;
        next = swap;
    }
    u[i] = now[i];
}
