package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A stream: its work runs in order on a thread of its own. The legacy default stream waits for all earlier work of the
 * context's blocking streams, and their later work waits for it. What is put on streams is ordered by one lock a driver.
 *
 * <p>
 * Work is held back until something wants it: a wait, a question, a host function behind it, or work of another stream that
 * comes after it and is wanted. So it lands as late as a device may let it, and in the same order in each run. Since a program
 * may watch memory instead of waiting, it begins anyway some time after it was asked for.
 */
final class EmulatedStream {

    enum Kind {
        LEGACY, BLOCKING, NON_BLOCKING
    }

    /**
     * Work that a stream holds back at most; beyond it the first begins, as a driver's queue takes so many launches before
     * the next one waits.
     */
    private static final int MOST_HELD = 1024;

    private static final Operation END = new Operation(null, -1, true, Work.empty("end"), List.of(), Map.of(),
            List.of(), null);

    final EmulatedContext context;
    final Kind kind;
    final int flags;
    final int priority;
    final long handle;

    /** The capture it takes part in, or null. Guarded by the driver's order lock. */
    Capture capture;

    private final LinkedBlockingQueue<Operation> queue = new LinkedBlockingQueue<>();
    private Operation tail;
    private Thread worker;
    private boolean ended;
    /** Of other streams, the last operation that comes before the next one here. Replaced as a whole. */
    private Map<EmulatedStream, Long> known = Map.of();

    /** Guards {@link #wanted}. */
    private final Object pace = new Object();
    /** Operations up to this number need not be held back. */
    private long wanted = -1;
    private volatile boolean finished;
    private volatile Operation lastFree;

    EmulatedStream(EmulatedContext context, Kind kind, int flags, int priority) {
        this.context = context;
        this.kind = kind;
        this.flags = flags;
        this.priority = priority;
        this.handle = kind == Kind.LEGACY ? 1 : context.driver.handles.add(this);
    }

    /** Puts work on the stream, or into the graph that is being captured from it. */
    void submit(Work work) {
        synchronized (context.driver.order) {
            if (capture != null) {
                capture.add(this, work);
            } else {
                enqueue(work, List.of());
            }
        }
    }

    /** Whether what is put on it goes into a graph. */
    boolean capturing() {
        synchronized (context.driver.order) {
            return capture != null;
        }
    }

    /** Puts work on the stream that runs after some operations of others; refused while it is captured. */
    Operation enqueue(Work work, List<Operation> also) {
        synchronized (context.driver.order) {
            if (capture != null) {
                throw capture.refuse(work.label());
            }
            if (ended) {
                throw new CudaError(CudaApi.CUDA_ERROR_INVALID_HANDLE(),
                        this + " was destroyed, by another thread, while " + work.label() + " was put on it");
            }
            if (kind == Kind.LEGACY) {
                context.driver.captures.refuseLegacy(context, work.label());
            }
            List<Operation> after = new ArrayList<>(also);
            switch (kind) {
                case LEGACY -> context.streams().forEach(s -> s.addTailTo(after, Kind.BLOCKING));
                case BLOCKING -> context.legacyStream().addTailTo(after, Kind.LEGACY);
                case NON_BLOCKING -> {
                }
            }
            after.forEach(this::know);
            long number = context.driver.nextOperation();
            Traffic traffic = context.driver.traffic;
            boolean alone = after.isEmpty() && (tail == null || tail.done());
            Operation operation = new Operation(this, number, alone, work, List.copyOf(after), known,
                    traffic.depart(this, number, work), overlapping(work));
            traffic.begin(operation);
            if (worker == null) {
                worker = new Thread(this::drain, "culebra-emulator-" + this);
                worker.setDaemon(true);
                worker.start();
            }
            tail = operation;
            if (work.contains(Work.Kind.FREE)) {
                lastFree = operation;
            }
            queue.add(operation);
            if (work.contains(Work.Kind.HOST) || queue.size() > MOST_HELD) {
                // Who enqueues a host function waits to be called, not in the driver.
                want(operation);
            }
            return operation;
        }
    }

    /** The operation before whose end some work may begin, or null: a kernel right before it that nobody can know to have ended. */
    private Operation overlapping(Work work) {
        if (work.grid() == null || !work.grid().programmatic() || tail == null || !tail.runsKernel()) {
            return null;
        }
        synchronized (pace) {
            return tail.done() && tail.number <= wanted ? null : tail;
        }
    }

