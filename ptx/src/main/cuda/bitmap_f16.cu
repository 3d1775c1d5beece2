// The closed list of bitmap kernels for f16 values.
#include "bitmap.cuh"
#include "lanes.cuh"

LANES(bitmap_f16, BitmapLists, F16)
