package dev.culebra.jmh.text;

import dev.culebra.llm.checkpoint.Checkpoint;
import dev.culebra.llm.checkpoint.OptConfig;
import dev.culebra.llm.checkpoint.Safetensors;
import dev.culebra.llm.checkpoint.TensorInfo;
import dev.culebra.llm.opt.GenerateListener;
import dev.culebra.llm.opt.GenerateOptions;
import dev.culebra.llm.opt.Generation;
import dev.culebra.llm.opt.LoadListener;
import dev.culebra.llm.opt.OptModel;
import dev.culebra.llm.opt.Session;
import dev.culebra.llm.prune.MagnitudePruning;
import dev.culebra.sparse.DenseType;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.spmm.Spmm;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Text from the bundled model: tokens a second of the pass over a prompt, and of what comes after it. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgs = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-Xbatch"})
public class GenerateBenchmark {
    private static final String MODEL = "/dev/culebra/cli/kjv-opt/";
    private static final int PROMPT = 64;
    private static final int NEW = 64;

    /** Share of zeros, by magnitude; which tokens come out makes no difference to the speed. */
    @Param({"0", "0.6", "0.8"})
    public double sparsity;

    /** As the device is fastest, or in the fewest bytes. */
    @Param({"fastest", "smallest"})
    public String format;

    /** Sequences at once. */
    @Param({"1", "8"})
    public int batch;

    /** Where. */
    @Param("cpu")
    public String device;

    private Spmm spmm;
    private Checkpoint source;
    private OptModel model;
    private Session session;
    private List<int[]> prompts;
    private List<int[]> starts;

    /** Tokens, for the rate. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Rate {
        /** Of all sequences. */
        public long tokens;
    }

    /**
     * Prunes and loads.
     *
     * @throws IOException if the bundled model can not be read
     */
    @Setup(Level.Trial)
    public void load() throws IOException {
        MemorySegment bytes = MemorySegment.ofArray(resource("model.safetensors"));
        Safetensors file = Safetensors.of(Path.of("model.safetensors"), bytes);
        for (TensorInfo tensor : file.tensors()) {
            if (sparsity == 0 || tensor.shape().size() != 2 || !tensor.name().contains(".layers.")) continue;
            MagnitudePruning.prune(bytes.asSlice(file.data(tensor).address() - bytes.address(), tensor.bytes()),
                    DenseType.F16, sparsity);
        }
        OptConfig config = OptConfig.parse(Path.of("config.json"), resource("config.json"));
        source = Checkpoint.of(config, List.of(file));
        spmm = Spmm.open(device);
        FormatChoice choice = format.equals("fastest") ? spmm.fastestFormat() : FormatChoice.FEWEST_BYTES;
        model = OptModel.load(source, Optional.empty(), spmm, choice, LoadListener.NONE);
        session = model.newSession();
        SplittableRandom random = new SplittableRandom(1);
        prompts = Collections.nCopies(batch, random.ints(PROMPT, 3, config.vocabulary()).toArray());
        starts = Collections.nCopies(batch, new int[]{config.bos()});
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = GenerateBenchmark.class.getResourceAsStream(MODEL + name)) {
            return in.readAllBytes();
        }
    }

    /** Closes all. */
    @TearDown(Level.Trial)
    public void close() {
        session.close();
        model.close();
        spmm.close();
        source.close();
    }

    /**
     * Passes over prompts of 64 tokens, each for one new token.
     *
     * @param rate of the prompts' tokens
     * @return the result
     */
    @Benchmark
    public List<Generation> prefill(Rate rate) {
        rate.tokens += (long) batch * PROMPT;
        return session.generate(prompts, GenerateOptions.DEFAULT.withMaxNewTokens(1), GenerateListener.NONE);
    }

    /**
     * 64 new tokens, one after another, after a prompt of one.
     *
     * @param rate of the new tokens
     * @return the result
     */
    @Benchmark
    public List<Generation> decode(Rate rate) {
        rate.tokens += (long) batch * NEW;
        return session.generate(starts, GenerateOptions.DEFAULT.withMaxNewTokens(NEW), GenerateListener.NONE);
    }
}
