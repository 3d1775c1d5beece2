// Collatz steps: each lane loops as long as its own number takes.
extern "C" __global__ void collatz(const unsigned* in, int* steps, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    unsigned long long v = in[i];
    int s = 0;
    while (v != 1) {
        if (v & 1)
            v = 3 * v + 1;
        else
            v >>= 1;
        if (++s > 500) {
            steps[i] = -1;
            return;
        }
    }
    steps[i] = s;
}

// A lock taken by every thread in turn: needs lanes of one warp to make progress on their own.
extern "C" __global__ void spin_lock(int* lock, int* counter) {
    while (atomicCAS(lock, 0, 1) != 0)
        ;
    __threadfence();
    *(volatile int*) counter = *(volatile int*) counter + 1;
    __threadfence();
    atomicExch(lock, 0);
}

__device__ __noinline__ unsigned long long power(unsigned long long base, int e) {
    return e == 0 ? 1 : e & 1 ? base * power(base, e - 1) : power(base * base, e / 2);
}

__device__ __noinline__ int pick(int which, int v) {
    switch (which) {
        case 0: return v + 1;
        case 1: return v * v;
        case 2: return v ^ 0x55;
        case 3: return -v;
        case 4: return v << 3;
        case 5: return v % 7;
        default: return 42;
    }
}

// Recursion, a switch, and an array in local memory that is indexed by data.
extern "C" __global__ void calls(unsigned long long* powers, int* picks, int* sorted, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        powers[i] = power(3, i % 40);
        picks[i] = pick(i % 9, i);
    }
    int v[16];
    for (int j = 0; j < 16; j++)
        v[j] = (i * 7919 + j * 104729) % 1009;
    for (int j = 1; j < 16; j++) {
        int x = v[j], k = j - 1;
        for (; k >= 0 && v[k] > x; k--)
            v[k + 1] = v[k];
        v[k + 1] = x;
    }
    if (i < n)
        for (int j = 0; j < 16; j++)
            sorted[i * 16 + j] = v[j];
}
