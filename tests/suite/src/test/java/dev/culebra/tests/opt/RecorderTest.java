package dev.culebra.tests.opt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.llm.opt.GenerateListener;
import dev.culebra.llm.opt.GenerateOptions;
import dev.culebra.llm.opt.OptModel;
import dev.culebra.sparse.DenseType;
import dev.culebra.spmm.CpuSpmm;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The flight recorder's events. */
class RecorderTest {
    @TempDir
    Path folder;

    @Test
    void tellsPrefillAndGenerate() throws Exception {
        var file = folder.resolve("recording.jfr");
        try (var device = CpuSpmm.open(1);
                var source = TinyModel.random(TinyConfigs.PLAIN, DenseType.F16, 1).open();
                var model = OptModel.load(source, Optional.empty(), device);
                var session = model.newSession();
                var recording = new Recording()) {
            recording.enable("dev.culebra.Prefill").withoutThreshold();
            recording.enable("dev.culebra.Generate").withoutThreshold();
            recording.start();
            session.generate(List.of(new int[7], new int[3]), GenerateOptions.DEFAULT.withMaxNewTokens(4),
                    GenerateListener.NONE);
            recording.stop();
            recording.dump(file);
        }
        var events = RecordingFile.readAllEvents(file).stream()
                .filter(e -> e.getEventType().getName().startsWith("dev.culebra.")).toList();
        assertEquals(2, events.size(), events::toString);
        var prefill = events.stream().filter(e -> e.getEventType().getName().equals("dev.culebra.Prefill")).findFirst()
                .orElseThrow();
        assertEquals(2, prefill.getInt("sequences"));
        assertEquals(10, prefill.getLong("tokens"));
        var generate = events.stream().filter(e -> e.getEventType().getName().equals("dev.culebra.Generate"))
                .findFirst().orElseThrow();
        assertEquals(2, generate.getInt("sequences"));
        assertEquals(10, generate.getLong("promptTokens"));
        assertEquals(8, generate.getLong("newTokens"));
        assertTrue(generate.getDuration().compareTo(prefill.getDuration()) > 0);
    }
}
