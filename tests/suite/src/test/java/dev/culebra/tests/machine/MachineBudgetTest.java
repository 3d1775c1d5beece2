package dev.culebra.tests.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.driver.spi.InstructionClass;
import dev.culebra.driver.spi.LaunchCounters;
import dev.culebra.sparse.Format;
import java.io.IOException;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tool that turns the emulator's counts into counts of machine instructions. */
class MachineBudgetTest {

    @ParameterizedTest
    @CsvSource({"IMAD.MOV.U32, FMA", "IDP.4A.U8.U8, FMA", "FADD, FMA", "HFMA2.MMA, FMA", "LOP3.LUT, ALU",
        "ISETP.GE.AND, ALU", "PRMT, ALU", "MOV, ALU", "VIADD, ALU", "R2P, ALU", "POPC, POPC", "MUFU.RCP, XU",
        "LDS.128, LSU", "LDGSTS.E.BYPASS.128, LSU", "LDSM.16.M88.4, LSU", "SHFL.IDX, LSU", "HMMA.16816.F32, TENSOR",
        "UIADD3, UNIFORM", "LDC.64, UNIFORM", "BRA, CONTROL", "BAR.SYNC.DEFER_BLOCKING, CONTROL", "DFMA, FP64"})
    void pipes(String opcode, Pipe pipe) { assertEquals(pipe, Pipe.of(opcode)); }

    private static void assumeTools() {
        assumeTrue(CudaTools.find("ptxas").isPresent(), "no ptxas on the PATH, in CUDA_HOME, or as culebra.ptxas");
        assumeTrue(CudaTools.find("nvdisasm").isPresent(),
                "no nvdisasm on the PATH, in CUDA_HOME, in Python's triton, or as culebra.nvdisasm");
    }

    private static long ptx(MachineBudget b, ToLongFunction<LaunchCounters> of) {
        return b.launches.stream().mapToLong(of).sum();
    }

    /**
     * What ptxas neither merges nor splits must come out as the emulator counted it: matrix products, ldmatrix, asynchronous
     * copies and barriers. Stores nearly: ptxas puts some under a predicate instead of branching around them, and merges some.
     * Guessed are the loops of the kernel that sums splits, which ptxas unrolls several ways: a small part of a real product,
     * a larger one of these.
     */
    @ParameterizedTest
    @CsvSource({"128, 512, 8, 0.6", "64, 2048, 16, 0.8", "200, 300, 64, 0.5"})
    void instructionsThatAreOneToOneComeOutExactly(int m, int k, int n, double zeros) throws IOException {
        assumeTools();
        MachineBudget b = MachineBudget.ofProduct(Format.TILED_CSL, m, k, n, zeros, 132);
        assertEquals(ptx(b, l -> l.instructions(InstructionClass.MATRIX)), b.count(Pipe.TENSOR));
        assertEquals(ptx(b, l -> l.instructions(InstructionClass.MATRIX_MOVE)), b.byName.get("LDSM"));
        assertEquals(ptx(b, LaunchCounters::barriers), b.byName.get("BAR"));
        long stores = ptx(b, l -> l.instructions(InstructionClass.STORE_SHARED));
        assertEquals(1, (double) b.byName.get("STS") / stores, 0.1, b.byName.get("STS") + " of " + stores);
        assertEquals(ptx(b, l -> l.lines().stream().filter(x -> x.text().contains("cp.async.c"))
                .filter(x -> x.text().contains("shared")).mapToLong(LaunchCounters.LineCount::warps).sum()),
                b.byName.get("LDGSTS"));
        assertEquals(0, b.share(BlockCounts.Source.GUESS), 0.1, "guessed: " + b.bySource);
        // Machine code has fewer instructions than PTX, but not many times.
        long all = ptx(b, LaunchCounters::warpInstructions);
        assertTrue(b.total() < 1.1 * all && b.total() > 0.3 * all, b.total() + " of " + all);
    }

    /** Not a test: prints the table of a shape, where {@code -Dculebra.budget=MxKxNxMULTIPROCESSORS} gives one. */
    @Test
    void printTable() throws IOException {
        String shape = System.getProperty("culebra.budget");
        assumeTrue(shape != null, "prints a table where -Dculebra.budget=MxKxNxMULTIPROCESSORS is given");
        assumeTools();
        MachineBudget.main(shape.split("x"));
    }
}
