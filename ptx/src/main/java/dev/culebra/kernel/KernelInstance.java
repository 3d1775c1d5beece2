package dev.culebra.kernel;

import dev.culebra.sparse.Format;
import dev.culebra.sparse.ValueType;
import java.util.List;

/**
 * A compiled kernel.
 *
 * @param name the entry point in its PTX
 * @param resource the PTX's name among this package's resources
 * @param format the weights' format
 * @param values the type of weights and activations
 * @param tileM rows of A that a block owns, or a crew
 * @param tileK columns of A in a tile
 * @param tileN tokens that a block owns
 * @param threads threads of a block, in x, or of a crew, of which a block can have several
 * @param mostCrews crews that a block can have; 1 for a kernel that knows none
 * @param sharedBytes dynamic shared memory of a block, or of a crew, the least that it works with; over 48 KB the function's
 *        {@code CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES} must be set to what is given before the first launch
 * @param mostSharedBytes what it makes use of where a launch gives that much: a block then has more copies on their way;
 *        equal to sharedBytes for a kernel without that choice
 * @param compute the compute capability that it is for: see {@link ComputeTarget#runsOn}
 * @param programmatic whether it waits for earlier kernels of its stream itself (griddepcontrol.wait), so that it may be launched
 *        before these are done: all that it reads before are the matrix's sections
 * @param parameters its parameters, in order
 */
public record KernelInstance(String name, String resource, Format format, ValueType values, int tileM, int tileK,
        int tileN, int threads, int mostCrews, int sharedBytes, int mostSharedBytes, ComputeTarget compute,
        boolean programmatic,
        List<KernelParameter> parameters) {}
