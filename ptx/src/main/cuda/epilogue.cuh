// From a tile of sums to Y, for every product kernel: parts of a split K added up, then
//
//   Y = activation(sum + bias) + residual + Y, each part of it optional,
//
// in fp32, in this order, every operation rounded by itself (no fused multiply-add: a CPU has the same bits), then rounded once
// to Y's type. A NaN passes through all of it. All branches but those on ragged edges are uniform.
//
// A kernel lays its sums down in shared memory, token by token, and calls finish() with all threads: what it does does not depend
// on who held which sum, and both the partial sums and Y are read and written in runs of rows.
//
// Splits. Each writes its tile to the workspace, [tile][split][token][row]; then one thread takes a ticket. Who takes the last one
// knows that all parts are there, and adds them in the order of the splits, its own included: the same bits, whoever is last. The
// ticket wraps round to 0, so that the next launch, or a graph's replay, finds the counters as this one did.
//   Order, by PTX's memory model: a thread's stores come before the block's barrier, that before the ticket, which releases at the
// scope of the device (and hands on what earlier tickets released: they form one chain of read-modify-writes); the last ticket
// acquires, the barrier behind it hands that on to the block's other threads, which then load.
#pragma once
#include <cstdint>

// The kernels' last parameters; see KernelCatalog.
struct Epilogue {
    void* y;                  // [N, M]
    const float* bias;        // [M], or null
    const void* residual;     // [N, M] of Y's type, or null; may be y
    float* workspace;         // null with one split, and where parts are in what is
    uint32_t* zeroed;         // 0 before the first launch and after each: a ticket a tile of Y, or parts (parts.cuh)
    uint32_t flags;
};

// Of Epilogue::flags, as KernelCatalog.flags puts them together.
constexpr uint32_t ACTIVATION = 3, RELU = 1, GELU = 2;
constexpr uint32_t OUTPUT = 3 << 2, OUTPUT_F16 = 1 << 2, OUTPUT_BF16 = 2 << 2;
constexpr uint32_t ACCUMULATE = 1 << 4;

// The value before, then one more, but 0 after `most`.
__device__ __forceinline__ uint32_t take_ticket(uint32_t* counter, uint32_t most) {
    uint32_t before;
    asm volatile("atom.acq_rel.gpu.global.inc.u32 %0, [%1], %2;" : "=r"(before) : "l"(__cvta_generic_to_global(counter)), "r"(most) : "memory");
    return before;
}

// Through the L2 alone: what other multiprocessors wrote or will read.
__device__ __forceinline__ float4 load_part(const float* at) {
    float4 v;
    asm volatile("ld.global.cg.v4.f32 {%0,%1,%2,%3}, [%4];" : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w) : "l"(__cvta_generic_to_global(at)) : "memory");
    return v;
}

__device__ __forceinline__ void store_part(float* at, float4 v) {
    asm volatile("st.global.cg.v4.f32 [%0], {%1,%2,%3,%4};" ::"l"(__cvta_generic_to_global(at)), "f"(v.x), "f"(v.y), "f"(v.z), "f"(v.w) : "memory");
}

// v / 2 (1 + erf(v / sqrt(2))), the exact GELU. erf: c P(c^2) / Q(c^2), a rational function of the form of W. J. Cody, "Rational
// Chebyshev Approximations for the Error Function" (1969), over all of 0 to 3.92 at once, relative error 1.9e-8 before rounding;
// at 4 its value in fp32 is 1, and erf is that from there on. The same operations as CpuEpilogue's.
__device__ __forceinline__ float gelu(float v) {
    const float c = fminf(fmaxf(__fmul_rn(v, 0.70710678f), -4.0f), 4.0f);
    const float u = __fmul_rn(c, c);
    float p = 2.05008530157e-06f, q = 3.8091583844e-05f;
    p = __fadd_rn(0.000284880606622f, __fmul_rn(u, p));
    p = __fadd_rn(0.00376556028852f, __fmul_rn(u, p));
    p = __fadd_rn(0.0527485437026f, __fmul_rn(u, p));
    p = __fadd_rn(0.190405270168f, __fmul_rn(u, p));
    p = __fadd_rn(1.12837914617f, __fmul_rn(u, p));
    q = __fadd_rn(0.00116252022501f, __fmul_rn(u, q));
    q = __fadd_rn(0.0149691031031f, __fmul_rn(u, q));
    q = __fadd_rn(0.114108598214f, __fmul_rn(u, q));
    q = __fadd_rn(0.502075018396f, __fmul_rn(u, q));
    q = __fadd_rn(1.0f, __fmul_rn(u, q));
    const float erf = fminf(fmaxf(__fdiv_rn(__fmul_rn(c, p), q), -1.0f), 1.0f);
    return __fmul_rn(__fmul_rn(0.5f, v), __fadd_rn(1.0f, erf));      // a NaN: times whatever erf came to
}

