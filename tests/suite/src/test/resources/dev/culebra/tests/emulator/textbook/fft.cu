// Radix 2, decimation in time, one block of n / 2 threads; the factors from sincospif.
extern "C" __global__ void fft(const float2* in, float2* out, int bits) {
    extern __shared__ float2 s[];
    int t = threadIdx.x, n = 1 << bits;
    for (int i = t; i < n; i += n / 2)
        s[__brev(i) >> (32 - bits)] = in[i];
    for (int half = 1; half < n; half <<= 1) {
        __syncthreads();
        int k = t & (half - 1), a = 2 * t - k, b = a + half;
        float sine, cosine;
        sincospif(-(float) k / half, &sine, &cosine);
        float2 u = s[a], v = make_float2(s[b].x * cosine - s[b].y * sine, s[b].x * sine + s[b].y * cosine);
        s[a] = make_float2(u.x + v.x, u.y + v.y);
        s[b] = make_float2(u.x - v.x, u.y - v.y);
    }
    __syncthreads();
    for (int i = t; i < n; i += n / 2)
        out[i] = s[i];
}