    /** How much is on it that has not begun. */
    int waiting() { return queue.size(); }

    /** What comes before an operation that this stream waits for comes before its own next one, too. */
    private void know(Operation before) {
        if (before.stream == this || known.getOrDefault(before.stream, -1L) >= before.number) {
            return;
        }
        Map<EmulatedStream, Long> more = new HashMap<>(known);
        before.known().forEach((s, n) -> more.merge(s, n, Math::max));
        more.merge(before.stream, before.number, Math::max);
        more.keySet().removeIf(s -> s == this || s.finished);
        known = Map.copyOf(more);
    }

    /** Lets an operation of this stream begin, and all before it. */
    void want(Operation operation) {
        synchronized (pace) {
            if (operation.number > wanted) {
                wanted = operation.number;
                pace.notifyAll();
            }
        }
    }

    private void finish() {
        finished = true;
        context.forget(this);
    }

    private void holdUninterrupted(Operation operation) {
        while (true) {
            try {
                hold(operation);
                return;
            } catch (InterruptedException e) {
                // As in the loop: nobody means it.
                Thread.interrupted();
            }
        }
    }

    private void hold(Operation operation) throws InterruptedException {
        long until = operation.submittedNanos + context.driver.machine.holdMillis() * 1_000_000L;
        synchronized (pace) {
            while (operation.number > wanted) {
                long left = until - System.nanoTime();
                if (left <= 0) {
                    return;
                }
                pace.wait(left / 1_000_000, (int) (left % 1_000_000));
            }
        }
    }

    private void addTailTo(List<Operation> list, Kind wanted) {
        if (kind == wanted && tail != null && !tail.done()) {
            list.add(tail);
        }
    }

    private void drain() {
        while (true) {
            try {
                Operation operation = queue.take();
                if (operation == END) {
                    finish();
                    return;
                }
                holdUninterrupted(operation);
                operation.execute(context);
            } catch (InterruptedException e) {
                // Nobody interrupts it on purpose: it ends with END alone.
                Thread.interrupted();
            }
        }
    }

    /** Waits for all work put on it so far; for the legacy stream that is the work of all blocking streams too. */
    void synchronize() {
        Operation last;
        synchronized (context.driver.order) {
            if (capture != null) {
                throw capture.refuse("waiting for a stream");
            }
            last = kind == Kind.LEGACY ? enqueue(Work.empty("synchronize"), List.of()) : tail;
        }
        if (last != null) {
            last.await();
        }
    }

    boolean idle() {
        synchronized (context.driver.order) {
            if (capture != null) {
                throw capture.refuse("asking a stream whether it is done");
            }
            if (kind == Kind.LEGACY) {
                context.driver.captures.refuseLegacy(context, "asking the default stream whether it is done");
                List<Operation> open = new ArrayList<>();
                context.streams().forEach(s -> s.addTailTo(open, Kind.BLOCKING));
                addTailTo(open, Kind.LEGACY);
                open.forEach(Operation::want);
                return open.isEmpty();
            }
            if (tail != null) {
                tail.want();
            }
            return tail == null || tail.done();
        }
    }

    /** Waits, if not for long, for the last freeing of memory that is on it. */
    void awaitFrees() {
        Operation last = lastFree;
        if (last != null) {
            last.awaitBriefly();
        }
    }

    /** The last operation put on it, or null; waited for when a context is. */
    Operation tail() {
        synchronized (context.driver.order) {
            return tail;
        }
    }

    /** Takes no more work; what it has is still done. */
    void end() {
        synchronized (context.driver.order) {
            if (!ended) {
                ended = true;
                context.driver.handles.remove(handle);
                if (capture != null) {
                    capture.invalidate("a stream of the capture was destroyed");
                }
                if (worker == null) {
                    finish();
                } else {
                    queue.add(END);
                }
            }
        }
    }

    boolean ended() {
        synchronized (context.driver.order) {
            return ended;
        }
    }

    @Override
    public String toString() {
        return kind == Kind.LEGACY
                ? "default stream of device " + context.device.ordinal
                : "stream 0x" + Long.toHexString(handle);
    }
}