__device__ __forceinline__ float from_half(uint32_t bits, bool bf16) {
    float v;
    asm("cvt.f32.f16 %0, %1;" : "=f"(v) : "h"((unsigned short)bits));
    return bf16 ? __uint_as_float(bits << 16) : v;
}

__device__ __forceinline__ uint32_t to_half(float v, bool bf16) {
    unsigned short f, b;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(f) : "f"(v));
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(b) : "f"(v));
    return bf16 ? b : f;
}

// Which row of Y is row `i` of a tile: the rows as they come. A kernel whose rows are in another order brings a map of its own; rows
// from M on are not read nor written.
struct RowsFrom {
    int first;                                        // a multiple of 4

    __device__ __forceinline__ int operator()(int i) const { return first + i; }
    // Whether four rows from a multiple of 4 on follow each other in Y, from a multiple of 4 on: the same for all threads.
    __device__ __forceinline__ bool contiguous() const { return true; }
};

// A thread's four rows of T tokens of an [N, M] array: 16 or 8 bytes a token where `wide`, which says that they lie inside and are
// aligned, else one by one. All loads come before anything that waits for them, so those of rows outside are of the last one.
template <int T>
struct Fours {
    size_t at[T];                                     // where the tokens' row 0 is, in elements
    int row[4];
    int m;
    bool wide;
    uint32_t output;                                  // flags & OUTPUT

    __device__ __forceinline__ int inside(int i) const { return min(row[i], m - 1); }

    __device__ __forceinline__ void add(float (&v)[T][4], const void* from) const {
        if (output == 0) {
            const float* f = static_cast<const float*>(from);
            float4 r[T];
            if (wide) {
#pragma unroll
                for (int i = 0; i < T; i++) r[i] = *reinterpret_cast<const float4*>(f + at[i] + row[0]);
            } else {
#pragma unroll
                for (int i = 0; i < T; i++) r[i] = make_float4(f[at[i] + inside(0)], f[at[i] + inside(1)], f[at[i] + inside(2)], f[at[i] + inside(3)]);
            }
#pragma unroll
            for (int i = 0; i < T; i++) {
                v[i][0] += r[i].x; v[i][1] += r[i].y; v[i][2] += r[i].z; v[i][3] += r[i].w;
            }
            return;
        }
        const uint16_t* h = static_cast<const uint16_t*>(from);
        const bool bf16 = output == OUTPUT_BF16;
        uint2 r[T];
        if (wide) {
#pragma unroll
            for (int i = 0; i < T; i++) r[i] = *reinterpret_cast<const uint2*>(h + at[i] + row[0]);
        } else {
#pragma unroll
            for (int i = 0; i < T; i++) {
                r[i] = make_uint2(h[at[i] + inside(0)] | (uint32_t)h[at[i] + inside(1)] << 16,
                                  h[at[i] + inside(2)] | (uint32_t)h[at[i] + inside(3)] << 16);
            }
        }
#pragma unroll
        for (int i = 0; i < T; i++) {
            v[i][0] += from_half(r[i].x & 0xffff, bf16); v[i][1] += from_half(r[i].x >> 16, bf16);
            v[i][2] += from_half(r[i].y & 0xffff, bf16); v[i][3] += from_half(r[i].y >> 16, bf16);
        }
    }

