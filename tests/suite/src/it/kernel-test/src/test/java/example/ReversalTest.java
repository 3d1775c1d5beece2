package example;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.spi.CounterRecording;
import dev.culebra.driver.spi.LaunchCounters;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import dev.culebra.emulator.fault.FaultPlan;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReversalTest {

    private static final int[] VALUES = IntStream.range(0, 1024).toArray();
    private static final int[] REVERSED = IntStream.range(0, 1024).map(i -> 1023 - i).toArray();

    @Test
    void turnsAnArrayRound() {
        assertArrayEquals(REVERSED, Reversal.reverse(Cuda.open("emulator"), Reversal.ptx(), VALUES));
    }

    @Test
    void aForgottenBarrierIsFound() {
        String bug = Reversal.ptx().replace("bar.sync", "// bar.sync");
        CudaException e = assertThrows(CudaException.class, () -> Reversal.reverse(Cuda.open("emulator"), bug, VALUES));
        assertTrue(e.diagnostic().contains("is a barrier missing?"), e.diagnostic());
        assertTrue(e.diagnostic().contains("(reverse.cu:7), block (0,0,0), thread (0,0,0)"), e.diagnostic());
    }

    @Test
    void shortMemoryIsAskedForAgain() {
        FaultPlan plan = FaultPlan.parse("allocation:2=out-of-memory");
        Cuda cuda = Cuda.open(new EmulatorProvider(EmulatorOptions.DEFAULT.withFaults(plan).withFailOnLeaks(true)));
        assertArrayEquals(REVERSED, Reversal.reverse(cuda, Reversal.ptx(), VALUES));
    }

    @Test
    void eachSectorIsTouchedOnce() {
        Cuda cuda = Cuda.open("emulator");
        try (CounterRecording recording = cuda.recordCounters()) {
            Reversal.reverse(cuda, Reversal.ptx(), VALUES);
            LaunchCounters launch = recording.launches().getFirst();
            assertTrue(launch.global().asked() <= 256, () -> launch.global().toString()); // 1024 ints in and out, 8 a sector
            assertEquals(0, launch.shared().conflicts());
        }
    }
}
