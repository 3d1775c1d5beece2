package dev.culebra.tests.spmm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaUnavailableException;
import dev.culebra.driver.Device;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import dev.culebra.emulator.fault.FaultPlan;
import dev.culebra.sparse.Format;
import dev.culebra.sparse.SparseMatrix;
import dev.culebra.sparse.ValueType;
import dev.culebra.spmm.CudaProduct;
import dev.culebra.spmm.CudaSpmm;
import dev.culebra.spmm.CudaWeights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Products on devices where something goes wrong on order: the exception, what is closed, and the second try. */
@Timeout(60)
class CudaSpmmFaultsTest {

    /** K is split in it: a product has a workspace and a second kernel. */
    private static final Problem P = Problem.integers(5, 3000, 3, .2, ValueType.F16, 51);
    private static final SparseMatrix A = P.encoded(Format.TILED_CSL);

    private static Device device(String plan) {
        return Cuda.open(new EmulatorProvider(EmulatorOptions.DEFAULT.withWorkers(2).withFailOnLeaks(true)
                .withFaults(FaultPlan.parse(plan)))).device(0);
    }

    private static void multiplyTwice(Device device) {
        try (CudaSpmm spmm = CudaSpmm.open(device);
                CudaWeights a = spmm.load(A);
                CudaProduct product = a.prepare(P.n(), a.minimumLdx())) {
            assertTrue(product.plan().splits() > 1);
            P.checkExact(a.multiply(P.x(), P.n()));
            P.checkExact(a.multiply(P.x(), P.n()));
        }
    }

    /** Whichever of them it is that fails, all is closed, and the next try on the same device is right. */
    @ParameterizedTest
    @ValueSource(strings = {"allocation:N=out-of-memory", "pinned:N=out-of-memory", "module:N=out-of-memory",
        "stream:N=out-of-memory", "launch:N=out-of-memory", "launch:N=launch-failed",
        "copy:N=illegal-address"})
    void whateverFailsOnceNothingIsLeft(String plan) {
        int failures = 0;
        for (int n = 1;; n++) {
            Device device = device(plan.replace("N", "" + n));
            try {
                multiplyTwice(device);
                break; // there was no n-th
            } catch (CudaException e) {
                failures++;
                assertTrue(e.getMessage().contains("fault plan"), e.getMessage());
            }
            assertFalse(device.isPrimaryContextActive(), "the context was released");
            multiplyTwice(device);
        }
        assertTrue(failures > 0, "something failed");
    }

    /** A call that fails for want of memory leaves the rest as it was: the same weights multiply at the next call. */
    @ParameterizedTest
    @ValueSource(strings = {"allocation:4=out-of-memory", "pinned:2=out-of-memory", "module:1=out-of-memory",
        "launch:1=out-of-memory", "copy:3=out-of-memory", "copy:4=out-of-memory"})
    void theSameWeightsMultiplyAtTheSecondTry(String plan) {
        try (CudaSpmm spmm = CudaSpmm.open(device(plan)); CudaWeights a = spmm.load(A)) {
            CudaException e = org.junit.jupiter.api.Assertions.assertThrows(CudaException.class,
                    () -> a.multiply(P.x(), P.n()));
            assertEquals(2, e.code(), e.getMessage());
            P.checkExact(a.multiply(P.x(), P.n()));
        }
    }

    /** Each seventh call: the caller gets the library's exception, closing ends, and the context is let go. */
    @Test
    void theDeviceMayBeLostAtAnyCall() {
        int lost = 0;
        for (int n = 3;; n += 7) {
            Device device;
            try {
                device = device("call:" + n + "=device-lost");
            } catch (CudaUnavailableException e) {
                continue; // while the driver was opened
            }
            try {
                multiplyTwice(device);
                break; // there was no n-th
            } catch (CudaException e) {
                assertEquals(999, e.code(), e.getMessage());
                lost++;
            }
            assertFalse(device.isPrimaryContextActive(), "the context was released, lost at call " + n);
        }
        assertTrue(lost > 10, "calls there are: 7 x " + lost);
    }

    @Test
    void aSlowCopyIsWaitedFor() {
        try (CudaSpmm spmm = CudaSpmm.open(device("copy:3+=slow 20ms")); CudaWeights a = spmm.load(A)) {
            P.checkExact(a.multiply(P.x(), P.n()));
        }
    }
}
