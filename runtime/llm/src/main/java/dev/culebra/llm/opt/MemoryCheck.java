package dev.culebra.llm.opt;

import dev.culebra.llm.checkpoint.ModelSource;
import dev.culebra.llm.checkpoint.OptConfig;
import dev.culebra.llm.checkpoint.OptTensors;
import dev.culebra.llm.memory.Memory;
import dev.culebra.sparse.FormatChoice;
import dev.culebra.spmm.Spmm;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;

import static dev.culebra.llm.memory.Memory.amount;

/** Whether memory will do, asked before any of it is taken. */
final class MemoryCheck {
    private MemoryCheck() {}

    /**
     * Refuses a model that the device or the heap has no room for: its matrices there; norms, biases, positions, scratch memory
     * and the cache of one sequence of full length here.
     *
     * @param preferred how to encode the matrices, if there is room for that
     * @return that, or fewest bytes
     */
    static FormatChoice model(ModelSource source, Spmm device, FormatChoice preferred) throws IOException {
        boolean cpu = device.device().equals("cpu");
        var format = preferred;
        long matrices = matrices(source, cpu, format);
        long free = freeBytes(device, cpu, matrices);
        if (matrices > free) {
            format = FormatChoice.FEWEST_BYTES;
            matrices = matrices(source, cpu, format);
        }
        checkDevice(matrices, free, cpu, device.description());
        checkHeap(source.config(), Runtime.getRuntime().maxMemory());
        return format;
    }

    private static long matrices(ModelSource source, boolean cpu, FormatChoice format) throws IOException {
        long bytes = 0;
        for (var linear : OptTensors.of(source.config()).linears()) {
            // a CPU multiplies by mapped matrices where they are; a device has a copy
            bytes += cpu
                    ? source.matrixBytes(linear.name(), format)
                    : source.encodedBytes(linear.name(), format);
        }
        return bytes;
    }

    /** On a CPU, garbage that is not collected yet counts as taken: where it would matter, it is collected first. */
    private static long freeBytes(Spmm device, boolean cpu, long needed) {
        long free = device.freeBytes();
        for (int i = 0; cpu && free < needed && i < COLLECTIONS; i++) {
            System.gc();
            LockSupport.parkNanos(PAUSE_NANOS); // what it found is freed by another thread
            free = device.freeBytes();
        }
        return free;
    }

    private static final int COLLECTIONS = 3;
    private static final long PAUSE_NANOS = 50_000_000;

    private static void checkDevice(long needed, long free, boolean cpu, String device) {
        if (needed <= free) return;
        throw new IllegalArgumentException("the model's matrices take up to " + amount(needed) + " and there is "
                + amount(free) + (cpu
                        ? " of native memory; give " + Memory.option("-XX:MaxDirectMemorySize=", needed)
                                + " if the machine has it, or encode the model, whose files are mapped"
                        : " free on " + device + "; take a smaller or a sparser model, or another device"));
    }

    private static void checkHeap(OptConfig c, long most) {
        checkArray("the table of " + c.positions() + " positions", (c.positions() + 2L) * c.hidden());
        long cache = KvCache.bytes(c.layers(), c.hidden(), c.positions());
        long rest = Scratch.bytes(c, c.positions()) + smallBytes(c);
        if (cache + rest <= most) return;
        throw new IllegalArgumentException("a sequence of " + c.positions() + " positions takes " + amount(cache)
                + " for keys and values, and the model " + amount(rest)
                + " besides its matrices, and the heap is at most "
                + amount(most) + "; give " + Memory.largerHeap(cache + rest));
    }

    private static void checkArray(String what, long elements) {
        if (elements <= LONGEST_ARRAY) return;
        throw new IllegalArgumentException(what + " has " + elements + " elements; an array holds " + LONGEST_ARRAY);
    }

    /** JVMs keep a few to themselves. */
    private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8;

    /** Refuses a batch whose caches the heap has no room for. Positions: of all sequences at their longest. */
    static void batch(OptConfig c, int sequences, long positions) {
        long most = Runtime.getRuntime().maxMemory();
        long cache = 2 * c.layers() * Float.BYTES * Math.multiplyExact(c.hidden(), positions);
        long rest = Scratch.bytes(c, positions) + smallBytes(c);
        if (cache + rest <= most) return;
        throw new IllegalArgumentException(sequences + " sequences of " + positions + " positions together take "
                + amount(cache) + " for keys and values, and the heap is at most " + amount(most)
                + "; give fewer prompts at a time, fewer new tokens, or " + Memory.largerHeap(cache + rest));
    }

    /** Refuses a walk whose hidden states the heap has no room for. A window is never cut, however long. */
    static void walk(OptConfig c, long tokens, int longest) {
        checkArray("what a layer makes of a window of " + longest + " tokens",
                (long) longest * Math.max(Math.max(c.hidden(), c.ffn()), c.embedding()));
        long most = Runtime.getRuntime().maxMemory();
        long states = Math.multiplyExact(tokens, (long) Float.BYTES * c.hidden());
        long rest = Scratch.bytes(c, tokens, longest) + smallBytes(c);
        if (states + rest <= most) return;
        throw new IllegalArgumentException(tokens + " tokens of text take " + amount(states)
                + " for hidden states, and the heap is at most " + amount(most)
                + "; give a shorter text, or " + Memory.largerHeap(states + rest));
    }

    /** Norms, biases and positions in fp32. */
    private static long smallBytes(OptConfig c) {
        long layer = (c.bias() ? 5L * c.hidden() + c.ffn() : 0) + (c.affineNorm() ? 4L * c.hidden() : 0);
        return Float.BYTES * (c.layers() * layer + (c.positions() + 2L) * c.hidden());
    }
}
