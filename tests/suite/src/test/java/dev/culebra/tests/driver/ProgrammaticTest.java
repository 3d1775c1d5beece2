package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.bindings.CUlaunchAttribute;
import dev.culebra.bindings.CUlaunchAttributeValue;
import dev.culebra.bindings.CUlaunchConfig;
import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuFuncGetAttribute_v2020;
import dev.culebra.bindings.PFN_cuLaunchCooperativeKernel_v9000;
import dev.culebra.bindings.PFN_cuLaunchKernelEx_v11060;
import dev.culebra.bindings.PFN_cuLaunchKernel_v4000;
import dev.culebra.driver.ComputeCapability;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Dim3;
import dev.culebra.driver.Graph;
import dev.culebra.driver.GraphExec;
import dev.culebra.driver.Kernel;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.PreparedLaunch;
import dev.culebra.driver.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Programmatic dependent launches: what is asked of the driver, and that kernels which wait are right. */
@SuppressWarnings("restricted") // what a driver is given is a bare address
class ProgrammaticTest extends DriverTest {

    private static final LaunchConfig EARLY = LaunchConfig.of(4, 32).withProgrammatic(true);

    private static final String NOTHING = """
            .version 8.0
            .target sm_90
            .address_size 64
            .visible .entry k() { ret; }
            """;

    /** {@code *x = 3 * *x + k}, which no two of them may do at once or in another order. */
    private static final String STEP = """
            .version 7.8
            .target sm_90
            .address_size 64
            .visible .entry step(.param .u64 x, .param .u32 k) {
                .reg .b32 %k, %v;
                .reg .b64 %x;
                griddepcontrol.launch_dependents;
                ld.param.u64 %x, [x];
                ld.param.u32 %k, [k];
                griddepcontrol.wait;
                ld.global.u32 %v, [%x];
                mad.lo.u32 %v, %v, 3, %k;
                st.global.u32 [%x], %v;
                ret;
            }
            """;

    /** One launch each, in one line: by which function, and with which attributes. */
    private final List<String> launches = new ArrayList<>();

    private FakeDriver driver(int ptxVersion) {
        FakeDriver fake = new FakeDriver();
        fake.put(
                "cuFuncGetAttribute", PFN_cuFuncGetAttribute_v2020.allocate(
                        (out, attribute, function) -> fake.write(out,
                                attribute == CudaApi.CU_FUNC_ATTRIBUTE_PTX_VERSION() ? ptxVersion : 1024),
                        Arena.global()));
        fake.put("cuLaunchKernel", PFN_cuLaunchKernel_v4000
                .allocate((f, gx, gy, gz, bx, by, bz, shared, stream, p, e) -> note("plain"), Arena.global()));
        fake.put("cuLaunchCooperativeKernel", PFN_cuLaunchCooperativeKernel_v9000
                .allocate((f, gx, gy, gz, bx, by, bz, shared, stream, p) -> note("cooperative"), Arena.global()));
        fake.put("cuLaunchKernelEx", PFN_cuLaunchKernelEx_v11060
                .allocate((config, f, p, e) -> note("ex " + attributes(config)), Arena.global()));
        return fake;
    }

    private int note(String launch) {
        launches.add(launch);
        return 0;
    }

    /** Each attribute's number and value, and the grid, so that the struct is known to be whole. */
    private static String attributes(MemorySegment given) {
        MemorySegment config = given.reinterpret(CUlaunchConfig.sizeof());
        MemorySegment all = CUlaunchConfig.attrs(config)
                .reinterpret(CUlaunchAttribute.sizeof() * CUlaunchConfig.numAttrs(config));
        TreeMap<Integer, Integer> found = new TreeMap<>();
        for (int i = 0; i < CUlaunchConfig.numAttrs(config); i++) {
            MemorySegment attribute = CUlaunchAttribute.asSlice(all, i);
            MemorySegment value = CUlaunchAttribute.value(attribute);
            int id = CUlaunchAttribute.id(attribute);
            found.put(id, id == CudaApi.CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION()
                    ? CUlaunchAttributeValue.clusterDim.x(CUlaunchAttributeValue.clusterDim(value))
                    : id == CudaApi.CU_LAUNCH_ATTRIBUTE_COOPERATIVE()
                            ? CUlaunchAttributeValue.cooperative(value)
                            : CUlaunchAttributeValue.programmaticStreamSerializationAllowed(value));
        }
        return CUlaunchConfig.gridDimX(config) + " " + found;
    }