    // Of the i-th token.
    __device__ __forceinline__ void store(const float (&v)[4], void* to, int i) const {
        if (output == 0) {
            float* f = static_cast<float*>(to) + at[i];
            if (wide) {
                *reinterpret_cast<float4*>(f + row[0]) = make_float4(v[0], v[1], v[2], v[3]);
                return;
            }
#pragma unroll
            for (int j = 0; j < 4; j++) if (row[j] < m) f[row[j]] = v[j];
            return;
        }
        uint16_t* h = static_cast<uint16_t*>(to) + at[i];
        const bool bf16 = output == OUTPUT_BF16;
        const uint32_t b[4] = {to_half(v[0], bf16), to_half(v[1], bf16), to_half(v[2], bf16), to_half(v[3], bf16)};
        if (wide) {
            *reinterpret_cast<uint2*>(h + row[0]) = make_uint2(b[0] | b[1] << 16, b[2] | b[3] << 16);
            return;
        }
#pragma unroll
        for (int j = 0; j < 4; j++) if (row[j] < m) h[row[j]] = b[j];
    }
};

// What `THREADS` threads do with a tile of ROWS rows by TILE_N tokens. Each takes the same four rows of every STRIDE-th token.
template <int TILE_N, int ROWS, int THREADS>
struct Finish {
    // Of a token in shared memory, in floats. 16 bytes more than a power of two: an mma's accumulators, whose lane 4 g + t has row
    // g of tokens 2 t and 2 t + 1, then go to 32 different banks (2 t PITCH + g = 8 t + g), and rows stay aligned.
    static constexpr int PITCH = ROWS + 4;
    static constexpr int TILE_BYTES = TILE_N * PITCH * 4;
    static constexpr int QUADS = ROWS / 4;
    static constexpr int STRIDE = THREADS / QUADS;
    static constexpr int PASSES = (TILE_N + STRIDE - 1) / STRIDE;
    // Tokens for which loads are on their way together: of parts, and of residuals and what Y holds (with four of these some spill).
    static constexpr int PARTS_AHEAD = PASSES < 4 ? PASSES : 4;
    static constexpr int AHEAD = PASSES < 2 ? PASSES : 2;
    static_assert(THREADS % QUADS == 0);
    static_assert(TILE_N % STRIDE == 0 || TILE_N < STRIDE);

    // To be called by all threads of a block, behind a barrier, with the sums in `tile`, which it may change; a barrier must come
    // before the tile's memory is used again.
    //   poison(token)     0, or NaN for a token whose results must be that: added to this split's sums
    //   row(i)            see RowsFrom
    //   token0, m, n      of Y [n, m]: the tile's first token
    //   first_part        the number of the tile's first part among all parts in the workspace; its parts follow each other
    //   ticket            the tile's number among all tickets
    template <class Poison, class Rows>
    __device__ __forceinline__ static void finish(const Epilogue& e, float* tile, Poison poison, Rows row, int token0, int m, int n,
                                                  size_t first_part, size_t ticket, int split, int splits) {
        static_assert(PITCH % 32 == 4);
        if (splits > 1) {
            const int thread = threadIdx.x, quad = thread % QUADS, first = thread / QUADS;
            float* const mine = tile + 4 * quad;
            float* const parts = e.workspace + first_part * (TILE_N * ROWS) + 4 * quad;
#pragma unroll 1
            for (int t = first; t < TILE_N; t += STRIDE) {           // tokens from N on too: the workspace has room for whole tiles
                const float4 v = *reinterpret_cast<const float4*>(mine + t * PITCH);
                const float p = poison(t);
                store_part(parts + ((size_t)split * TILE_N + t) * ROWS, make_float4(v.x + p, v.y + p, v.z + p, v.w + p));
            }
            __syncthreads();
            const bool last = thread == 0 && take_ticket(e.zeroed + ticket, splits - 1) == splits - 1;
            if (!__syncthreads_or(last)) return;
            sum(mine, parts, first, splits);                         // to where this thread reads it
        }
        apply(e, TokenMajor{tile}, poison, row, token0, m, n, threadIdx.x);
    }

    // A tile in shared memory as finish() wants it: a token's rows follow each other.
    struct TokenMajor {
        float* tile;

        __device__ __forceinline__ float4 load(int token, int quad) const { return *reinterpret_cast<const float4*>(tile + token * PITCH + 4 * quad); }
        __device__ __forceinline__ void store(int token, int quad, const float (&v)[4]) const {
            *reinterpret_cast<float4*>(tile + token * PITCH + 4 * quad) = make_float4(v[0], v[1], v[2], v[3]);
        }
    };

