package dev.culebra.emulator.exec;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * What the threads of a grid print. It is kept by block and handed over in the order of the blocks when the grid has ended, so
 * before anybody who waits for it goes on; within a block it stands in the order in which it was printed. A run with the same
 * blocks therefore prints the same, however they were spread over workers; of more than the buffer holds, what is lost depends on
 * that.
 */
final class DeviceOutput {

    /** What a grid may print, as the device's buffer has by default (CU_LIMIT_PRINTF_FIFO_SIZE): more is lost. */
    static final int CAPACITY = 1 << 20;

    private final Dim grid;
    private final Consumer<String> to;
    private final ConcurrentSkipListMap<Long, ByteArrayOutputStream> blocks = new ConcurrentSkipListMap<>();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();

    DeviceOutput(Dim grid, Consumer<String> to) {
        this.grid = grid;
        this.to = to;
    }

    /** Takes one call's text from a block; only one thread at a time works on a block. */
    void print(Dim block, byte[] text) {
        if (bytes.addAndGet(text.length) > CAPACITY) {
            lost.incrementAndGet();
            return;
        }
        long linear = block.x() + (long) grid.x() * (block.y() + (long) grid.y() * block.z());
        blocks.computeIfAbsent(linear, k -> new ByteArrayOutputStream()).writeBytes(text);
    }

    /** Hands over what was printed; called once, when no block runs any more. */
    void flush() {
        if (bytes.get() == 0) {
            return;
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        blocks.values().forEach(b -> all.writeBytes(b.toByteArray()));
        String text = all.toString(StandardCharsets.UTF_8);
        to.accept(lost.get() == 0
                ? text
                : text + "[" + lost + " more calls of printf were lost: the device's buffer has "
                        + CAPACITY + " bytes a launch]\n");
    }
}
