package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.B128;
import static dev.culebra.emulator.ptx.PtxType.B64;

import dev.culebra.emulator.memory.Allocation;
import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.Space;
import java.lang.foreign.ValueLayout;

/** Registers of 128 bits: two of 64 side by side, the lower half first. They are moved, loaded, stored, swapped and compared. */
final class WideMoves {

    private WideMoves() {}

    /** {@code mov.b128}: whole, from two halves, or to two halves. */
    static void move(Decoding x) {
        x.require(70, 83);
        if (x.operand(0) instanceof Operand.Vector v) {
            if (v.elements().size() != 2) {
                throw x.refuse("two halves of .b64 are wanted");
            }
            int a = x.src(1, B128);
            int low = x.dst(v.elements().get(0), B64);
            int high = x.dst(v.elements().get(1), B64);
            copy(x, low, high, a, a + 1);
        } else if (x.operand(1) instanceof Operand.Vector v) {
            if (v.elements().size() != 2) {
                throw x.refuse("two halves of .b64 are wanted");
            }
            int low = x.src(v.elements().get(0), B64);
            int high = x.src(v.elements().get(1), B64);
            int d = x.dst(0, B128);
            copy(x, d, d + 1, low, high);
        } else {
            int a = x.src(1, B128);
            int d = x.dst(0, B128);
            copy(x, d, d + 1, a, a + 1);
        }
    }

    private static void copy(Decoding x, int toLow, int toHigh, int fromLow, int fromHigh) {
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) {
                for (int l = 0; l < 32; l++) {
                    if ((mask >>> l & 1) != 0) {
                        long low = w.q[fromLow][l];
                        long high = w.q[fromHigh][l];
                        w.q[toLow][l] = low;
                        w.q[toHigh][l] = high;
                    }
                }
            }
        });
    }

    /** {@code atom.cas} and {@code atom.exch} of 128 bits; atomic among themselves, not with atomics of another width. */
    static final class Atomic extends MemoryAccess {
        private final boolean compare;
        private final int d;
        private final int b;
        private final int c;

        Atomic(Place place, boolean compare, int d, int b, int c) {
            super(place, 16, Use.ATOMIC, true);
            this.compare = compare;
            this.d = d;
            this.b = b;
            this.c = c;
        }

        @Override
        Handing handing() { return Handing.BOTH; }

        private boolean stores(Warp w, int l, long low, long high) {
            return !compare || low == w.q[b][l] && high == w.q[b + 1][l];
        }

        private void result(Warp w, int l, long low, long high) {
            w.q[d][l] = low;
            w.q[d + 1][l] = high;
        }

        @Override
        void reach(Warp w, int mask, Space space, byte[] memory, int stride) {
            if (space != Space.SHARED) {
                throw new Fault(DeviceFault.INVALID_ADDRESS_SPACE, Integer.numberOfTrailingZeros(mask),
                        "an atomic operation on " + space.name().toLowerCase(java.util.Locale.ROOT) + " memory");
            }
            for (int l = 0; l < 32; l++) {
                if ((mask >>> l & 1) != 0) {
                    int at = (int) w.address[l];
                    long low = MemoryOps.read(memory, at, 8);
                    long high = MemoryOps.read(memory, at + 8, 8);
                    if (stores(w, l, low, high)) {
                        int from = compare ? c : b;
                        MemoryOps.write(memory, at, 8, w.q[from][l]);
                        MemoryOps.write(memory, at + 8, 8, w.q[from + 1][l]);
                    }
                    result(w, l, low, high);
                }
            }
        }

        @Override
        void reach(Warp w, int mask, Allocation a) {
            synchronized (a) {
                for (int l = 0; l < 32; l++) {
                    if ((mask >>> l & 1) != 0) {
                        long at = w.address[l] - a.base;
                        long low = a.bytes.get(ValueLayout.JAVA_LONG, at);
                        long high = a.bytes.get(ValueLayout.JAVA_LONG, at + 8);
                        if (stores(w, l, low, high)) {
                            int from = compare ? c : b;
                            a.bytes.set(ValueLayout.JAVA_LONG, at, w.q[from][l]);
                            a.bytes.set(ValueLayout.JAVA_LONG, at + 8, w.q[from + 1][l]);
                        }
                        result(w, l, low, high);
                    }
                }
            }
        }
    }
}
