// Sparse times dense vector in CSR: a thread a row, and a warp a row.
extern "C" __global__ void spmv_scalar(const int* starts, const int* columns, const double* values, const double* x, double* y, int rows) {
    int r = blockIdx.x * blockDim.x + threadIdx.x;
    if (r >= rows)
        return;
    double sum = 0;
    for (int i = starts[r]; i < starts[r + 1]; i++)
        sum += values[i] * __ldg(&x[columns[i]]);
    y[r] = sum;
}

extern "C" __global__ void spmv_vector(const int* starts, const int* columns, const double* values, const double* x, double* y, int rows) {
    int r = (blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = threadIdx.x & 31;
    if (r >= rows)
        return;
    double sum = 0;
    for (int i = starts[r] + lane; i < starts[r + 1]; i += 32)
        sum += values[i] * x[columns[i]];
    for (int d = 16; d > 0; d >>= 1)
        sum += __shfl_down_sync(~0u, sum, d);
    if (lane == 0)
        y[r] = sum;
}
