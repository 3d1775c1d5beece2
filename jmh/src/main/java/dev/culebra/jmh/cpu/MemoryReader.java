package dev.culebra.jmh.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Reads memory on several threads and does nothing else but add it up: as fast as this machine gives bytes to a program. Its threads
 * take 32 KB at a time, as those of a product take rows of tiles. They look for the next read for a while and sleep then.
 */
final class MemoryReader implements AutoCloseable {

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final boolean VECTORS = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    private static final int PART = 32 << 10;
    private static final long SPIN_NANOS = 50_000;

    private final Thread[] helpers;
    private volatile Read now;
    private volatile boolean closed;

    /** One read: parts are taken until none is left. */
    private record Read(MemorySegment memory, AtomicLong next, AtomicLong left, AtomicLong sum) {

        void take() {
            long size = memory.byteSize();
            for (long at = next.getAndAdd(PART); at < size; at = next.getAndAdd(PART)) {
                long to = Math.min(at + PART, size);
                sum.addAndGet(VECTORS ? VectorSum.of(memory, at, to) : plainSum(memory, at, to));
                left.addAndGet(at - to);
            }
        }
    }

    MemoryReader(int threads) {
        helpers = new Thread[threads - 1];
        for (int i = 0; i < helpers.length; i++) {
            helpers[i] = Thread.ofPlatform().name("culebra-read-" + i).daemon().start(this::help);
        }
    }

    /** How it reads, for a row of results. */
    static String kernel() { return VECTORS ? "vectors" : "plain loop"; }

    /** The sum of all 64-bit numbers of a segment that any thread may read; its size is a multiple of 8. */
    long sum(MemorySegment memory) {
        Read read = new Read(memory, new AtomicLong(), new AtomicLong(memory.byteSize()), new AtomicLong());
        now = read;
        for (Thread helper : helpers) {
            LockSupport.unpark(helper); // costs nothing where it is awake
        }
        read.take();
        while (read.left.get() > 0) {
            Thread.onSpinWait();
        }
        return read.sum.get();
    }

    private void help() {
        Read done = null;
        while (!closed) {
            long until = System.nanoTime() + SPIN_NANOS;
            while (now == done && !closed && System.nanoTime() < until) {
                Thread.onSpinWait();
            }
            Read read = now;
            if (read != done) {
                read.take();
                done = read;
            } else if (!closed) {
                LockSupport.park(this); // a permit that came in between lets it through at once
            }
        }
    }

    static long plainSum(MemorySegment memory, long from, long to) {
        long sum = 0;
        for (long at = from; at < to; at += Long.BYTES) {
            sum += memory.get(LONG, at);
        }
        return sum;
    }

    @Override
    public void close() {
        closed = true;
        for (Thread helper : helpers) {
            LockSupport.unpark(helper);
        }
    }
}
