/*
 * The host path's loops in C, against libcuda as it is found at run time (no cuda.h), or against a function that does nothing.
 *
 *   host cuda LIBRARY PTX SAMPLES MILLIS SIZE...     LIBRARY such as libcuda.so.1, PTX the file host.ptx
 *   host no-op ...                                   likewise; LIBRARY and PTX are not looked at
 *
 * Writes a line a sample: benchmark, bytes (0 where that is no parameter), nanoseconds an operation. Ends with 0; or with 1 and a
 * sentence on the error stream where the driver refuses, or a result is wrong.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef void *handle;
typedef uint64_t address;

typedef struct {
    unsigned grid[3], block[3], shared;
    handle stream;
    void *attributes;
    unsigned attribute_count;
} launch_config;

/* By the names of version 2 of the interface, which is what cuGetProcAddress gives the Java side too. */
static int (*cuInit)(unsigned);
static int (*cuDeviceGet)(int *, int);
static int (*cuDevicePrimaryCtxRetain)(handle *, int);
static int (*cuDriverGetVersion)(int *);
static int (*cuCtxSetCurrent)(handle);
static int (*cuStreamCreate)(handle *, unsigned);
static int (*cuStreamQuery)(handle);
static int (*cuStreamSynchronize)(handle);
static int (*cuEventCreate)(handle *, unsigned);
static int (*cuEventQuery)(handle);
static int (*cuEventRecord)(handle, handle);
static int (*cuModuleLoadData)(handle *, const void *);
static int (*cuModuleGetFunction)(handle *, handle, const char *);
static int (*cuMemAlloc)(address *, size_t);
static int (*cuMemFree)(address);
static int (*cuMemHostAlloc)(void **, size_t, unsigned);
static int (*cuMemFreeHost)(void *);
static int (*cuMemcpyHtoDAsync)(address, const void *, size_t, handle);
static int (*cuMemcpyDtoHAsync)(void *, address, size_t, handle);
static int (*cuLaunchKernel)(handle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, handle, void **,
                             void **);
static int (*cuLaunchKernelEx)(const launch_config *, handle, void **, void **);

