package dev.culebra.tests.models;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Checkpoints in Hugging Face's layout with what Hugging Face's own OPT makes of them (README.md beside the data), as folders of
 * real files, which resources on a class path need not be. Read-only by agreement: whoever wants to break one takes a copy.
 */
public final class Models {
    /** The small ones with random weights, whose logits are known. */
    public static final List<String> RANDOM = List.of("opt-preln", "opt-postln-proj", "opt-sharded-sparse70",
            "opt-gelu-nobias-untied-bf16");
    /** The trained one, whose text can be read. */
    public static final String KJV = "kjv-opt";

    private static final List<String> ALONE = List.of("config.json", "model.safetensors", "expected.json",
            "expected.safetensors");
    private static final List<String> SHARDED = Stream.concat(
            Stream.of("config.json", "model.safetensors.index.json", "expected.json", "expected.safetensors"),
            IntStream.rangeClosed(1, 4).mapToObj("model-%05d-of-00004.safetensors"::formatted)).toList();
    /** These come with the command. */
    private static final List<String> BUNDLED = List.of("config.json", "model.safetensors", "tokenizer.json",
            "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json");
    private static final List<String> TEXTS = List.of("expected.json", "calibration.txt", "held-out.txt");

    private static final Map<String, Path> FOLDERS = new ConcurrentHashMap<>();

    private Models() {}

    /**
     * A model's folder.
     *
     * @param name such as {@code opt-preln}
     * @return a folder of its own in the system's folder for temporary files, gone when the JVM ends
     */
    public static Path folder(String name) { return FOLDERS.computeIfAbsent(name, Models::unpack); }

    /**
     * A copy that may be changed.
     *
     * @param name such as {@code opt-preln}
     * @param into an empty folder, such as a test's temporary one
     * @return {@code into}
     */
    public static Path copy(String name, Path into) {
        try {
            unpack(name, into);
            return into;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path unpack(String name) {
        try {
            Path folder = Files.createTempDirectory("culebra-" + name + "-");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
            unpack(name, folder);
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void unpack(String name, Path folder) throws IOException {
        Map<String, String> resources = new LinkedHashMap<>(); // file name -> resource
        if (name.equals(KJV)) {
            BUNDLED.forEach(f -> resources.put(f, "/dev/culebra/cli/kjv-opt/" + f));
            TEXTS.forEach(f -> resources.put(f, "/dev/culebra/tests/models/kjv-opt/" + f));
        } else {
            var files = new ArrayList<>(name.contains("sharded") ? SHARDED : ALONE);
            files.forEach(f -> resources.put(f, "/dev/culebra/tests/models/" + name + "/" + f));
        }
        for (var r : resources.entrySet()) {
            try (InputStream in = Models.class.getResourceAsStream(r.getValue())) {
                if (in == null) throw new FileNotFoundException("no resource " + r.getValue());
                Files.copy(in, folder.resolve(r.getKey()));
            }
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(p -> p.toFile().delete());
        } catch (IOException e) {
            // A leftover in the folder for temporary files.
        }
    }
}
