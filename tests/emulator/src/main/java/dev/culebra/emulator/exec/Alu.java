package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.PtxType;

/**
 * Ops that compute a register from others, lane by lane, and nothing else. What they compute is a loop over all 32 lanes,
 * which the JIT compiler turns into vector code; where some lanes are off, the result goes to a scratch register first.
 * The letters in a form's name are its banks: {@code I} up to 32 bits, {@code L} 64 bits; the destination comes first.
 */
final class Alu {

    private Alu() {}

    /** int from int. */
    interface II {
        void run(int[] d, int[] a);
    }

    /** int from two ints. */
    interface III {
        void run(int[] d, int[] a, int[] b);
    }

    /** int from three ints. */
    interface IIII {
        void run(int[] d, int[] a, int[] b, int[] c);
    }

    /** int from four ints. */
    interface IIIII {
        void run(int[] d, int[] a, int[] b, int[] c, int[] e);
    }

    /** long from long. */
    interface LL {
        void run(long[] d, long[] a);
    }

    /** long from two longs. */
    interface LLL {
        void run(long[] d, long[] a, long[] b);
    }

    /** long from three longs. */
    interface LLLL {
        void run(long[] d, long[] a, long[] b, long[] c);
    }

    /** int from long. */
    interface IL {
        void run(int[] d, long[] a);
    }

    /** long from int. */
    interface LI {
        void run(long[] d, int[] a);
    }

    /** long from two ints. */
    interface LII {
        void run(long[] d, int[] a, int[] b);
    }

    /** long from two ints and a long. */
    interface LIIL {
        void run(long[] d, int[] a, int[] b, long[] c);
    }

    /** long from a long and an int. */
    interface LLI {
        void run(long[] d, long[] a, int[] b);
    }

    /** long from a long and two ints. */
    interface LLII {
        void run(long[] d, long[] a, int[] b, int[] c);
    }

    /** long from two longs and two ints. */
    interface LLLII {
        void run(long[] d, long[] a, long[] b, int[] c, int[] e);
    }

    /** Ops with an int destination: they fill a register, which is blended in where lanes are off. */
    abstract static class ToInt extends Op {
        private final int d;

        ToInt(int d) { this.d = d; }

        @Override
        final void execute(Warp w, int mask) {
            int[] to = w.r[d];
            if (mask == -1) {
                compute(w, to);
            } else {
                compute(w, w.t0);
                blend(to, w.t0, mask);
            }
        }

        abstract void compute(Warp w, int[] to);
    }

    /** The same with a long destination. */
    abstract static class ToLong extends Op {
        private final int d;

        ToLong(int d) { this.d = d; }

        @Override
        final void execute(Warp w, int mask) {
            long[] to = w.q[d];
            if (mask == -1) {
                compute(w, to);
            } else {
                compute(w, w.u0);
                blend(to, w.u0, mask);
            }
        }

        abstract void compute(Warp w, long[] to);
    }

    static void blend(int[] d, int[] from, int mask) {
        for (int l = 0; l < 32; l++) {
            d[l] = (mask >>> l & 1) != 0 ? from[l] : d[l];
        }
    }

    static void blend(long[] d, long[] from, int mask) {
        for (int l = 0; l < 32; l++) {
            d[l] = (mask >>> l & 1) != 0 ? from[l] : d[l];
        }
    }

    static void ii(Decoding x, II f, PtxType td, PtxType ta) {
        x.operands(2, 2);
        int a = x.src(1, ta);
        x.emit(new ToInt(x.dst(0, td)) {
            @Override
            void compute(Warp w, int[] to) { f.run(to, w.r[a]); }
        });
    }

    static void iii(Decoding x, III f, PtxType td, PtxType ta, PtxType tb) {
        x.operands(3, 3);
        int a = x.src(1, ta);
        int b = x.src(2, tb);
        x.emit(new ToInt(x.dst(0, td)) {
            @Override
            void compute(Warp w, int[] to) { f.run(to, w.r[a], w.r[b]); }
        });
    }

    static void iii(Decoding x, III f, PtxType t) { iii(x, f, t, t, t); }

    static void iiii(Decoding x, IIII f, PtxType td, PtxType ta, PtxType tb, PtxType tc) {
        x.operands(4, 4);
        int a = x.src(1, ta);
        int b = x.src(2, tb);
        int c = x.src(3, tc);
        x.emit(new ToInt(x.dst(0, td)) {
            @Override
            void compute(Warp w, int[] to) { f.run(to, w.r[a], w.r[b], w.r[c]); }
        });
    }