    private List<String> launched(int ptxVersion, LaunchConfig config) {
        launches.clear();
        Cuda cuda = Cuda.open(driver(ptxVersion));
        try (Context own = cuda.device(0).context();
                Stream queue = own.newStream();
                CudaModule module = own.load(NOTHING)) {
            Kernel kernel = module.kernel("k");
            kernel.launch(queue, config);
            PreparedLaunch prepared = kernel.prepare(config);
            prepared.launch(queue);
            prepared.launch(queue);
        }
        return List.copyOf(launches);
    }

    private static List<String> thrice(String launch) { return List.of(launch, launch, launch); }

    @Test
    void theDriverIsAskedFor() {
        // By the driver's header: 2 cooperative, 4 cluster dimension, 6 programmatic stream serialization.
        assertEquals(thrice("plain"), launched(90, LaunchConfig.of(4, 32)));
        assertEquals(thrice("ex 4 {6=1}"), launched(90, EARLY));
        assertEquals(thrice("ex 4 {6=1}"), launched(100, EARLY));
        assertEquals(thrice("ex 4 {2=1, 6=1}"), launched(90, EARLY.withCooperative(true)));
        assertEquals(thrice("ex 4 {4=2, 6=1}"), launched(90, EARLY.withCluster(Dim3.of(2))));
        assertEquals(thrice("ex 4 {2=1, 4=2, 6=1}"),
                launched(90, EARLY.withCluster(Dim3.of(2)).withCooperative(true)));
        assertEquals(thrice("plain"), launched(90, EARLY.withProgrammatic(false)));
    }

    @Test
    void whatCanNotWaitIsLaunchedAsEver() {
        assertEquals(thrice("plain"), launched(89, EARLY));
        assertEquals(thrice("cooperative"), launched(80, EARLY.withCooperative(true)));
        assertEquals(thrice("ex 4 {4=2}"), launched(80, EARLY.withCluster(Dim3.of(2))));
    }

    @Test
    void shapesKeepIt() {
        assertFalse(LaunchConfig.of(1, 1).programmatic());
        assertFalse(LaunchConfig.covering(100, 32).programmatic());
        assertTrue(EARLY.withShared(16).withCluster(Dim3.of(2)).withCooperative(true).programmatic());
    }

    /** Runs on every device: a kernel of an earlier target is in order without a wait. */
    @Test
    void kernelsOfEarlierTargetsStayInOrder() {
        try (CudaModule module = context.load(Ptx.ADD); DeviceBuffer x = context.allocate(4)) {
            stream.fill32(x, 1);
            PreparedLaunch add = module.kernel("add").prepare(LaunchConfig.of(1, 1).withProgrammatic(true)).set(0, x);
            for (int i = 0; i < 20; i++) add.set(1, i).launch(stream);
            assertEquals(1 + 190, word(x));
        }
    }

    @Test
    void aChainThatWaitsIsInOrder() {
        assumeDependence();
        try (CudaModule module = context.load(STEP); DeviceBuffer x = context.allocate(4)) {
            for (LaunchConfig config : List.of(LaunchConfig.of(1, 1), LaunchConfig.of(1, 1).withCluster(Dim3.of(1)),
                    LaunchConfig.of(1, 1).withCooperative(true))) {
                stream.fill32(x, 1);
                launch(module.kernel("step").prepare(config.withProgrammatic(true)).set(0, x), 50);
                assertEquals(expected(1, 50), word(x), config.toString());
            }
        }
    }

    @Test
    void aGraphKeepsIt() {
        assumeDependence();
        try (CudaModule module = context.load(STEP); DeviceBuffer x = context.allocate(4)) {
            PreparedLaunch step = module.kernel("step").prepare(LaunchConfig.of(1, 1).withProgrammatic(true)).set(0, x);
            stream.fill32(x, 1);
            try (Graph graph = stream.capture(() -> launch(step, 20)); GraphExec exec = graph.instantiate()) {
                assertEquals(1, word(x));
                exec.launch(stream);
                exec.launch(stream);
                assertEquals(expected(expected(1, 20), 20), word(x));
            }
        }
    }

    private void launch(PreparedLaunch step, int count) {
        for (int i = 0; i < count; i++) step.set(1, i).launch(stream);
    }

    private static int expected(int value, int count) {
        for (int i = 0; i < count; i++) value = 3 * value + i;
        return value;
    }

    private void assumeDependence() {
        ComputeCapability capability = context.device().computeCapability();
        assumeTrue(capability.major() >= 9, () -> "griddepcontrol wants compute capability 9.0, this is " + capability);
    }

    private static int word(DeviceBuffer buffer) {
        int[] word = new int[1];
        buffer.download(MemorySegment.ofArray(word));
        return word[0];
    }
}
