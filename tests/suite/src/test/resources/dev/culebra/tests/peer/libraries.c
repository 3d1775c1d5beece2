/* cuBLASLt and cuSPARSE that compute nothing: every handle is counted, and some things are refused as the real ones do. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static int live;
static int broken;

int live_handles(void) { return live; }
void break_down(int yes) { broken = yes; }

static int make(void **out) {
    *out = (void *)(uintptr_t)(4096 + ++live);
    return 0;
}

static int give_back(void) {
    live--;
    return 0;
}

#ifdef NO_NAMES
#define DESCRIPTORS 0
#else
#define DESCRIPTORS 1
const char *cublasLtGetStatusName(int s) { return s == 15 ? "CUBLAS_STATUS_NOT_SUPPORTED" : "CUBLAS_STATUS_OTHER"; }
#endif
int cublasLtGetProperty(int part, int *value) { return *value = part + 1, 0; }
int cublasLtCreate(void **out) { return make(out); }
int cublasLtDestroy(void *handle) { return give_back(); }
int cublasLtMatmulDescCreate(void **out, int compute, int scale) { return DESCRIPTORS && compute == 68 && scale == 0 ? make(out) : 15; }
int cublasLtMatmulDescDestroy(void *desc) { return give_back(); }
int cublasLtMatmulDescSetAttribute(void *desc, int what, int *value, size_t size) {
    return what == 3 && *value == 1 && size == 4 ? 0 : 15;
}
int cublasLtMatrixLayoutCreate(void **out, int type, uint64_t rows, uint64_t columns, int64_t leading) {
    return type == 2 && rows == (uint64_t)leading ? make(out) : 15;
}
int cublasLtMatrixLayoutDestroy(void *layout) { return give_back(); }
int cublasLtMatmulPreferenceCreate(void **out) { return make(out); }
int cublasLtMatmulPreferenceDestroy(void *preference) { return give_back(); }
/* Schemes by which parts of a split K are added; all, unless it is said which: 2 is in fp32, 1 and 4 are in fp16. */
static int reductions = 7;
int cublasLtMatmulPreferenceSetAttribute(void *preference, int what, int *value, size_t size) {
    if (what == 3) reductions = *value;
    return size == (what == 1 ? 8 : 4) ? 0 : 15;
}
struct result {
    uint64_t algorithm[8];
    size_t workspace;
    int state;
    float waves;
    int reserved[4];
};
/* Three: the second is of no use, the third is refused when it is launched. */
int cublasLtMatmulAlgoGetHeuristic(void *handle, void *desc, void *a, void *b, void *c, void *d, void *preference, int most,
                                   struct result *results, int *count) {
    memset(results, 0, 3 * sizeof *results);
    for (int i = 0; i < 3; i++) results[i].algorithm[0] = i;
    results[1].state = 15;
    *count = broken || reductions != 2 ? 0 : 3;
    return 0;
}
int cublasLtMatmulAlgoCheck(void *handle, void *desc, void *a, void *b, void *c, void *d, void *algorithm,
                            struct result *result) {
    return result->workspace = 0, 0;
}
int cublasLtMatmulAlgoConfigGetAttribute(uint64_t *algorithm, int what, int *value, size_t size, size_t *written) {
    if (what > 2) return 15;
    return *value = 10 * (int)algorithm[0] + what, 0;
}
int cublasLtMatmul(void *handle, void *desc, float *alpha, void *a, void *al, void *b, void *bl, float *beta, void *c, void *cl,
                   void *d, void *dl, uint64_t *algorithm, void *workspace, size_t bytes, void *stream) {
    return algorithm[0] == 2 || broken || *alpha != 1 || *beta != 0 || c != d || bytes != 64 << 20 ? 15 : 0;
}

const char *cusparseGetErrorName(int s) { return s == 10 ? "CUSPARSE_STATUS_NOT_SUPPORTED" : "CUSPARSE_STATUS_OTHER"; }
int cusparseGetProperty(int part, int *value) { return *value = part + 5, 0; }
int cusparseCreate(void **out) { return make(out); }
int cusparseDestroy(void *handle) { return give_back(); }
int cusparseSetStream(void *handle, void *stream) { return 0; }
int cusparseCreateCsr(void **out, int64_t rows, int64_t columns, int64_t nonzeros, void *offsets, void *indices, void *values,
                      int offset_type, int index_type, int base, int type) {
    return offset_type == 2 && index_type == 2 && base == 0 && type == 2 ? make(out) : 10;
}
int cusparseDestroySpMat(void *matrix) { return give_back(); }
int cusparseCreateDnMat(void **out, int64_t rows, int64_t columns, int64_t leading, void *values, int type, int order) {
    return type == 2 && leading == (order == 1 ? rows : columns) ? make(out) : 10;
}
int cusparseDestroyDnMat(void *matrix) { return give_back(); }
int cusparseSpMM_bufferSize(void *handle, int a_op, int b_op, float *alpha, void *a, void *b, float *beta, void *c, int type,
                            int algorithm, size_t *size) {
    return *size = algorithm == 4 ? 1000 : 0, 0;
}
/* All but CSR_ALG1. */
int cusparseSpMM_preprocess(void *handle, int a_op, int b_op, float *alpha, void *a, void *b, float *beta, void *c, int type,
                            int algorithm, void *buffer) {
    return algorithm != 4 || broken ? 10 : 0;
}
int cusparseSpMM(void *handle, int a_op, int b_op, float *alpha, void *a, void *b, float *beta, void *c, int type, int algorithm,
                 void *buffer) {
    return algorithm != 4 || buffer == 0 || *alpha != 1 || *beta != 0 ? 10 : 0;
}
