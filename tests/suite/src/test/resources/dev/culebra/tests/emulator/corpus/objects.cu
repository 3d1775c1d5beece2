// What a compiler makes of C++ beyond loops: virtual functions, pointers to functions, recursion, a heap, structs by value,
// alloca, variadic functions, printf and assert.
#include <cassert>
#include <cstdio>

struct Shape {
    __device__ virtual int area(int x) { return x + 1; }
    __device__ virtual ~Shape() {}
};
struct Square : Shape {
    int side;
    __device__ explicit Square(int s) : side(s) {}
    __device__ int area(int x) override { return x * side; }
};
struct Frame : Square {
    __device__ explicit Frame(int s) : Square(s) {}
    __device__ int area(int x) override { return x - side + Square::area(x); }
};

extern "C" __global__ void virtuals(const int *in, int *out) {
    int i = threadIdx.x;
    alignas(8) char room[64];
    Shape *s;
    if (in[i] % 3 == 0) s = new (room) Shape();
    else if (in[i] % 3 == 1) s = new (room) Square(5);
    else s = new (room) Frame(3);
    out[i] = s->area(in[i]);
}

extern "C" __global__ void heap(const int *in, int *out) {
    int i = threadIdx.x;
    int *p = (int *)malloc(16 * (i + 1));
    for (int k = 0; k < 4 * (i + 1); k++) p[k] = in[i] + k;
    int sum = 0;
    for (int k = 0; k < 4 * (i + 1); k++) sum += p[k];
    free(p);
    Shape *s = i & 1 ? new Shape() : new Square(7);
    out[i] = sum + s->area(2);
    delete s;
}

extern "C" __global__ void exhausted(int *out) {
    void *p = malloc(1ull << 40);
    out[0] = p == nullptr;
}

extern "C" __global__ void freed(int **out) {
    int *p = (int *)malloc(64);
    *out = p;
    free(p);
    p[3] = 1;
}

__device__ int plusOne(int x) { return x + 1; }
__device__ int twice(int x) { return x * 2; }
__device__ int nested(int x) { return x ? plusOne(x - 1) * 3 : 7; }
typedef int (*Function)(int);
__device__ Function table[3] = {plusOne, twice, nested};
__constant__ Function constants[3] = {nested, twice, plusOne};

extern "C" __global__ void pointers(const int *in, int *out) {
    int i = threadIdx.x;
    out[i] = table[in[i] % 3](in[i]) + 100 * constants[in[i] % 3](in[i]);
}

extern "C" __global__ void wild(Function f, int *out) { out[0] = f(1); }

__device__ int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

extern "C" __global__ void recursion(const int *in, int *out) { out[threadIdx.x] = fibonacci(in[threadIdx.x] % 12); }

struct Big {
    int a[20];
    double d;
};

__device__ __noinline__ Big make(int x) {
    Big b;
    for (int i = 0; i < 20; i++) b.a[i] = x + i;
    b.d = x * .5;
    return b;
}

__device__ __noinline__ int sum(Big b, short s, char c, float f) {
    int r = 0;
    for (int i = 0; i < 20; i++) r += b.a[i];
    return r + (int)b.d + s + c + (int)f;
}

extern "C" __global__ void structs(const int *in, int *out, Big given) {
    int i = threadIdx.x;
    Big b = make(in[i]);
    b.a[in[i] & 15] = given.a[i & 7];
    out[i] = sum(b, (short)in[i], (char)in[i], in[i] * .25f) + sum(given, 1, 2, 3.f);
}

extern "C" __global__ void stack(const int *in, int *out) {
    int i = threadIdx.x;
    int n = (in[i] & 7) + 1;
    int *p = (int *)__builtin_alloca(n * sizeof(int));
    for (int k = 0; k < n; k++) p[k] = k * in[i];
    int s = 0;
    for (int k = 0; k < n; k++) s += p[n - 1 - k];
    out[i] = s;
}

__device__ int total(int n, ...) {
    __builtin_va_list a;
    __builtin_va_start(a, n);
    int s = 0;
    for (int k = 0; k < n; k++) s += __builtin_va_arg(a, int);
    __builtin_va_end(a);
    return s;
}

extern "C" __global__ void variadic(const int *in, int *out) { out[threadIdx.x] = total(3, in[threadIdx.x], 2, 3); }

extern "C" __global__ void printing(const int *in) {
    int i = threadIdx.x + blockIdx.x * blockDim.x;
    printf("%d of %u: %5.2f|%s|%c|%p|%lld|%x|%%|%e|%g|%08X|%-6d|%+d\n", threadIdx.x, blockIdx.x, in[i] * 1.5, "text", 'a' + i,
           (void *)0x1234, (long long)in[i] << 33, in[i], in[i] * 1e10, in[i] * .001, in[i], in[i], in[i]);
}

extern "C" __global__ void flood(int n) {
    for (int i = 0; i < n; i++) printf("0123456789012345678901234567890123456789012345678901234567890123456789\n");
}

extern "C" __global__ void asserting(const int *in, int most) {
    assert(in[threadIdx.x] < most);
    __syncthreads();
}
