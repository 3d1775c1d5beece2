// Points in a square, counted where they are in the circle: Knuth's 64-bit generator, a stream of its own for each thread.
extern "C" __global__ void montecarlo(unsigned long long seed, int points, unsigned long long* inside) {
    unsigned long long state = seed + (blockIdx.x * blockDim.x + threadIdx.x) * 0x9e3779b97f4a7c15ull;
    unsigned count = 0;
    for (int p = 0; p < points; p++) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        unsigned x = (unsigned) (state >> 33);
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        unsigned y = (unsigned) (state >> 33);
        if ((unsigned long long) x * x + (unsigned long long) y * y < 1ull << 62)
            count++;
    }
    count = __reduce_add_sync(~0u, count);
    if ((threadIdx.x & 31) == 0)
        atomicAdd(inside, (unsigned long long) count);
}
