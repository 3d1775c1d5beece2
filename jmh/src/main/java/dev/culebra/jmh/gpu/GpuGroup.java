package dev.culebra.jmh.gpu;

import dev.culebra.cli.DriverReason;
import dev.culebra.driver.Availability;
import dev.culebra.driver.ComputeCapability;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.Device;
import dev.culebra.jmh.peer.GpuPeers;
import dev.culebra.jmh.run.Group;
import dev.culebra.jmh.run.Recorder;
import dev.culebra.jmh.run.Settings;
import dev.culebra.spmm.CudaSpmm;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Products on a GPU, with the libraries beside them and the memory's speed below them. Device time: nothing of the host's is in
 * it. {@code jmh/README.md} says how it is measured.
 *
 * <p>
 * System properties restrict what is measured:
 *
 * <table>
 * <caption>Properties</caption>
 * <tr>
 * <th>name</th>
 * <th>what</th>
 * </tr>
 * <tr>
 * <td>{@code culebra.gpu.shapes}</td>
 * <td>M x K of weights, such as {@code 7168x7168,28672x7168}; else Flash-LLM's twelve, or two of them</td>
 * </tr>
 * <tr>
 * <td>{@code culebra.gpu.n}</td>
 * <td>numbers of tokens, such as {@code 1,8,32}</td>
 * </tr>
 * <tr>
 * <td>{@code culebra.gpu.sparsity}</td>
 * <td>percentages of zeros, such as {@code 60,80}</td>
 * </tr>
 * <tr>
 * <td>{@code culebra.gpu.peers}</td>
 * <td>{@code all}, {@code none}, or of {@code cublaslt,cusparselt,cusparse}</td>
 * </tr>
 * <tr>
 * <td>{@code culebra.gpu.driver}</td>
 * <td>a provider of {@code dev.culebra.driver}, {@code cuda} unless given. With {@code emulator} all of it runs on small shapes
 * where there is no GPU, to see that it works; its rows have that driver's name, and their times mean nothing</td>
 * </tr>
 * </table>
 */
public final class GpuGroup implements Group {

    private static final ComputeCapability LEAST = new ComputeCapability(8, 0);

    private final UnaryOperator<String> property;
    private final UnaryOperator<DeviceProduct> around;
    private final Function<Context, GpuPeers.Found> peers;

    /** The group as it is run by command. */
    public GpuGroup() {
        this(System::getProperty, product -> product, GpuPeers::find);
    }

    /**
     * For tests of the group.
     *
     * @param property what it takes for the system's properties
     * @param around what each product of ours is exchanged for before it is timed, such as one that spoils the result
     * @param peers finds libraries; asked only where the properties name any
     */
    public GpuGroup(UnaryOperator<String> property, UnaryOperator<DeviceProduct> around,
            Function<Context, GpuPeers.Found> peers) {
        this.property = property;
        this.around = around;
        this.peers = peers;
    }

    @Override
    public String name() { return "gpu"; }

    @Override
    public String description() { return "products on a GPU beside cuBLASLt, cuSPARSELt and cuSPARSE"; }

    @Override
    public Optional<String> skipReason() {
        String driver = GpuPlan.driver(property);
        Availability found = Cuda.available(driver);
        if (!found.available()) {
            return Optional
                    .of("no GPU to be had from the driver '" + driver + "': " + DriverReason.brief(found.reason()));
        }
        Device device = Cuda.open(driver).device(0);
        return device.computeCapability().compareTo(LEAST) >= 0
                ? Optional.empty()
                : Optional.of(device.name() + " has compute capability " + device.computeCapability()
                        + "; the kernels need " + LEAST + " or later");
    }

    /**
     * Measures on the driver's first device.
     *
     * @throws IllegalArgumentException where a property makes no sense
     * @throws WrongResultException where what was timed is wrong
     */
    @Override
    public void run(Settings settings, Recorder recorder) throws Exception {
        GpuPlan plan = GpuPlan.of(settings.quick(), property);
        Device device = Cuda.open(plan.driver()).device(0);
        if (plan.rehearsal()) {
            recorder.skipped("times", "the driver is '" + plan.driver()
                    + "', so rows that have its name tell how long it computed, and nothing of a GPU");
        }
        try (Context context = device.context();
                GpuPeers.Found found = plan.peers().isEmpty()
                        ? new GpuPeers.Found(List.of(), List.of())
                        : peers.apply(context);
                CudaSpmm spmm = CudaSpmm.in(context);
                Batches batches = new Batches(context)) {
            new GpuRun(plan, spmm, batches, found, recorder, around).run();
        }
    }
}
