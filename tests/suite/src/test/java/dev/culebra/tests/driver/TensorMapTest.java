package dev.culebra.tests.driver;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.culebra.bindings.PFN_cuTensorMapEncodeTiled_v12000;
import dev.culebra.driver.Context;
import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.Stream;
import dev.culebra.driver.TensorMap;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tensor maps: what the driver is told, and that a kernel takes one. */
class TensorMapTest {

    @Test
    void tellsTheDriverTheTensor() {
        List<Object> told = new ArrayList<>();
        FakeDriver fake = new FakeDriver();
        fake.put("cuTensorMapEncodeTiled", PFN_cuTensorMapEncodeTiled_v12000.allocate(
                (map, type, rank, address, sizes, strides, box, steps, interleave, swizzle, promotion, fill) -> {
                    map.set(JAVA_BYTE, 127, (byte) 5);
                    told.addAll(List.of(map.address() % 64, type, rank, address.address(), sizes.get(JAVA_LONG, 0),
                            sizes.get(JAVA_LONG, 8), strides.get(JAVA_LONG, 0), box.get(JAVA_INT, 0),
                            box.get(JAVA_INT, 4), steps.get(JAVA_INT, 0), steps.get(JAVA_INT, 4), interleave, swizzle,
                            promotion, fill));
                    return 0;
                }, Arena.global()));
        try (Context context = Cuda.open(fake).device(0).context();
                Stream stream = context.newStream();
                DeviceBuffer buffer = context.allocate(1 << 20);
                CudaModule module = context.load(
                        ".version 8.0\n.target sm_90\n.entry k(.param .align 64 .b8 map[128]) { ret; }\n")) {
            TensorMap map = TensorMap.tiled(buffer, TensorMap.Element.BFLOAT16, new long[]{256, 100}, new long[]{512},
                    new int[]{64, 8}, TensorMap.Swizzle.BYTES_128);
            // 9 and 3 are CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 and CU_TENSOR_MAP_SWIZZLE_128B in cuda.h.
            assertEquals(
                    List.of(0L, 9, 2, buffer.address(), 256L, 100L, 512L, 64, 8, 1, 1, 0, 3, 0, 0), told);
            assertEquals(5, map.segment().get(JAVA_BYTE, 127));
            module.kernel("k").launch(stream, LaunchConfig.of(1, 1), map);
            module.kernel("k").prepare(LaunchConfig.of(1, 1)).set(0, map).launch(stream);
            assertThrows(IllegalArgumentException.class, () -> TensorMap.tiled(buffer, TensorMap.Element.UINT8,
                    new long[]{256, 100}, new long[0], new int[]{64, 8}, TensorMap.Swizzle.NONE));
        }
    }
}
