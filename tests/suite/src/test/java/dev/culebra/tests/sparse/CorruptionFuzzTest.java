package dev.culebra.tests.sparse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.FormatException;
import dev.culebra.sparse.SparseMatrix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A damaged file is refused with a {@link FormatException}, or holds the same matrix still; never anything else. Read and
 * mapped alike.
 */
class CorruptionFuzzTest {

    @TempDir
    Path directory;

    private static SparseMatrix matrix(Format format) {
        return switch (format) {
            case TILED_CSL -> Matrices.encode(Matrices.random(70, 130, .05, 8), DenseType.BF16, 70, 130, format);
            case DENSE -> Matrices.encode(Matrices.random(40, 60, .7, 8), DenseType.F16, 40, 60, format);
            case BITMAP, PAIRS -> Matrices.encode(Matrices.random(20, 131, .2, 8), DenseType.BF16, 20, 131, format);
        };
    }

    /** True when the file was refused, by both ways to open it. */
    private boolean refused(SparseMatrix matrix, byte[] bytes, String what) throws IOException {
        Path path = written(bytes);
        boolean refused = refused(matrix, () -> SparseMatrix.read(path), what + ", read");
        assertEquals(refused, refused(matrix, () -> SparseMatrix.map(path), what + ", mapped"), what);
        return refused;
    }

    /** Over the last one, which is not cut off first where it is as long: that costs a hundred times the writing. */
    private Path written(byte[] bytes) throws IOException {
        Path path = directory.resolve("damaged.culebra");
        if (Files.exists(path) && Files.size(path) != bytes.length) {
            Files.delete(path);
        }
        return Files.write(path, bytes, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    private interface Opening {
        SparseMatrix open() throws IOException;
    }

    private static boolean refused(SparseMatrix matrix, Opening opening, String what) throws IOException {
        try {
            SparseMatrix back = opening.open();
            back.validate();
            assertTrue(Matrices.same(matrix, back), what + " went unnoticed");
            return false;
        } catch (FormatException e) {
            return true;
        } catch (RuntimeException | Error e) {
            return fail(what, e);
        }
    }

    @ParameterizedTest
    @EnumSource(Format.class)
    void flippedBytes(Format format) throws IOException {
        SparseMatrix matrix = matrix(format);
        byte[] valid = new FileBytes(matrix, directory).array();
        SplittableRandom random = new SplittableRandom(1);
        int refused = 0;
        int tried = 0;
        // another bit each time; every byte of a sparse file, of a dense tile's 8 KiB one of 13
        for (int i = 0; i < valid.length; i += i < 512 || format != Format.DENSE ? 1 : 13, tried++) {
            byte[] damaged = valid.clone();
            damaged[i] ^= (byte) (1 << random.nextInt(8));
            refused += refused(matrix, damaged, "byte " + i) ? 1 : 0;
        }
        // only what lies between the sections is nobody's
        assertTrue(refused >= tried - matrix.sections().size() * 256, refused + " of " + tried);
    }

    @ParameterizedTest
    @EnumSource(Format.class)
    void truncatedAnywhere(Format format) throws IOException {
        SparseMatrix matrix = matrix(format);
        byte[] valid = new FileBytes(matrix, directory).array();
        for (int length = 0; length < valid.length; length += length < 200 ? 1 : 97) {
            assertTrue(refused(matrix, Arrays.copyOf(valid, length), "cut to " + length));
        }
        assertTrue(refused(matrix, Arrays.copyOf(valid, valid.length + 1), "a byte more"));
    }

    /** Correctly signed nonsense: what comes through the checksums must be caught by the structure, or be a valid matrix. */
    @ParameterizedTest
    @EnumSource(Format.class)
    void signedNonsense(Format format) throws IOException {
        SplittableRandom random = new SplittableRandom(2);
        int refused = 0;
        int rounds = 3000;
        byte[] valid = new FileBytes(matrix(format), directory).array();
        for (int i = 0; i < rounds; i++) {
            FileBytes file = new FileBytes(valid);
            int last = file.at(file.checksum - 40); // of the offsets, the values, the order
            int bytes = random.nextInt(1, 4);
            for (int b = 0; b < bytes; b++) {
                // a third each: the header, the last section's beginning, anywhere
                int at = switch (random.nextInt(3)) {
                    case 0 -> random.nextInt(8, file.checksum);
                    case 1 -> last + random.nextInt(28);
                    default -> random.nextInt(file.size());
                };
                file.array()[at] = (byte) random.nextInt();
            }
            Path path = written(file.sign().array());
            try {
                SparseMatrix back = i % 2 == 0 ? SparseMatrix.read(path) : SparseMatrix.map(path);
                back.validate();
                back.toCsr();
                Matrices.decode(back);
            } catch (FormatException e) {
                refused++;
            } catch (RuntimeException | Error e) {
                fail("round " + i, e);
            }
        }
        // a dense tile may hold anything that has as many nonzeros
        assertTrue(refused > rounds / (format == Format.DENSE ? 3 : 2), refused + " of " + rounds);
    }
}
