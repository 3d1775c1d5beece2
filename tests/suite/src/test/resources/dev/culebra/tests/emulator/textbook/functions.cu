// Functions of the mathematics library, whose PTX leans on fused and directed rounding, local arrays and 64-bit products.
extern "C" __global__ void functions(const float* in, float* out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float x = in[i], p = fabsf(x) + 1e-3f;
    out[i] = sinf(x);
    out[n + i] = cosf(x);
    out[2 * n + i] = expf(x * 1e-3f);
    out[3 * n + i] = logf(p);
    out[4 * n + i] = powf(p, 1.7f);
    out[5 * n + i] = cbrtf(x);
    out[6 * n + i] = atanf(x);
    out[7 * n + i] = tanhf(x * 1e-4f);
    out[8 * n + i] = fmodf(x, 3.7f);
    out[9 * n + i] = 1.0f / p;
    out[10 * n + i] = sqrtf(p);
}

extern "C" __global__ void functions64(const double* in, double* out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    double x = in[i], p = fabs(x) + 1e-3;
    out[i] = sin(x);
    out[n + i] = cos(x);
    out[2 * n + i] = exp(x * 1e-3);
    out[3 * n + i] = log(p);
    out[4 * n + i] = pow(p, 1.7);
    out[5 * n + i] = cbrt(x);
    out[6 * n + i] = atan(x);
    out[7 * n + i] = tanh(x * 1e-4);
    out[8 * n + i] = fmod(x, 3.7);
    out[9 * n + i] = 1.0 / p;
    out[10 * n + i] = sqrt(p);
}
