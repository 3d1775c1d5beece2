package dev.culebra.cli;

import dev.culebra.cli.Options.FormatOption;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;

import java.io.IOException;
import java.nio.file.Path;

/** Weights in a file of either kind, told apart by their first bytes, not by the file's name. */
sealed interface Weights extends AutoCloseable {
    int m();

    int k();

    ValueType type();

    String describe();

    /** The encoded matrix; for dense weights this is where they are encoded, in the format named, else as {@code auto} chooses. */
    SparseMatrix matrix(FormatOption format, FormatChoice auto, Console console) throws IOException;

    @Override
    void close();

    /** @param tensor its name in a safetensors file, or null where the file has but one */
    static Weights open(Path path, String tensor, Console console) throws IOException {
        if (!SparseMatrix.isEncoded(path)) {
            return new Dense(DenseMatrix.open(path, tensor, "[M, K]"));
        }
        if (tensor != null) {
            throw new Failure(path + ": an encoded file holds one matrix without a name; leave the tensor's name out");
        }
        return new Encoded(path, console.during("reading " + path.getFileName(), () -> SparseMatrix.read(path)));
    }

    /** Weights as a checkpoint has them. */
    record Dense(DenseMatrix dense) implements Weights {
        @Override
        public int m() { return dense.rows(); }

        @Override
        public int k() { return dense.columns(); }

        @Override
        public ValueType type() { return dense.valueType(); }

        @Override
        public String describe() { return dense.describe(); }

        @Override
        public SparseMatrix matrix(FormatOption format, FormatChoice auto, Console console) throws IOException {
            SparseMatrix matrix;
            try (var progress = console.progress("encoding weights", (long) m() * k())) {
                var options = EncodeOptions.DEFAULT.withFormat(format.or(auto)).withProgress(progress::stepTo);
                matrix = SparseMatrix.encode(dense.data(), dense.type(), m(), k(), type(), options);
            }
            Halves.warn(console, matrix.overflowed(), "weights");
            return matrix;
        }

        @Override
        public void close() { dense.close(); }
    }

    /** Weights that were encoded before. */
    record Encoded(Path path, SparseMatrix encoded) implements Weights {
        @Override
        public int m() { return encoded.m(); }

        @Override
        public int k() { return encoded.k(); }

        @Override
        public ValueType type() { return encoded.valueType(); }

        @Override
        public String describe() {
            return path + " ([" + m() + ", " + k() + "] " + type() + ", " + encoded.format().id() + ")";
        }

        @Override
        public SparseMatrix matrix(FormatOption format, FormatChoice auto, Console console) {
            if (format.or(encoded.format()) != encoded.format()) {
                throw new Failure(path + ": is encoded as " + encoded.format().id() + ", not " + format.named().id()
                        + "; decode it and encode it again, or leave --format out");
            }
            return encoded;
        }

        @Override
        public void close() {
            // The matrix lives as long as someone refers to it.
        }
    }
}
