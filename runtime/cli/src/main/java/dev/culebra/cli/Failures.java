package dev.culebra.cli;

import dev.culebra.driver.CudaException;
import dev.culebra.driver.CudaUnavailableException;
import dev.culebra.llm.checkpoint.CheckpointException;
import dev.culebra.sparse.FormatException;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What went wrong, as one line for people. */
final class Failures {
    /** Characters of a message: ten lines of a terminal. */
    private static final int LONGEST = 800;

    private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");

    private Failures() {}

    static String describe(Throwable thrown, String task) {
        var e = unwrap(thrown);
        return oneLine(switch (e) {
            case Failure f -> f.getMessage();
            case CheckpointException f -> f.getMessage();
            case FormatException f -> f.getMessage();
            case NoSuchFileException f -> f.getFile() + ": no such file or folder";
            case AccessDeniedException f -> f.getFile() + ": permission denied";
            case FileSystemException f ->
                f.getFile() + ": " + (f.getReason() == null ? f.getClass().getSimpleName() : f.getReason());
            case FileNotFoundException f -> f.getMessage();
            case IOException f -> "input or output failed while " + task + ": " + message(f);
            case OutOfMemoryError f -> outOfMemory(message(f), task);
            // What a mapped file throws when it can not be read any more.
            case InternalError f when message(f).contains("unsafe memory access") ->
                "a file became shorter, or its disk failed, while "
                        + task;
            case CudaUnavailableException f -> DriverReason.sentence(f, "--device cpu");
            // Where it is known what and where, that comes at once, and what one could do to find out is left out.
            case CudaException f when !f.diagnostic().isEmpty() ->
                f.codeName() + " (" + f.code() + "): " + f.description() + "; " + f.diagnostic();
            case IllegalArgumentException f when f.getMessage() != null -> f.getMessage();
            case RuntimeException f when f.getClass().getName().startsWith("dev.culebra.") && f.getMessage() != null ->
                f.getMessage();
            default -> "internal error while " + task + ": " + e + " (--verbose shows where)";
        });
    }

    /** The JVM's heap and the memory outside it run out apart from each other. */
    private static String outOfMemory(String message, String task) {
        boolean heap = message.contains("heap") || message.contains("GC overhead") || message.contains("array size");
        String what = heap
                ? "the Java heap ends at " + Text.bytes(Runtime.getRuntime().maxMemory())
                        + "; give it more, such as CULEBRA_JAVA_OPTIONS=-Xmx8g"
                // The JVM's own limit, said as "(allocated: 99288, limit: 102400)"; else it is the system's.
                : message + " outside the Java heap; " + (message.contains("limit:")
                        ? "allow more, such as CULEBRA_JAVA_OPTIONS=-XX:MaxDirectMemorySize=8g"
                        : "free some, or leave the heap less, such as CULEBRA_JAVA_OPTIONS=-Xmx1g");
        return "out of memory while " + task + ": " + what;
    }

    /** Through what only carries a cause. */
    private static Throwable unwrap(Throwable e) {
        boolean carrier = e instanceof UncheckedIOException || e instanceof CompletionException
                || e instanceof ExecutionException;
        return carrier && e.getCause() != null ? unwrap(e.getCause()) : e;
    }

    private static String message(Throwable e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    /** Lines joined, blank ones dropped, the rest of a long log left to --verbose. */
    static String oneLine(String message) {
        var line = message.lines().map(String::strip).filter(l -> !l.isEmpty()).collect(Collectors.joining("; "));
        // A file's name may hold anything, such as what moves a terminal's cursor.
        line = UNPRINTABLE.matcher(line).replaceAll("?");
        return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "... (--verbose shows all)";
    }
}
