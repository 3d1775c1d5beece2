package dev.culebra.tests.emulator.textbook;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;

/** PTX that nvcc printed for textbook programs (the {@code .cu} files beside it), against results computed plainly. */
abstract class TextbookTests {

    final Random random = new Random(7);
    private final List<Program> programs = new ArrayList<>();

    Program load(String resource) { return load(resource, 1); }

    Program load(String resource, int workers) {
        Program program = Program.load(resource, workers);
        programs.add(program);
        return program;
    }

    float[] floats(int n) {
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = random.nextFloat() * 2 - 1;
        }
        return v;
    }

    @AfterEach
    void close() {
        for (Program program : programs) {
            program.close();
        }
    }
}
