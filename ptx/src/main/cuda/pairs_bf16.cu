// The closed list of pairs kernels for bf16 values.
#include "pairs.cuh"
#include "lanes.cuh"

LANES(pairs_bf16, PairsLists, BF16)
