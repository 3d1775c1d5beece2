package dev.culebra.tests.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.Stream;
import dev.culebra.driver.spi.DriverProvider;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import dev.culebra.jmh.peer.GpuPeer;
import dev.culebra.jmh.peer.GpuPeers;
import dev.culebra.jmh.peer.PeerException;
import dev.culebra.jmh.peer.PeerProduct;
import dev.culebra.jmh.peer.PeerWeights;
import dev.culebra.jmh.peer.Places;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How libraries are called and what is given back, with one of our own that computes nothing; on the emulator. */
class PeerFlowTest {

    /** Without checks: what the library should have written is read. */
    private static final class Disguised implements DriverProvider {

        @Override
        public String name() { return "cuda"; }

        @Override
        public Result load() { return new EmulatorProvider(EmulatorOptions.DEFAULT.withChecks(Set.of())).load(); }
    }

    private static final int M = 24;
    private static final int K = 40;

    @TempDir
    private Path folder;

    private Path build(String... options) throws IOException, InterruptedException {
        Path source = folder.resolve("libraries.c"), library = folder.resolve("libboth.so");
        try (InputStream in = PeerFlowTest.class.getResourceAsStream("libraries.c")) {
            Files.copy(in, source);
        }
        boolean built;
        try {
            List<String> command = new ArrayList<>(
                    List.of("gcc", "-shared", "-fPIC", "-o", library.toString(), source.toString()));
            command.addAll(List.of(options));
            built = new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
        } catch (IOException e) {
            built = false;
        }
        assumeTrue(built, "gcc does not run here");
        return library;
    }

    @Test
    @SuppressWarnings("restricted") // a library of our own
    void handlesAreGivenBackAndRefusalsPassedOver() throws Throwable {
        String library = build().toString();
        SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
        var live = Linker.nativeLinker().downcallHandle(symbols.find("live_handles").orElseThrow(),
                FunctionDescriptor.of(ValueLayout.JAVA_INT));
        var breakDown = Linker.nativeLinker().downcallHandle(symbols.find("break_down").orElseThrow(),
                FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
        Map<String, String> properties = Map.of("culebra.cublaslt", library, "culebra.cusparse", library,
                "culebra.cusparselt", folder.resolve("none").toString());
        Map<String, String> environment = Map.of();
        try (Context context = Cuda.open(new Disguised()).device(0).context(); Stream stream = context.newStream()) {
            try (var found = GpuPeers.find(context, new Places(properties::get, environment::get, folder))) {
                assertEquals(2, (int) live.invokeExact(), "a handle each");
                GpuPeer cublasLt = found.peers().get(0), cusparse = found.peers().get(1);
                assertEquals("cublaslt dense 1.2.3 " + library, text(cublasLt));
                assertEquals("cusparse csr 5.6.7 " + library, text(cusparse));
                assertEquals("algorithm 0 tile 1 split-k 2, of 1", kernel(cublasLt, stream));
                assertTrue(kernel(cusparse, stream).startsWith("CSR_ALG1, "));
                assertEquals(2, (int) live.invokeExact(), "products gave theirs back");

                breakDown.invokeExact(1);
                assertEquals("the library offers no algorithm for this",
                        assertThrows(PeerException.class, () -> kernel(cublasLt, stream)).getMessage());
                assertEquals("cusparseSpMM_preprocess failed: CUSPARSE_STATUS_NOT_SUPPORTED (10)",
                        assertThrows(PeerException.class, () -> kernel(cusparse, stream)).getMessage());
                assertEquals(2, (int) live.invokeExact(), "so did those that failed");
            }
            assertEquals(0, (int) live.invokeExact());
        }
    }

    /** cuSPARSELt has names for them since 0.8, cuBLASLt since 11.4; before, all else is the same. */
    @Test
    void aLibraryWithoutNamesForItsStatuses() throws Exception {
        String library = build("-DNO_NAMES").toString(), none = folder.resolve("none").toString();
        Map<String, String> properties = Map.of("culebra.cublaslt", library, "culebra.cusparse", none,
                "culebra.cusparselt", none);
        Map<String, String> environment = Map.of();
        try (Context context = Cuda.open(new Disguised()).device(0).context();
                Stream stream = context.newStream();
                var found = GpuPeers.find(context, new Places(properties::get, environment::get, folder))) {
            assertEquals(List.of(), found.missing().stream().filter(m -> m.name().equals("cublaslt")).toList());
            MemorySegment dense = MemorySegment.ofArray(new short[M * K]);
            try (DeviceBuffer x = context.allocate(2L * K);
                    DeviceBuffer y = context.allocate(2L * M);
                    PeerWeights weights = found.peers().getFirst().load(dense, M, K, 1, stream)) {
                assertEquals("cublasLtMatmulDescCreate failed: a status without a name (15)",
                        assertThrows(PeerException.class, () -> weights.prepare(x, 1, y)).getMessage());
            }
        }
    }

    private static String text(GpuPeer peer) {
        return peer.name() + " " + peer.format() + " " + peer.version() + " " + peer.origin();
    }

    /** All of a product's life. */
    private static String kernel(GpuPeer peer, Stream stream) {
        int n = 5;
        Context context = stream.context();
        MemorySegment dense = MemorySegment.ofArray(new short[M * K]).fill((byte) 1);
        try (DeviceBuffer x = context.allocate(2L * n * K);
                DeviceBuffer y = context.allocate(2L * n * M);
                PeerWeights weights = peer.load(dense, M, K, 3, stream)) {
            assertSame(dense, weights.reference());
            assertEquals(peer.format().equals("csr") ? 6L * M * K + 4 * (M + 1) : 2L * M * K, weights.bytes());
            assertTrue(peer.takes(M, K, n));
            assertFalse(peer.takes(M, K, 0));
            assertThrows(IllegalArgumentException.class, () -> weights.prepare(x, n + 1, y));
            assertThrows(IllegalArgumentException.class, () -> peer.load(dense, M, K + 1, 3, stream));
            try (PeerProduct product = weights.prepare(x, n, y)) {
                for (int copy = 0; copy < 3; copy++) product.launch(copy);
                assertThrows(IndexOutOfBoundsException.class, () -> product.launch(3));
                stream.synchronize();
                return product.kernel();
            }
        }
    }
}
