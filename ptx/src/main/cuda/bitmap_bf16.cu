// The closed list of bitmap kernels for bf16 values.
#include "bitmap.cuh"
#include "lanes.cuh"

LANES(bitmap_bf16, BitmapLists, BF16)
