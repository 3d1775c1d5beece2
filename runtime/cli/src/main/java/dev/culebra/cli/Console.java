package dev.culebra.cli;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.function.BooleanSupplier;

/** Where a command speaks: results on standard output; errors, warnings and progress on standard error. */
public final class Console {
    private static final JsonMapper JSON = JsonMapper.builder()
            // ASCII: whoever reads it need not know which encoding this machine's standard output has.
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private static final long CACHE_LINE = 64;

    private final PrintStream out;
    private final PrintStream err;
    private final BooleanSupplier verbose;
    private volatile String task = "starting";

    /** @param verbose whether errors come with their stack traces; asked when there is one */
    Console(PrintStream out, PrintStream err, BooleanSupplier verbose) {
        this.out = out;
        this.err = err;
        this.verbose = verbose;
    }

    /**
     * Where results go.
     *
     * @return the stream; the caller must not close it
     */
    public PrintStream out() { return out; }

    PrintStream err() { return err; }

    /** What is being done now, for the message if memory runs out. */
    String task() { return task; }

    /** Something that shows by itself how far it is. */
    void begin(String task) { this.task = task; }

    /**
     * Something that may take longer than a second. Draws nothing where standard error is no terminal.
     *
     * @param task what is done, also for the message if memory runs out
     * @param steps how many there are; {@link Progress#TOLD} where each step tells
     * @return what counts them; closing it takes the bar away
     */
    public Progress progress(String task, long steps) {
        this.task = task;
        return new Progress(task, steps, err);
    }

    /** Something whose steps can not be counted. */
    <T, E extends Exception> T during(String task, Action<T, E> action) throws E {
        this.task = task;
        var progress = new Progress(task, Progress.UNKNOWN, err);
        try {
            return action.run();
        } finally {
            progress.close();
        }
    }

    /**
     * Memory outside the heap, zeroed.
     *
     * @param what it is for, so that a refusal says what was asked
     */
    MemorySegment allocate(Arena arena, long bytes, String what) {
        this.task = "allocating " + Text.bytes(bytes) + " for the " + what;
        // A system that promises more memory than it has would end this process, or others, when it is filled.
        long all = machine().getTotalMemorySize() + machine().getTotalSwapSpaceSize();
        if (all > 0 && bytes > all)
            throw new Failure("out of memory while " + task + ": this machine has " + Text.bytes(all));
        return arena.allocate(bytes, CACHE_LINE);
    }

    private static OperatingSystemMXBean machine() {
        return (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    }

    @FunctionalInterface
    interface Action<T, E extends Exception> {
        T run() throws E;
    }

    /**
     * One line of results, the same on every machine, whatever its language.
     *
     * @param format as of {@link String#format(String, Object...)}
     * @param args its arguments
     */
    public void line(String format, Object... args) { out.println(Text.format(format, args)); }

    static ObjectNode object() { return JSON.createObjectNode(); }

    /** One line with one object. */
    void json(ObjectNode object) throws IOException {
        out.println(JSON.writeValueAsString(object));
    }

    /**
     * One line on standard error. The exit code is the caller's affair.
     *
     * @param message the line
     */
    public void error(String message) {
        err.println("culebra: " + message);
        err.flush();
    }

    /**
     * One line on standard error for something that failed while the command goes on; with {@code --verbose} the stack trace, too.
     *
     * @param what what failed
     * @param e why
     */
    public void error(String what, Throwable e) {
        error(what + " failed: " + describe(e));
        if (verbose.getAsBoolean()) e.printStackTrace(err);
    }

    /**
     * What went wrong, as the command tells it when this comes out of it.
     *
     * @param e what was thrown
     * @return one line for people, of a bounded length
     */
    public String describe(Throwable e) { return Failures.describe(e, task); }

    int fail(Throwable e) {
        // An error may have used the heap up: say the line first, it needs the least.
        error(describe(e));
        if (verbose.getAsBoolean()) e.printStackTrace(err);
        return Culebra.FAILED;
    }

    int fail(String message) {
        error(message);
        return Culebra.FAILED;
    }

    /**
     * One line for people who watch: only where standard error is a terminal.
     *
     * @param format as of {@link String#format(String, Object...)}
     * @param args its arguments
     */
    public void remark(String format, Object... args) {
        if (Boolean.getBoolean(Progress.TERMINAL)) err.println(Text.format(format, args));
    }

    /**
     * One line on standard error that changes no exit code.
     *
     * @param message the line
     */
    public void warn(String message) { error("warning: " + message); }
}
