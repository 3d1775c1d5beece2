package dev.culebra.emulator.driver;

import dev.culebra.bindings.CudaApi;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A stream: its work runs in order on a thread of its own. The legacy default stream waits for all earlier work of the
 * context's blocking streams, and their later work waits for it. What is put on streams is ordered by one lock a driver.
 */
final class EmulatedStream {

    enum Kind {
        LEGACY, BLOCKING, NON_BLOCKING
    }

    private static final Operation END = new Operation(Work.empty("end"), List.of());

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
            Operation operation = new Operation(work, after);
            if (worker == null) {
                worker = new Thread(this::drain, "culebra-emulator-" + this);
                worker.setDaemon(true);
                worker.start();
            }
            tail = operation;
            queue.add(operation);
            return operation;
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
                    context.forget(this);
                    return;
                }
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
                return open.isEmpty();
            }
            return tail == null || tail.done();
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
                    context.forget(this);
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
