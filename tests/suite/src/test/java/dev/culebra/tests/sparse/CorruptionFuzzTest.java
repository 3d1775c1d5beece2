package dev.culebra.tests.sparse;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.FormatException;
import dev.culebra.sparse.SparseMatrix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A damaged file is refused with a {@link FormatException}, or holds the same matrix still; never anything else. */
class CorruptionFuzzTest {

    @TempDir
    Path directory;

    private final SparseMatrix matrix = SparseMatrix.of(Matrices.random(70, 130, .05, 8), DenseType.BF16, 70, 130);

    /** True when the file was refused. */
    private boolean refused(byte[] bytes, String what) throws IOException {
        Path path = Files.write(directory.resolve("damaged.culebra"), bytes);
        try {
            SparseMatrix back = SparseMatrix.read(path);
            back.validate();
            assertTrue(Matrices.same(matrix, back), what + " went unnoticed");
            return false;
        } catch (FormatException e) {
            return true;
        } catch (RuntimeException | Error e) {
            return fail(what, e);
        }
    }

    @Test
    void flippedBytes() throws IOException {
        byte[] valid = new FileBytes(matrix, directory).array();
        SplittableRandom random = new SplittableRandom(1);
        int refused = 0;
        for (int i = 0; i < valid.length; i++) { // every byte once, another bit each time
            byte[] damaged = valid.clone();
            damaged[i] ^= (byte) (1 << random.nextInt(8));
            refused += refused(damaged, "byte " + i) ? 1 : 0;
        }
        // only what lies between the sections is nobody's
        assertTrue(refused >= valid.length - 2 * 256, refused + " of " + valid.length);
    }

    @Test
    void truncatedAnywhere() throws IOException {
        byte[] valid = new FileBytes(matrix, directory).array();
        for (int length = 0; length < valid.length; length += length < 400 ? 1 : 37) {
            assertTrue(refused(Arrays.copyOf(valid, length), "cut to " + length));
        }
        assertTrue(refused(Arrays.copyOf(valid, valid.length + 1), "a byte more"));
    }

    /** Correctly signed nonsense: what comes through the checksums must be caught by the structure, or be a valid matrix. */
    @Test
    void signedNonsense() throws IOException {
        SplittableRandom random = new SplittableRandom(2);
        int refused = 0;
        int rounds = 3000;
        byte[] valid = new FileBytes(matrix, directory).array();
        for (int i = 0; i < rounds; i++) {
            FileBytes file = new FileBytes(valid);
            int offsets = file.at(FileBytes.OFFSETS);
            int bytes = random.nextInt(1, 4);
            for (int b = 0; b < bytes; b++) {
                // a third each: the header, the offsets, anywhere
                int at = switch (random.nextInt(3)) {
                    case 0 -> random.nextInt(8, FileBytes.CHECKSUM);
                    case 1 -> offsets + random.nextInt(28);
                    default -> random.nextInt(file.size());
                };
                file.array()[at] = (byte) random.nextInt();
            }
            Path path = file.sign().write(directory);
            try {
                SparseMatrix back = SparseMatrix.read(path);
                back.validate();
                back.toCsr();
                Matrices.decode(back);
            } catch (FormatException e) {
                refused++;
            } catch (RuntimeException | Error e) {
                fail("round " + i, e);
            }
        }
        assertTrue(refused > rounds / 2, refused + " of " + rounds);
    }
}
