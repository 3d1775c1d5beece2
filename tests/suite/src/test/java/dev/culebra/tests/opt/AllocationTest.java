package dev.culebra.tests.opt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.llm.opt.GenerateListener;
import dev.culebra.llm.opt.GenerateOptions;
import dev.culebra.llm.opt.OptModel;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.Epilogue;
import dev.culebra.spmm.Spmm;
import dev.culebra.spmm.SpmmWeights;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A token costs no garbage, the device's aside: a long text waits for no collector. */
class AllocationTest {
    /** Gives zeros, and allocates nothing. */
    private record Zeros(SparseMatrix matrix) implements SpmmWeights {
        @Override
        public int m() { return matrix.m(); }

        @Override
        public int k() { return matrix.k(); }

        @Override
        public ValueType valueType() { return matrix.valueType(); }

        @Override
        public long encodedBytes() { return matrix.encodedBytes(); }

        @Override
        public String kernel(int n) { return "zeros"; }

        @Override
        public void multiply(MemorySegment x, DenseType xType, int n, MemorySegment y,
                Epilogue<MemorySegment> epilogue) {
            y.fill((byte) 0);
        }

        @Override
        public void close() {}
    }

    private static final class ZeroDevice implements Spmm {
        @Override
        public String device() { return "cpu"; }

        @Override
        public String description() { return "zeros"; }

        @Override
        public SpmmWeights load(SparseMatrix a) { return new Zeros(a); }

        @Override
        public long freeBytes() { return Long.MAX_VALUE; }

        @Override
        public void close() {}
    }

    @Test
    void decodingAllocatesNothing() throws Exception {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (var source = TinyModel.random(TinyConfigs.plain(19, 1000), DenseType.F16, 1).open();
                var model = OptModel.load(source, Optional.empty(), new ZeroDevice());
                var session = model.newSession()) {
            var prompts = List.of(new int[4], new int[9], new int[1]);
            long[] bytes = new long[2];
            for (int round = 0; round < 3; round++) { // the first makes the caches and what the JVM makes once
                for (int i = 0; i < 2; i++) {
                    long before = threads.getCurrentThreadAllocatedBytes();
                    var made = session.generate(prompts, GenerateOptions.DEFAULT.withMaxNewTokens(300 + 500 * i),
                            GenerateListener.NONE);
                    bytes[i] = threads.getCurrentThreadAllocatedBytes() - before;
                    assertEquals(300 + 500 * i, made.getFirst().newTokens());
                }
            }
            // Five hundred steps more, of three sequences: the ids, as boxed as a List wants them, and their list's growth.
            double each = (bytes[1] - bytes[0]) / 1500.0;
            assertTrue(each < 100, each + " bytes a token");
        }
    }
}
