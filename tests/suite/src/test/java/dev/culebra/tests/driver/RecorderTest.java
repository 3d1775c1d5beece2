package dev.culebra.tests.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaModule;
import dev.culebra.driver.DeviceBuffer;
import dev.culebra.driver.LaunchConfig;
import dev.culebra.driver.PinnedBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The flight recorder's events. */
class RecorderTest extends DriverTest {

    private static final Set<String> ALL = Set.of("dev.culebra.ModuleLoad", "dev.culebra.Launch", "dev.culebra.Copy",
            "dev.culebra.Allocation");

    @TempDir
    Path folder;

    private void work() {
        try (CudaModule module = context.load(Ptx.ADD);
                PinnedBuffer pinned = context.allocatePinned(64);
                DeviceBuffer buffer = stream.allocate(64)) {
            stream.copy(pinned.segment(), buffer);
            module.kernel("add").launch(stream, LaunchConfig.of(3, 64).withShared(256), buffer, 1);
            stream.copy(buffer, pinned.segment());
            stream.synchronize();
        }
        assertThrows(CudaException.class, () -> context.load("no PTX"));
    }

    private List<RecordedEvent> record(Set<String> names) throws Exception {
        Path file = folder.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            for (String name : ALL) {
                if (names.contains(name)) recording.enable(name);
                else recording.disable(name);
            }
            recording.start();
            work();
            recording.stop();
            recording.dump(file);
        }
        return RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().startsWith("dev.culebra.")).toList();
    }

    private static RecordedEvent only(List<RecordedEvent> events, String name, String field, Object value) {
        List<RecordedEvent> found = events.stream()
                .filter(e -> e.getEventType().getName().equals("dev.culebra." + name))
                .filter(e -> e.getValue(field).equals(value)).toList();
        assertEquals(1, found.size(), () -> name + " with " + field + " " + value + " in " + events);
        return found.getFirst();
    }

    @Test
    void tellsLoadsLaunchesCopiesAndAllocations() throws Exception {
        List<RecordedEvent> events = record(ALL);
        assertEquals(ALL, events.stream().map(e -> e.getEventType().getName()).collect(Collectors.toSet()));
        assertEquals(Ptx.ADD.length(), only(events, "ModuleLoad", "succeeded", true).getLong("bytes"));
        assertEquals("PTX", only(events, "ModuleLoad", "succeeded", false).getString("kind"));
        RecordedEvent launch = only(events, "Launch", "kernel", "add");
        assertEquals(3, launch.getLong("blocks"));
        assertEquals(64, launch.getInt("threads"));
        assertEquals(256, launch.getInt("sharedBytes"));
        assertEquals(stream.handle(), launch.getLong("stream"));
        assertEquals(64, only(events, "Copy", "direction", "host to device").getLong("bytes"));
        assertEquals(64, only(events, "Copy", "direction", "device to host").getLong("bytes"));
        assertEquals(64, only(events, "Allocation", "kind", "pinned").getLong("bytes"));
        assertTrue(only(events, "Allocation", "kind", "stream-ordered").getLong("address") != 0);
    }

    @Test
    void tellsOnlyWhatIsAskedFor() throws Exception {
        List<RecordedEvent> events = record(Set.of("dev.culebra.Launch"));
        assertEquals(1, events.size(), events::toString);
    }
}