    static void iiiii(Decoding x, IIIII f, PtxType td, PtxType ta, PtxType tb, PtxType tc, PtxType te) {
        x.operands(5, 5);
        int a = x.src(1, ta);
        int b = x.src(2, tb);
        int c = x.src(3, tc);
        int e = x.src(4, te);
        x.emit(new ToInt(x.dst(0, td)) {
            @Override
            void compute(Warp w, int[] to) { f.run(to, w.r[a], w.r[b], w.r[c], w.r[e]); }
        });
    }

    static void ll(Decoding x, LL f, PtxType t) {
        x.operands(2, 2);
        int a = x.src(1, t);
        x.emit(new ToLong(x.dst(0, t)) {
            @Override
            void compute(Warp w, long[] to) { f.run(to, w.q[a]); }
        });
    }

    static void lll(Decoding x, LLL f, PtxType t) {
        x.operands(3, 3);
        int a = x.src(1, t);
        int b = x.src(2, t);
        x.emit(new ToLong(x.dst(0, t)) {
            @Override
            void compute(Warp w, long[] to) { f.run(to, w.q[a], w.q[b]); }
        });
    }

    static void llll(Decoding x, LLLL f, PtxType t) {
        x.operands(4, 4);
        int a = x.src(1, t);
        int b = x.src(2, t);
        int c = x.src(3, t);
        x.emit(new ToLong(x.dst(0, t)) {
            @Override
            void compute(Warp w, long[] to) { f.run(to, w.q[a], w.q[b], w.q[c]); }
        });
    }

    static void il(Decoding x, IL f, PtxType td, PtxType ta) {
        x.operands(2, 2);
        int a = x.src(1, ta);
        x.emit(new ToInt(x.dst(0, td)) {
            @Override
            void compute(Warp w, int[] to) { f.run(to, w.q[a]); }
        });
    }

    static void li(Decoding x, LI f, PtxType td, PtxType ta) {
        x.operands(2, 2);
        int a = x.src(1, ta);
        x.emit(new ToLong(x.dst(0, td)) {
            @Override
            void compute(Warp w, long[] to) { f.run(to, w.r[a]); }
        });
    }

    static void lii(Decoding x, LII f, PtxType td, PtxType ta) {
        x.operands(3, 3);
        int a = x.src(1, ta);
        int b = x.src(2, ta);
        x.emit(new ToLong(x.dst(0, td)) {
            @Override
            void compute(Warp w, long[] to) { f.run(to, w.r[a], w.r[b]); }
        });
    }

    static void liil(Decoding x, LIIL f, PtxType td, PtxType ta) {
        x.operands(4, 4);
        int a = x.src(1, ta);
        int b = x.src(2, ta);
        int c = x.src(3, td);
        x.emit(new ToLong(x.dst(0, td)) {
            @Override
            void compute(Warp w, long[] to) { f.run(to, w.r[a], w.r[b], w.q[c]); }
        });
    }

    static void lli(Decoding x, LLI f, PtxType t) {
        x.operands(3, 3);
        int a = x.src(1, t);
        int b = x.src(2, PtxType.U32);
        x.emit(new ToLong(x.dst(0, t)) {
            @Override
            void compute(Warp w, long[] to) { f.run(to, w.q[a], w.r[b]); }
        });
    }

    static void llii(Decoding x, LLII f, PtxType t) {
        x.operands(4, 4);
        int a = x.src(1, t);
        int b = x.src(2, PtxType.U32);
        int c = x.src(3, PtxType.U32);
        x.emit(new ToLong(x.dst(0, t)) {
            @Override
            void compute(Warp w, long[] to) { f.run(to, w.q[a], w.r[b], w.r[c]); }
        });
    }

    static void lllii(Decoding x, LLLII f, PtxType t) {
        x.operands(5, 5);
        int a = x.src(1, t);
        int b = x.src(2, t);
        int c = x.src(3, PtxType.U32);
        int e = x.src(4, PtxType.U32);
        x.emit(new ToLong(x.dst(0, t)) {
            @Override
            void compute(Warp w, long[] to) { f.run(to, w.q[a], w.q[b], w.r[c], w.r[e]); }
        });
    }
}
