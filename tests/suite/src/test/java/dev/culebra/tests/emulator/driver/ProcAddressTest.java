package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.CudaApi;
import dev.culebra.bindings.PFN_cuGetProcAddress_v12000;
import dev.culebra.bindings.PFN_cuInit_v2000;
import dev.culebra.driver.spi.DriverProvider;
import dev.culebra.emulator.EmulatorOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The driver's one exported function. */
class ProcAddressTest {

    private final RawDriver driver = new RawDriver(EmulatorOptions.DEFAULT);

    @AfterEach
    void close() { driver.close(); }

    /** The list the bindings were made from; found from the module's folder and from the repository's. */
    private static List<String> listed() throws IOException {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            Path list = folder.resolve("bindings/functions.args");
            if (Files.exists(list)) {
                return Files.readAllLines(list);
            }
        }
        throw new IOException("no bindings/functions.args above " + Path.of("").toAbsolutePath());
    }

    /** Name and version of each function that the bindings have. */
    static List<String[]> functions() throws IOException {
        Pattern pattern = Pattern.compile("--include-typedef PFN_(cu\\w+)_v(\\d+)");
        List<String[]> functions = new ArrayList<>();
        for (String line : listed()) {
            Matcher m = pattern.matcher(line);
            if (m.matches()) {
                functions.add(new String[]{m.group(1), m.group(2)});
            }
        }
        assertTrue(functions.size() > 80, "only " + functions.size() + " functions were listed");
        return functions;
    }

    @Test
    void everyFunctionOfTheBindingsIsThere() throws IOException {
        Set<Long> pointers = new HashSet<>();
        for (String[] function : functions()) {
            MemorySegment pointer = driver.f(function[0], Integer.parseInt(function[1]));
            assertNotEquals(0, pointer.address(), function[0]);
            assertTrue(pointers.add(pointer.address()), function[0] + " is not another function than one before");
        }
    }

    private int get(String name, int version, long flags, MemorySegment to, MemorySegment status) {
        return PFN_cuGetProcAddress_v12000.invoke(driver.procAddress, driver.text(name), to, version, flags, status);
    }

    @Test
    void aNewerVersionThanOursGivesOurs() {
        MemorySegment to = driver.out();
        driver.ok(get("cuMemAlloc", 13000, 0, to, driver.out()));
        assertEquals(driver.f("cuMemAlloc", 3020), to.get(ValueLayout.ADDRESS, 0));
    }

    @Test
    void aVersionBeforeTheFunctionIsTold() {
        MemorySegment to = driver.out();
        MemorySegment status = driver.out();
        driver.fails(CudaApi.CUDA_ERROR_NOT_FOUND(), get("cuMemAllocAsync", 11010, 0, to, status));
        assertEquals(CudaApi.CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT(), status.get(ValueLayout.JAVA_INT, 0));
        assertEquals(0, to.get(ValueLayout.ADDRESS, 0).address());
    }

    @Test
    void anUnknownNameIsTold() {
        MemorySegment status = driver.out();
        driver.fails(CudaApi.CUDA_ERROR_NOT_FOUND(), get("cuMemAllok", 12000, 0, driver.out(), status));
        assertEquals(CudaApi.CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND(), status.get(ValueLayout.JAVA_INT, 0));
        driver.fails(CudaApi.CUDA_ERROR_NOT_FOUND(), get("cuMemAllok", 12000, 0, driver.out(), MemorySegment.NULL));
    }

    @Test
    void aVersionWithAnotherSignatureIsNotGivenOurs() {
        driver.fails(CudaApi.CUDA_ERROR_NOT_FOUND(), get("cuCtxSynchronize", 13000, 0, driver.out(), driver.out()));
        driver.ok(get("cuCtxSynchronize", 12090, 0, driver.out(), driver.out()));
    }

    @Test
    void nullPointersAndFlagsAreRefused() {
        driver.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(), PFN_cuGetProcAddress_v12000.invoke(driver.procAddress,
                MemorySegment.NULL, driver.out(), 12000, 0, driver.out()));
        driver.fails(CudaApi.CUDA_ERROR_INVALID_VALUE(),
                get("cuInit", 12000, 0, MemorySegment.NULL, driver.out()));
        driver.fails(CudaApi.CUDA_ERROR_NOT_SUPPORTED(),
                get("cuMemcpyHtoD", 12000, CudaApi.CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM(), driver.out(),
                        driver.out()));
    }

    @Test
    void itGivesItself() {
        MemorySegment own = driver.f("cuGetProcAddress", 12000);
        MemorySegment to = driver.out();
        driver.ok(PFN_cuGetProcAddress_v12000.invoke(own, driver.text("cuInit"), to, 2000, 0, MemorySegment.NULL));
        driver.ok(PFN_cuInit_v2000.invoke(to.get(ValueLayout.ADDRESS, 0), 0));
    }

    @Test
    void theServiceLoaderFindsIt() {
        DriverProvider found = ServiceLoader.load(DriverProvider.class).stream().map(ServiceLoader.Provider::get)
                .filter(p -> p.name().equals("emulator")).findFirst().orElseThrow();
        assertTrue(found.load() instanceof DriverProvider.Result.Loaded);
    }

    @Test
    void aBadPropertyIsAReasonAndNoException() {
        String key = EmulatorOptions.PREFIX + "memory";
        System.setProperty(key, "much");
        try {
            DriverProvider.Result result = new dev.culebra.emulator.EmulatorProvider().load();
            String reason = ((DriverProvider.Result.Missing) result).reason();
            assertTrue(reason.contains(key) && reason.contains("much"), reason);
        } finally {
            System.clearProperty(key);
        }
    }
}
