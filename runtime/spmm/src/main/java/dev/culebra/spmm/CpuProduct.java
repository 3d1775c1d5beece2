package dev.culebra.spmm;

import dev.culebra.sparse.ValueType;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/**
 * One product of up to some 100 tokens. {@link #run} takes rows of tiles until none is left, on as many threads as call it;
 * {@link #await} waits for those that others took. One that runs late finds nothing to do and touches no data.
 */
final class CpuProduct implements Runnable {

    private static final int SIDE = CpuKernel.SIDE;
    private static final VarHandle NEXT = field("next");
    private static final VarHandle LEFT = field("left");

    private final CpuWeights weights;
    private final CpuKernel kernel;
    private final Tiles tiles;
    private final Activations x;
    private final int tokens;
    private final Epilogue<MemorySegment> epilogue;
    private final MemorySegment y;
    private final long yAt;
    private final long residualAt;
    private volatile int next; // row of tiles that nobody has taken
    private volatile int left; // rows of tiles that are not done
    private volatile Thread waiter; // asleep, or about to be
    private volatile Throwable failure;

    /** Tokens of which y's first is at a number of elements, and the residual's at another. */
    CpuProduct(CpuWeights weights, Activations x, int tokens, Epilogue<MemorySegment> epilogue, MemorySegment y,
            long yAt, long residualAt) {
        this.weights = weights;
        this.kernel = weights.kernel();
        this.tiles = weights.tiles();
        this.x = x;
        this.tokens = tokens;
        this.epilogue = epilogue;
        this.y = y;
        this.yAt = yAt;
        this.residualAt = residualAt;
        this.left = tiles.rows();
    }

    private static VarHandle field(String name) {
        try {
            return MethodHandles.lookup().findVarHandle(CpuProduct.class, name, int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private int take() { return (int) NEXT.getAndAdd(this, 1); }

    @Override
    public void run() {
        int i = take();
        if (i >= tiles.rows()) {
            return;
        }
        CpuScratch s = weights.scratches().borrow();
        for (; i < tiles.rows(); i = take()) {
            try {
                if (failure == null) {
                    multiply(weights.tileRow(i), s);
                }
            } catch (Throwable t) {
                failure = t;
                s = weights.scratches().borrow(); // that one's tile may be half full
            } finally {
                if ((int) LEFT.getAndAdd(this, -1) == 1 && waiter != null) {
                    LockSupport.unpark(waiter);
                }
            }
        }
        weights.scratches().giveBack(s);
    }

    /** Waits for all rows, interrupted or not: the arrays are in use. */
    void await() {
        if (left > 0) {
            long until = System.nanoTime() + CpuCrew.SPIN_NANOS; // to be woken may take as long as the last row
            while (left > 0 && System.nanoTime() < until) {
                Thread.onSpinWait();
            }
            sleep();
        }
        switch (failure) {
            case null -> {
            }
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case Throwable t -> throw new IllegalStateException(t);
        }
    }

    private void sleep() {
        waiter = Thread.currentThread(); // before looking: who does the last row looks the other way round
        boolean interrupted = false;
        while (left > 0) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted(); // which would keep it awake
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void multiply(int tileRow, CpuScratch s) {
        boolean bf16 = weights.valueType() == ValueType.BF16;
        int size = (tokens + kernel.mostColumns()) * SIDE; // the last group may be wider than what is left
        if (s.sums.length < size) {
            s.sums = new float[size];
        }
        Arrays.fill(s.sums, 0, size, 0);
        tiles.multiply(tileRow, kernel, bf16, x, tokens, s);
        store(tileRow, s);
    }

    private void store(int tileRow, CpuScratch s) {
        int rows = tiles.rowsOf(tileRow);
        int firstRow = tileRow * SIDE;
        for (int n = 0; n < tokens; n++) {
            if (x.poisoned(n)) {
                Arrays.fill(s.row, Float.NaN);
            } else {
                kernel.inOrder(s.sums, n * SIDE, s.row);
            }
            long at = (long) n * weights.m() + firstRow;
            CpuEpilogue.store(epilogue, s, rows, firstRow, y, yAt + at, residualAt + at);
        }
    }
}
