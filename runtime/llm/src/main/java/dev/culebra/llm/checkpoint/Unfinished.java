package dev.culebra.llm.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** Files and folders that are being written now, so that an interrupted process (Ctrl-C) can take them away. */
final class Unfinished {
    private static final Set<Path> PENDING = ConcurrentHashMap.newKeySet();

    /** While a process ends its other threads go on, and may put a file into a folder that is being emptied. */
    private static final int ATTEMPTS = 20;

    static {
        Runtime.getRuntime().addShutdownHook(
                new Thread(() -> PENDING.forEach(Unfinished::delete), "culebra-unfinished-files"));
    }

    private Unfinished() {}

    static void add(Path path) { PENDING.add(path); }

    /** It has its final name now. */
    static void finished(Path path) { PENDING.remove(path); }

    /** Deletes it with what is in it, unless it is finished. */
    static void giveUp(Path path) {
        if (PENDING.remove(path)) delete(path);
    }

    private static void delete(Path path) {
        for (int attempt = 0; attempt < ATTEMPTS && Files.exists(path); attempt++) {
            try (Stream<Path> walk = Files.walk(path)) {
                List<Path> deepestFirst = walk.sorted(Comparator.reverseOrder()).toList();
                for (var file : deepestFirst) Files.deleteIfExists(file);
            } catch (IOException | UncheckedIOException e) {
                // The error that led here is the one to report; a leftover is named as what it is.
            }
        }
    }
}
