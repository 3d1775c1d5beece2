package dev.culebra.driver;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Page-locked host memory that is kept and handed out again, since making it costs up to milliseconds; of at most so many
 * bytes, since what is page-locked is lost to everybody else. May be used from any thread.
 *
 * <p>
 * Where the cap is reached, {@link #acquire(long)} fails at once with what is asked and in use, and
 * {@link #acquire(long, Duration)} waits for a buffer to be closed: waiting in the first would hang a thread that holds
 * the buffers itself.
 */
public final class PinnedPool implements AutoCloseable {

    /** What the host's memory is locked in. */
    private static final long PAGE = 4096;

    private final Context context;
    private final long capBytes;
    private final Lifetime lifetime;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** The longest unused first. Their last copies may still be on the way. */
    private final Deque<Block> idle = new ArrayDeque<>();
    private long pooledBytes;
    private long usedBytes;

    /** Memory and the work that used it last. */
    private record Block(long address, long bytes, Uses uses) {

        boolean isQuiet() { return uses.open().stream().allMatch(Stream::isQuiet); }

        boolean canBeAwaited() { return uses.open().stream().allMatch(stream -> stream.capture == null); }
    }

    /**
     * Makes an empty pool.
     *
     * @param context whose driver locks the memory; the pool has to be closed before it
     * @param capBytes the most that is locked at once, in whole pages, in use or not
     */
    public PinnedPool(Context context, long capBytes) {
        if (capBytes < PAGE)
            throw new IllegalArgumentException("a pool has " + PAGE + " bytes or more, got " + capBytes);
        this.context = context;
        this.capBytes = capBytes;
        this.lifetime = Lifetime.owned(this, "pinned pool of up to " + Advice.bytes(capBytes), context.lifetime());
    }

    /**
     * Takes a buffer. Its contents are undefined. Closing it gives it back.
     *
     * @param bytes its length, 1 or more
     * @return the buffer, to be closed before this pool
     * @throws IllegalStateException where the cap leaves no room for it
     */
    public PinnedBuffer acquire(long bytes) {
        lock.lock();
        try {
            Block block = find(bytes);
            if (block == null) throw new IllegalStateException(describeFull(bytes));
            return handOut(block, bytes);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes a buffer, and waits for others to be closed where the cap leaves no room.
     *
     * @param bytes its length, 1 or more
     * @param patience how long to wait
     * @return the buffer, to be closed before this pool
     * @throws IllegalStateException where there was no room for so long
     * @throws InterruptedException where the thread was interrupted while it waited
     */
    public PinnedBuffer acquire(long bytes, Duration patience) throws InterruptedException {
        long left = patience.toNanos();
        lock.lockInterruptibly();
        try {
            Block block;
            while ((block = find(bytes)) == null) {
                if (left <= 0) throw new IllegalStateException(describeFull(bytes) + " Waited for " + patience + ".");
                left = changed.awaitNanos(left);
            }
            return handOut(block, bytes);
        } finally {
            lock.unlock();
        }
    }

    /** A block that is not idle any more; null where there is no room. Holds the lock. */
    private Block find(long bytes) {
        lifetime.check();
        if (bytes < 1) throw new IllegalArgumentException("a pinned buffer has 1 byte or more, got " + bytes);
        long size = blockSize(bytes);
        if (size > capBytes) {
            throw new IllegalArgumentException(
                    Advice.bytes(bytes) + " are more than " + lifetime.name() + " ever holds");
        }
        Block ready = takeIdle(size, true);
        if (ready != null) return ready;
        if (makeRoom(size)) {
            Block block = new Block(PinnedBuffer.allocateBlock(context, size), size, new Uses());
            pooledBytes += size;
            return block;
        }
        Block busy = takeIdle(size, false);
        if (busy == null) return null;
        boolean quiet = false;
        try {
            busy.uses.await();
            quiet = true;
        } finally {
            if (!quiet) idle.add(busy);
        }
        return busy;
    }

    /** Up to a quarter more than asked, so that buffers of like lengths share blocks. */
    private static long blockSize(long bytes) {
        long step = Math.max(PAGE, Long.highestOneBit(bytes) / 4);
        return Math.ceilDiv(bytes, step) * step;
    }

    private Block takeIdle(long size, boolean quiet) {
        for (Iterator<Block> blocks = idle.iterator(); blocks.hasNext();) {
            Block block = blocks.next();
            if (block.bytes == size && (quiet ? block.isQuiet() : block.canBeAwaited())) {
                blocks.remove();
                return block;
            }
        }
        return null;
    }

    /** Frees idle blocks of other sizes until a new one fits under the cap. */
    private boolean makeRoom(long size) {
        for (Iterator<Block> blocks = idle.iterator(); pooledBytes + size > capBytes && blocks.hasNext();) {
            Block block = blocks.next();
            if (block.bytes == size || !block.isQuiet()) continue;
            blocks.remove();
            free(block);
        }
        return pooledBytes + size <= capBytes;
    }

    /** Each, also where one before it fails, with the first failure. */
    private void freeAll(List<Block> blocks) {
        RuntimeException failure = null;
        for (Block block : blocks) {
            try {
                Lifetime.inTurn(block.uses::await, () -> free(block));
            } catch (RuntimeException e) {
                if (failure == null) failure = e;
                else
                    failure.addSuppressed(e);
            }
        }
        if (failure != null) throw failure;
    }

    private void free(Block block) {
        pooledBytes -= block.bytes;
        context.driver().memory.freeHost(context.raw(), block.address);
    }

    private PinnedBuffer handOut(Block block, long bytes) {
        block.uses.clear();
        usedBytes += block.bytes;
        PinnedBuffer buffer = null;
        try {
            return buffer = PinnedBuffer.ofPool(context, block.address, bytes, block.uses, () -> giveBack(block),
                    lifetime);
        } finally {
            // The pool was closed meanwhile, which frees what is idle.
            if (buffer == null) giveBack(block);
        }
    }

    private void giveBack(Block block) {
        lock.lock();
        try {
            usedBytes -= block.bytes;
            idle.add(block);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private String describeFull(long bytes) {
        return lifetime.name() + " has no room for " + Advice.bytes(bytes) + ": " + Advice.bytes(usedBytes)
                + " are in use. Close buffers, wait with acquire(bytes, patience), or give the pool a higher cap.";
    }

    /**
     * The most that is locked at once.
     *
     * @return bytes
     */
    public long capBytes() { return capBytes; }

    /**
     * What is locked now, in use or kept for the next.
     *
     * @return bytes
     */
    public long pooledBytes() {
        lock.lock();
        try {
            return pooledBytes;
        } finally {
            lock.unlock();
        }
    }

    /**
     * What is in use now.
     *
     * @return bytes, of whole blocks
     */
    public long usedBytes() {
        lock.lock();
        try {
            return usedBytes;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for the work that uses the pool's memory and frees it. A second call does nothing.
     *
     * @throws IllegalStateException where a buffer is not closed yet; it is named, and nothing is changed
     */
    @Override
    public void close() {
        lifetime.close(() -> {
            List<Block> all;
            lock.lock();
            try {
                all = new ArrayList<>(idle);
                idle.clear();
            } finally {
                lock.unlock();
            }
            freeAll(all);
        });
    }

    @Override
    public String toString() { return lifetime.name(); }
}
