package dev.culebra.tests.emulator.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.bindings.CudaApi;
import dev.culebra.driver.spi.DriverProvider;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import dev.culebra.emulator.fault.FaultPlan;
import dev.culebra.emulator.fault.InjectedFault;
import dev.culebra.emulator.fault.Occasion;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Fault plans as text and as objects. */
class FaultPlanTest {

    private static final String TEXT = "allocation:3=out-of-memory; allocation:>1073741824=out-of-memory; "
            + "launch:2+=launch-failed; copy:1=slow 200ms; call:40=device-lost; module:1=CUDA_ERROR_INVALID_IMAGE";

    @Test
    void textAndObjectsSayTheSame() {
        FaultPlan plan = FaultPlan.parse(" Allocation : 3 = Out-Of-Memory;allocation:>1g=out-of-memory ;; launch:2+="
                + "launch-failed; copy:1=slow 200 ms; call:40=device-lost; module:1=cuda_error_invalid_image;");
        assertEquals(FaultPlan.parse(TEXT), plan);
        assertEquals(TEXT, plan.toString());
        assertEquals(FaultPlan.NONE.at(Occasion.ALLOCATION, 3, InjectedFault.OUT_OF_MEMORY)
                .above(Occasion.ALLOCATION, 1L << 30, InjectedFault.OUT_OF_MEMORY)
                .from(Occasion.LAUNCH, 2, InjectedFault.LAUNCH_FAILED)
                .at(Occasion.COPY, 1, InjectedFault.slow(Duration.ofMillis(200)))
                .at(Occasion.CALL, 40, InjectedFault.DEVICE_LOST)
                .at(Occasion.MODULE, 1, InjectedFault.refused("CUDA_ERROR_INVALID_IMAGE")), plan);
        assertEquals(FaultPlan.NONE, FaultPlan.parse("  "));
        assertEquals(InjectedFault.slow(Duration.ofSeconds(2)),
                FaultPlan.parse("copy:1=slow 2s").faultAt(Occasion.COPY, 1, 8));
    }

    @Test
    void theFirstRuleThatFitsCounts() {
        FaultPlan plan = FaultPlan
                .parse("allocation:2=CUDA_ERROR_UNKNOWN; allocation:>100=out-of-memory; launch:3+=uncorrectable");
        assertNull(plan.faultAt(Occasion.ALLOCATION, 1, 100));
        assertEquals(InjectedFault.OUT_OF_MEMORY, plan.faultAt(Occasion.ALLOCATION, 1, 101));
        assertEquals(CudaApi.CUDA_ERROR_UNKNOWN(), plan.faultAt(Occasion.ALLOCATION, 2, 101).code());
        assertNull(plan.faultAt(Occasion.LAUNCH, 2, 0));
        assertEquals(InjectedFault.UNCORRECTABLE, plan.faultAt(Occasion.LAUNCH, 9, 0));
        assertNull(plan.faultAt(Occasion.COPY, 2, 1000));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "allocation=out-of-memory|occasion:which=fault, such as allocation:3=out-of-memory",
        "allocation:0=out-of-memory|counted from 1",
        "alocation:1=out-of-memory|accepted: allocation, pinned, launch, copy, module, stream, event, call",
        "allocation:1=broken|accepted: out-of-memory, launch-failed, illegal-address, uncorrectable, device-lost, slow",
        "allocation:1=launch-failed|goes with launch and copy",
        "allocation:1=slow 5ms|goes with launch and copy",
        "launch:>5=launch-failed|accepted with >: allocation, pinned, copy",
        "copy:1=slow 61s|accepted: 0ms to 60s",
        "copy:>1g+=slow 1s|occasion:which=fault",
        "copy:3m=slow 1s|occasion:which=fault",
        "module:1=CUDA_ERROR_NO_SUCH_THING|no error of the driver's"})
    void whatIsNoPlanIsToldWhatIsAccepted(String text, String accepted) {
        String message = assertThrows(IllegalArgumentException.class,
                () -> FaultPlan.parse("copy:1=slow 1ms; " + text)).getMessage();
        assertTrue(message.contains(accepted) && message.contains("\"" + text + "\" in a fault plan"), message);
    }

    /** Else its text could not be read back. */
    @Test
    void sizesAreNotNegative() {
        assertThrows(IllegalArgumentException.class,
                () -> FaultPlan.NONE.above(Occasion.COPY, -1, InjectedFault.OUT_OF_MEMORY));
        FaultPlan all = FaultPlan.NONE.above(Occasion.COPY, 0, InjectedFault.OUT_OF_MEMORY);
        assertEquals(all, FaultPlan.parse(all.toString()));
    }

    @Test
    void optionsComeFromProperties() {
        var properties = java.util.Map.of("faults", TEXT, "holdMillis", "7", "leaks", "fail", "recovery", "false");
        properties.forEach((k, v) -> System.setProperty(EmulatorOptions.PREFIX + k, v));
        try {
            assertEquals(
                    EmulatorOptions.DEFAULT.withFaults(FaultPlan.parse(TEXT)).withHoldMillis(7).withFailOnLeaks(true)
                            .withRecovery(false),
                    EmulatorOptions.fromSystemProperties());
            System.setProperty(EmulatorOptions.PREFIX + "faults", "launch:1=oops");
            String reason = ((DriverProvider.Result.Missing) new EmulatorProvider().load()).reason();
            assertTrue(reason.contains("culebra.emulator.faults") && reason.contains("accepted"), reason);
            System.setProperty(EmulatorOptions.PREFIX + "leaks", "maybe");
            System.clearProperty(EmulatorOptions.PREFIX + "faults");
            reason = ((DriverProvider.Result.Missing) new EmulatorProvider().load()).reason();
            assertTrue(reason.contains("culebra.emulator.leaks") && reason.contains("fail or warn"), reason);
        } finally {
            properties.keySet().forEach(k -> System.clearProperty(EmulatorOptions.PREFIX + k));
        }
        assertThrows(IllegalArgumentException.class, () -> EmulatorOptions.DEFAULT.withHoldMillis(-1));
    }
}
