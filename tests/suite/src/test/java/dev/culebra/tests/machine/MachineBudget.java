package dev.culebra.tests.machine;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.spi.CounterRecording;
import dev.culebra.driver.spi.LaunchCounters;
import dev.culebra.kernel.KernelCatalog;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.EncodeOptions;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.CudaSpmm;
import dev.culebra.spmm.SpmmWeights;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Machine instructions of a product, by pipe: those of each basic block, times how often the emulator ran it. For the budget
 * of lane instructions a dense element, which speaks of machine code while the emulator counts PTX.
 */
final class MachineBudget {

    static final String ARCHITECTURE = "sm_90";

    /** What was executed, in warp instructions, over some launches. */
    final Map<Pipe, Long> warps = new EnumMap<>(Pipe.class);
    final Map<BlockCounts.Source, Long> bySource = new EnumMap<>(BlockCounts.Source.class);
    final Map<String, Long> byName = new java.util.TreeMap<>();
    final List<LaunchCounters> launches;

    private MachineBudget(List<LaunchCounters> launches, Map<String, String> ptxOfKernel) throws IOException {
        this.launches = launches;
        for (LaunchCounters l : launches) {
            String ptx = ptxOfKernel.get(l.kernel());
            MachineCode code = MachineCode.of(CudaTools.disassemble(ptx, ARCHITECTURE), l.kernel());
            BlockCounts counts = new BlockCounts(code, ptx, l.lines());
            for (MachineCode.Block b : code.blocks) {
                long n = counts.count(b);
                bySource.merge(counts.source(b), n * b.instructions.size(), Long::sum);
                b.instructions.forEach(i -> {
                    warps.merge(Pipe.of(i.opcode()), n, Long::sum);
                    byName.merge(i.name(), n, Long::sum);
                });
            }
        }
    }

    /** Of launches of any kernels, given their modules' text. */
    static MachineBudget of(List<LaunchCounters> launches, Map<String, String> ptxOfKernel) throws IOException {
        return new MachineBudget(launches, ptxOfKernel);
    }

    /**
     * Of one fp16 product, independent draws, on a device of so many multiprocessors. One worker: blocks one after the other, so that none
     * looks in vain for what another one has for it.
     */
    static MachineBudget ofProduct(Format format, int m, int k, int n, double zeros, int multiprocessors)
            throws IOException {
        Cuda cuda = Cuda
                .open(new EmulatorProvider(
                        EmulatorOptions.DEFAULT.withMultiprocessors(multiprocessors).withWorkers(1)));
        SplittableRandom random = new SplittableRandom(1);
        short[] dense = new short[m * k];
        for (int i = 0; i < dense.length; i++) {
            dense[i] = random.nextDouble() < zeros ? 0 : Float.floatToFloat16(1 + random.nextInt(8));
        }
        float[] x = new float[n * k];
        java.util.Arrays.fill(x, 1);
        List<LaunchCounters> launches;
        try (Context context = cuda.device(0).context();
                CudaSpmm spmm = CudaSpmm.in(context);
                SpmmWeights a = spmm.load(SparseMatrix.encode(MemorySegment.ofArray(dense), DenseType.F16, m, k,
                        ValueType.F16, EncodeOptions.DEFAULT.withFormat(format)));
                CounterRecording recording = cuda.recordCounters()) {
            a.multiply(x, n);
            launches = recording.launches();
        }
        Map<String, String> ptx = new java.util.HashMap<>();
        KernelCatalog.all().forEach(i -> ptx.put(i.name(), KernelCatalog.ptx(i)));
        return new MachineBudget(launches, ptx);
    }

    long total() { return warps.values().stream().mapToLong(n -> n).sum(); }

    long count(Pipe pipe) { return warps.getOrDefault(pipe, 0L); }

    /** How much of the issue total rests on a source, from 0 to 1. */
    double share(BlockCounts.Source source) {
        return (double) bySource.getOrDefault(source, 0L) / total();
    }

    /** A table's head. */
    static String head() {
        return "| zeros | issue | ALU | FMA, IMAD, IDP | LSU | POPC | XU | tensor | uniform | control | PTX | "
                + "shared wavefronts | anchored / by flow / guessed |\n|" + " --- |".repeat(13);
    }

    /** A row: lane instructions for each of some dense elements. */
    String row(double zeros, long elements) {
        List<String> cells = new ArrayList<>();
        cells.add(String.format(Locale.ROOT, "%.0f%%", 100 * zeros));
        cells.add(number(total(), elements));
        for (Pipe p : new Pipe[]{Pipe.ALU, Pipe.FMA, Pipe.LSU, Pipe.POPC, Pipe.XU, Pipe.TENSOR, Pipe.UNIFORM,
            Pipe.CONTROL}) {
            cells.add(number(count(p), elements));
        }
        cells.add(number(launches.stream().mapToLong(LaunchCounters::warpInstructions).sum(), elements));
        cells.add(number(launches.stream().mapToLong(l -> l.shared().wavefronts()).sum(), elements));
        cells.add(String.format(Locale.ROOT, "%.1f / %.1f / %.1f%%", 100 * share(BlockCounts.Source.ANCHOR),
                100 * share(BlockCounts.Source.FLOW), 100 * share(BlockCounts.Source.GUESS)));
        return "| " + String.join(" | ", cells) + " |";
    }

    private static String number(long warps, long elements) {
        return String.format(Locale.ROOT, "%.3f", 32.0 * warps / elements);
    }

    /**
     * Prints the tables of one shape.
     *
     * @param args M, K, N, multiprocessors
     */
    public static void main(String[] args) throws IOException {
        int m = Integer.parseInt(args[0]);
        int k = Integer.parseInt(args[1]);
        int n = Integer.parseInt(args[2]);
        int multiprocessors = Integer.parseInt(args[3]);
        System.out.println("Lane instructions a dense element, " + m + " x " + k + ", N = " + n + ", "
                + multiprocessors + " multiprocessors, machine code for " + ARCHITECTURE + " times emulator counts");
        for (Format format : Format.values()) {
            System.out.println(format.id());
            System.out.println(head());
            for (double zeros : new double[]{0.5, 0.6, 0.7, 0.8, 0.9}) {
                System.out.println(ofProduct(format, m, k, n, zeros, multiprocessors).row(zeros, (long) m * k));
            }
        }
    }
}