    // What is behind all parts' sum; the same conditions, but for THREADS threads alone, `thread` from 0 on, and for any layout of the tile:
    // load(token, quad) has rows 4 quad to 4 quad + 3 of a token, which store() changes.
    template <class Tile, class Poison, class Rows>
    __device__ __forceinline__ static void apply(const Epilogue& e, const Tile& tile, Poison poison, Rows row, int token0, int m, int n, int thread) {
        const int quad = thread % QUADS, first = thread / QUADS;
        const int tokens = min(n - token0, TILE_N);
        Fours<AHEAD> fours;
        fours.m = m;
        fours.output = e.flags & OUTPUT;
        float bias[4] = {};
#pragma unroll
        for (int i = 0; i < 4; i++) {
            fours.row[i] = row(4 * quad + i);
            if (e.bias) bias[i] = e.bias[fours.inside(i)];
        }
        fours.wide = row.contiguous() && m % 4 == 0 && (((size_t)e.y | (size_t)e.residual) & 15) == 0;
        if (fours.wide && fours.row[0] >= m) return;
        const bool active = e.flags & ACTIVATION;
        if (active) {                                                // in shared memory: its code is here once
#pragma unroll 1
            for (int t = first; t < tokens; t += STRIDE) {
                float v[4];
                begin(v, tile.load(t, quad), poison(t), bias);
#pragma unroll
                for (int i = 0; i < 4; i++) v[i] = (e.flags & ACTIVATION) == GELU ? gelu(v[i]) : v[i] <= 0 ? 0.0f : v[i];
                tile.store(t, quad, v);
            }
        }
#pragma unroll 1
        for (int t = first; t < tokens; t += AHEAD * STRIDE) {
            float v[AHEAD][4];
#pragma unroll
            for (int i = 0; i < AHEAD; i++) {
                const int token = t + i * STRIDE < tokens ? t + i * STRIDE : t;   // behind the last: this thread's own, not stored again
                fours.at[i] = (size_t)(token0 + token) * m;
                if (active) {
                    const float4 s = tile.load(token, quad);
                    v[i][0] = s.x; v[i][1] = s.y; v[i][2] = s.z; v[i][3] = s.w;
                } else {
                    begin(v[i], tile.load(token, quad), poison(token), bias);
                }
            }
#pragma unroll 1
            for (int i = e.residual ? 0 : 1; i < (e.flags & ACCUMULATE ? 2 : 1); i++) {   // rolled: half the code
                fours.add(v, i == 0 ? e.residual : e.y);
            }
#pragma unroll
            for (int i = 0; i < AHEAD; i++) if (t + i * STRIDE < tokens) fours.store(v[i], e.y, i);
        }
    }

    // Sums and bias. Without a bias a 0 is added, which changes nothing: no sum is -0, as all began with +0.
    __device__ __forceinline__ static void begin(float (&v)[4], const float4& s, float p, const float (&bias)[4]) {   // p: once more where K is split: NaN is NaN
        v[0] = s.x + p + bias[0]; v[1] = s.y + p + bias[1]; v[2] = s.z + p + bias[2]; v[3] = s.w + p + bias[3];
    }

    // All parts of this thread's rows, in the order of the splits; some eight loads on their way at a time.
    __device__ __forceinline__ static void sum(float* mine, const float* parts, int first, int splits) {
        static_assert(PASSES % PARTS_AHEAD == 0);
#pragma unroll 1
        for (int t = first; t < TILE_N; t += PARTS_AHEAD * STRIDE) {
            const float* from = parts + t * ROWS;
            float4 sum[PARTS_AHEAD];
#pragma unroll
            for (int i = 0; i < PARTS_AHEAD; i++) sum[i] = load_part(from + i * STRIDE * ROWS);
#pragma unroll (8 / PARTS_AHEAD)
            for (int s = 1; s < splits; s++) {
                from += TILE_N * ROWS;
#pragma unroll
                for (int i = 0; i < PARTS_AHEAD; i++) {
                    const float4 v = load_part(from + i * STRIDE * ROWS);
                    sum[i].x += v.x; sum[i].y += v.y; sum[i].z += v.z; sum[i].w += v.w;
                }
            }
#pragma unroll
            for (int i = 0; i < PARTS_AHEAD; i++) *reinterpret_cast<float4*>(mine + (t + i * STRIDE) * PITCH) = sum[i];
        }
    }
};