static const struct {
    void *pointer;
    const char *symbol;
} functions[] = {
    {&cuInit, "cuInit"},
    {&cuDeviceGet, "cuDeviceGet"},
    {&cuDevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain"},
    {&cuDriverGetVersion, "cuDriverGetVersion"},
    {&cuCtxSetCurrent, "cuCtxSetCurrent"},
    {&cuStreamCreate, "cuStreamCreate"},
    {&cuStreamQuery, "cuStreamQuery"},
    {&cuStreamSynchronize, "cuStreamSynchronize"},
    {&cuEventCreate, "cuEventCreate"},
    {&cuEventQuery, "cuEventQuery"},
    {&cuEventRecord, "cuEventRecord"},
    {&cuModuleLoadData, "cuModuleLoadData"},
    {&cuModuleGetFunction, "cuModuleGetFunction"},
    {&cuMemAlloc, "cuMemAlloc_v2"},
    {&cuMemFree, "cuMemFree_v2"},
    {&cuMemHostAlloc, "cuMemHostAlloc"},
    {&cuMemFreeHost, "cuMemFreeHost"},
    {&cuMemcpyHtoDAsync, "cuMemcpyHtoDAsync_v2"},
    {&cuMemcpyDtoHAsync, "cuMemcpyDtoHAsync_v2"},
    {&cuLaunchKernel, "cuLaunchKernel"},
    {&cuLaunchKernelEx, "cuLaunchKernelEx"},
};

/* As the Java side: HostWork.BURST and RoundTripBenchmark.COUNT. */
enum { BURST = 256, COUNT = 1024 };

static int works; /* whether copies move bytes and kernels run */
static handle context, stream, event, nothing, increment;
static int version;
static address values;
static unsigned count = COUNT;
static float factor = 0.5f;
static void *arguments[] = {&values, &count, &factor};
static launch_config config = {{1, 1, 1}, {32, 1, 1}, 0, NULL, NULL, 0};

static address device;
static char *host;
static size_t bytes;
static unsigned *in, *out;

static void fail(const char *what, int code) {
    fprintf(stderr, "%s: the driver answered %d\n", what, code);
    exit(1);
}

static void require(const char *what, int code) {
    if (code != 0) fail(what, code);
}

static int downcall(int n) {
    int code = 0;
    for (int i = 0; i < n; i++) code |= cuDriverGetVersion(&version);
    return code;
}

static int set_current(int n) {
    int code = 0;
    for (int i = 0; i < n; i++) code |= cuCtxSetCurrent(context);
    return code;
}

static int stream_query(int n) {
    int code = 0;
    for (int i = 0; i < n; i++) code |= cuStreamQuery(stream);
    return code;
}

static int event_query(int n) {
    int code = 0;
    for (int i = 0; i < n; i++) code |= cuEventQuery(event);
    return code;
}

static int event_record(int n) {
    int code = 0;
    for (int i = 0; i < n; i++) code |= cuEventRecord(event, stream);
    return code;
}

static int launch(int n) {
    int code = 0;
    for (int i = 0; i < n; i++) code |= cuLaunchKernel(nothing, 1, 1, 1, 32, 1, 1, 0, stream, arguments, NULL);
    return code;
}

static int launch_ex(int n) {
    int code = 0;
    for (int i = 0; i < n; i++) code |= cuLaunchKernelEx(&config, nothing, arguments, NULL);
    return code;
}

static int argument_change(int n) {
    int code = 0;
    address to = values;
    for (int i = 0; i < n; i++) {
        values = to;
        count = (unsigned) i;
        factor = 0.5f;
        code |= cuLaunchKernel(nothing, 1, 1, 1, 32, 1, 1, 0, stream, arguments, NULL);
    }
    return code;
}

static int round_trip(int n) {
    int code = 0;
    count = COUNT;
    for (int i = 0; i < n; i++) {
        code |= cuMemcpyHtoDAsync(values, in, COUNT * sizeof *in, stream);
        code |= cuLaunchKernel(increment, COUNT / 256, 1, 1, 256, 1, 1, 0, stream, arguments, NULL);
        code |= cuMemcpyDtoHAsync(out, values, COUNT * sizeof *out, stream);
        code |= cuStreamSynchronize(stream);
    }
    return code;
}

static int copy_in(int n) {
    int code = 0;
    for (int i = 0; i < n; i++) {
        code |= cuMemcpyHtoDAsync(device, host, bytes, stream);
        code |= cuStreamSynchronize(stream);
    }
    return code;
}

static int copy_out(int n) {
    int code = 0;
    for (int i = 0; i < n; i++) {
        code |= cuMemcpyDtoHAsync(host, device, bytes, stream);
        code |= cuStreamSynchronize(stream);
    }
    return code;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

/*
 * Rows of operations are timed, and the wait for the device after each row is not. Before each sample the result is cleared,
 * and after it looked at, where there is one.
 */
static void measure_checked(const char *name, int (*operations)(int), int row, int samples, double sample_ns,
                            void (*clear)(void), void (*check)(const char *)) {
    for (int sample = -1; sample < samples; sample++) { /* the first is to warm up */
        if (clear != NULL) clear();
        double spent = 0;
        long done = 0;
        while (spent < sample_ns) {
            double start = now();
            int code = operations(row);
            spent += now() - start;
            done += row;
            require(name, code);
            require("cuStreamSynchronize", cuStreamSynchronize(stream));
        }
        if (check != NULL) check(name);
        if (sample >= 0) printf("%s %zu %.4f\n", name, bytes, spent / done);
    }
}

static void measure(const char *name, int (*operations)(int), int row, int samples, double sample_ns) {
    measure_checked(name, operations, row, samples, sample_ns, NULL, NULL);
}

static void clear_round_trip(void) { memset(out, 0, works ? COUNT * sizeof *out : 0); }

static void check_round_trip(const char *what) {
    for (unsigned i = 0; works && i < COUNT; i++) {
        if (out[i] != i + 1) {
            fprintf(stderr, "%s: value %u is %u, not %u\n", what, i, out[i], i + 1);
            exit(1);
        }
    }
}

static char pattern(size_t at) { return (char) (at * 31 + (at >> 8)); }

static void clear_copy(void) { memset(host, 0, works ? bytes : 0); }

static void check_copy(const char *what) {
    for (size_t i = 0; works && i < bytes; i++) {
        if (host[i] != pattern(i)) {
            fprintf(stderr, "%s of %zu bytes: byte %zu is wrong\n", what, bytes, i);
            exit(1);
        }
    }
}

/* In, then out again, which shows both. */
static void measure_copies(int pinned, int samples, double sample_ns) {
    void *memory = NULL;
    if (pinned && works) require("cuMemHostAlloc", cuMemHostAlloc(&memory, bytes, 3)); /* portable, mapped: as ours */
    else memory = malloc(bytes);
    if (memory == NULL) fail("malloc", 0);
    host = memory;
    require("cuMemAlloc", cuMemAlloc(&device, bytes));
    for (size_t i = 0; i < bytes; i++) host[i] = pattern(i);
    /* Each copy is waited for: a row only keeps the clock, some 25 ns, out of small ones. */
    int row = bytes >= 1 << 20 ? 1 : (int) ((1 << 20) / bytes);
    measure(pinned ? "copy-in-pinned" : "copy-in-pageable", copy_in, row, samples, sample_ns);
    measure_checked(pinned ? "copy-out-pinned" : "copy-out-pageable", copy_out, row, samples, sample_ns, clear_copy,
                    check_copy);
    require("cuMemFree", cuMemFree(device));
    if (pinned && works) require("cuMemFreeHost", cuMemFreeHost(memory));
    else free(memory);
}

static void *read_text(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    char *text = calloc(1 << 16, 1);
    size_t length = fread(text, 1, (1 << 16) - 1, file);
    fclose(file);
    if (length == 0) {
        fprintf(stderr, "%s: empty\n", path);
        exit(1);
    }
    return text;
}

static void bind(const char *library) {
    void *symbols = works ? dlopen(library, RTLD_NOW) : NULL;
    if (works && symbols == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        const char *symbol = works ? functions[i].symbol : "pthread_mutexattr_destroy"; /* see NoOpDriver */
        void *found = dlsym(works ? symbols : RTLD_DEFAULT, symbol);
        if (found == NULL) {
            fprintf(stderr, "%s: not found\n", symbol);
            exit(1);
        }
        memcpy(functions[i].pointer, &found, sizeof found);
    }
}

static void open_all(const char *ptx) {
    int ordinal = 0;
    handle module = NULL;
    require("cuInit", cuInit(0));
    require("cuDeviceGet", cuDeviceGet(&ordinal, 0));
    require("cuDevicePrimaryCtxRetain", cuDevicePrimaryCtxRetain(&context, ordinal));
    require("cuCtxSetCurrent", cuCtxSetCurrent(context));
    require("cuStreamCreate", cuStreamCreate(&stream, 1)); /* CU_STREAM_NON_BLOCKING */
    require("cuEventCreate", cuEventCreate(&event, 2));    /* CU_EVENT_DISABLE_TIMING */
    require("cuModuleLoadData", cuModuleLoadData(&module, works ? read_text(ptx) : NULL));
    require("cuModuleGetFunction", cuModuleGetFunction(&nothing, module, "nothing"));
    require("cuModuleGetFunction", cuModuleGetFunction(&increment, module, "increment"));
    require("cuMemAlloc", cuMemAlloc(&values, COUNT * sizeof *in));
    if (works) {
        require("cuMemHostAlloc", cuMemHostAlloc((void **) &in, COUNT * sizeof *in, 3));
        require("cuMemHostAlloc", cuMemHostAlloc((void **) &out, COUNT * sizeof *out, 3));
    } else {
        in = malloc(COUNT * sizeof *in);
        out = malloc(COUNT * sizeof *out);
        if (in == NULL || out == NULL) fail("malloc", 0);
    }
    for (unsigned i = 0; i < COUNT; i++) in[i] = i;
    config.stream = stream;
    require("cuLaunchKernel", launch(1)); /* loads the kernel, where the driver does that late */
    require("cuEventRecord", cuEventRecord(event, stream));
    require("cuStreamSynchronize", cuStreamSynchronize(stream));
}

int main(int argc, char **argv) {
    if (argc < 6 || (strcmp(argv[1], "cuda") != 0 && strcmp(argv[1], "no-op") != 0)) {
        fprintf(stderr, "host cuda|no-op LIBRARY PTX SAMPLES MILLIS SIZE...\n");
        return 2;
    }
    works = strcmp(argv[1], "cuda") == 0;
    int samples = atoi(argv[4]);
    double sample_ns = atof(argv[5]) * 1e6;
    bind(argv[2]);
    open_all(argv[3]);

    measure("downcall", downcall, BURST, samples, sample_ns);
    measure("set-current", set_current, BURST, samples, sample_ns);
    measure("stream-query", stream_query, BURST, samples, sample_ns);
    measure("event-query", event_query, BURST, samples, sample_ns);
    measure("event-record", event_record, BURST, samples, sample_ns);
    measure("prepared-launch", launch, BURST, samples, sample_ns);
    measure("prepared-launch-ex", launch_ex, BURST, samples, sample_ns);
    measure("argument-change", argument_change, BURST, samples, sample_ns);

    measure_checked("round-trip", round_trip, BURST, samples, sample_ns, clear_round_trip, check_round_trip);
    for (int i = 6; i < argc; i++) {
        bytes = strtoull(argv[i], NULL, 10);
        if (bytes == 0) {
            fprintf(stderr, "%s: a size is a number of bytes, 1 or more\n", argv[i]);
            return 2;
        }
        for (int pinned = 0; pinned < 2; pinned++) measure_copies(pinned, samples, sample_ns);
    }
    return 0;
}
