// The closed list of pairs kernels for f16 values.
#include "pairs.cuh"
#include "lanes.cuh"

LANES(pairs_f16, PairsLists, F16)
