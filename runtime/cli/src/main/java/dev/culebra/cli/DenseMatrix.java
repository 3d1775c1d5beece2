package dev.culebra.cli;

import dev.culebra.llm.checkpoint.CheckpointException;
import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.llm.checkpoint.TensorInfo;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A matrix in a safetensors file: two dimensions of at least 1, row-major, 16- or 32-bit floats. Not read before it is
 * used.
 *
 * @param file the open file, closed with this
 * @param tensor which of its tensors
 * @param type type of an element
 * @param rows length of the first dimension
 * @param columns length of the second dimension
 */
record DenseMatrix(Safetensors file, TensorInfo tensor, DenseType type, int rows,
        int columns) implements AutoCloseable {

    /**
     * @param name the tensor's name, or null where the file has but one
     * @param shape what the dimensions are called, for messages
     */
    static DenseMatrix open(Path path, String name, String shape) throws IOException {
        if (SparseMatrix.isEncoded(path)) {
            throw new Failure(path + ": is an encoded file; needed here is a safetensors file ('decode' makes one)");
        }
        var file = Safetensors.open(path);
        try {
            var tensor = name == null ? file.onlyTensor() : file.tensor(name);
            var where = "tensor " + tensor.nameText();
            var type = tensor.type().dense().orElseThrow(() -> new CheckpointException(path,
                    where + " is " + tensor.type() + "; a product takes F16, BF16 or F32"));
            if (tensor.shape().size() != 2) {
                throw new CheckpointException(path,
                        where + " has shape " + tensor.shapeText() + "; needed is a matrix " + shape);
            }
            for (long length : tensor.shape()) {
                if (length < 1 || length > Integer.MAX_VALUE) {
                    throw new CheckpointException(path, where + " has shape " + tensor.shapeText()
                            + "; each dimension must be from 1 to " + Integer.MAX_VALUE);
                }
            }
            return new DenseMatrix(file, tensor, type, tensor.shape().get(0).intValue(),
                    tensor.shape().get(1).intValue());
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    MemorySegment data() { return file.data(tensor); }

    /** The type its values have from the door on: F32 is rounded to F16, the others stay. */
    ValueType valueType() {
        return type == DenseType.BF16 ? ValueType.BF16 : ValueType.F16;
    }

    String describe() { return file.path() + " (" + tensor.shapeText() + " " + type + ")"; }

    @Override
    public void close() { file.close(); }
}
