// Through a padded tile of shared memory; ragged edges.
extern "C" __global__ void transpose(const float* in, float* out, int rows, int columns) {
    __shared__ float tile[32][33];
    int x = blockIdx.x * 32 + threadIdx.x;
    for (int j = threadIdx.y; j < 32; j += blockDim.y) {
        int y = blockIdx.y * 32 + j;
        if (x < columns && y < rows)
            tile[j][threadIdx.x] = in[(size_t) y * columns + x];
    }
    __syncthreads();
    int tx = blockIdx.y * 32 + threadIdx.x;
    for (int j = threadIdx.y; j < 32; j += blockDim.y) {
        int ty = blockIdx.x * 32 + j;
        if (tx < rows && ty < columns)
            out[(size_t) ty * rows + tx] = tile[threadIdx.x][j];
    }
}

// A thread an element, writes far apart.
extern "C" __global__ void transpose_naive(const float* in, float* out, int rows, int columns) {
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x < columns && y < rows)
        out[(size_t) x * rows + y] = in[(size_t) y * columns + x];
}
