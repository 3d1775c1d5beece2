package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.PtxType;

/** Selection by a predicate or a sign, and tests of a number's kind. */
final class SelectionOps {

    private SelectionOps() {}

    static void register(Families f) {
        f.add("selp", SelectionOps::select);
        f.add("slct", SelectionOps::selectBySign);
        f.add("testp", SelectionOps::test);
    }

    private static void select(Decoding x) {
        PtxType t = x.type();
        x.done(4);
        int a = x.src(1, t);
        int b = x.src(2, t);
        int p = x.predicate(3);
        int d = x.dst(0, t);
        x.emit(t.bits() == 64 ? new Alu.ToLong(d) {
            @Override
            void compute(Warp w, long[] to) {
                int m = w.p[p];
                long[] u = w.q[a];
                long[] v = w.q[b];
                for (int l = 0; l < 32; l++) {
                    to[l] = (m >>> l & 1) != 0 ? u[l] : v[l];
                }
            }
        } : new Alu.ToInt(d) {
            @Override
            void compute(Warp w, int[] to) {
                int m = w.p[p];
                int[] u = w.r[a];
                int[] v = w.r[b];
                for (int l = 0; l < 32; l++) {
                    to[l] = (m >>> l & 1) != 0 ? u[l] : v[l];
                }
            }
        });
    }

    private static void selectBySign(Decoding x) {
        boolean ftz = x.take("ftz");
        PtxType t = x.type();
        PtxType by = x.type();
        x.done(4);
        int a = x.src(1, t);
        int b = x.src(2, t);
        int c = x.src(3, by);
        int d = x.dst(0, t);
        if (by != S32 && by != F32) {
            throw x.refuse("unknown instruction");
        }
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) {
                for (int l = 0; l < 32; l++) {
                    if ((mask >>> l & 1) == 0) {
                        continue;
                    }
                    float f = Float.intBitsToFloat(w.r[c][l]);
                    boolean first = by == S32 ? w.r[c][l] >= 0 : f >= 0 || ftz && Math.abs(f) < Float.MIN_NORMAL;
                    if (t.bits() == 64) {
                        w.q[d][l] = first ? w.q[a][l] : w.q[b][l];
                    } else {
                        w.r[d][l] = first ? w.r[a][l] : w.r[b][l];
                    }
                }
            }
        });
    }

    private static void test(Decoding x) {
        String what = x.takeAny("finite", "infinite", "number", "notanumber", "normal", "subnormal");
        PtxType t = x.type();
        x.done(2);
        if (what == null || t != F32 && t != F64) {
            throw x.refuse("unknown instruction");
        }
        int a = x.src(1, t);
        int p = x.predicateOut(0);
        double least = t == F32 ? Float.MIN_NORMAL : Double.MIN_NORMAL;
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) {
                int m = 0;
                for (int l = 0; l < 32; l++) {
                    double v = Math
                            .abs(t == F32 ? Float.intBitsToFloat(w.r[a][l]) : Double.longBitsToDouble(w.q[a][l]));
                    boolean yes = switch (what) {
                        case "finite" -> Double.isFinite(v);
                        case "infinite" -> Double.isInfinite(v);
                        case "number" -> !Double.isNaN(v);
                        case "notanumber" -> Double.isNaN(v);
                        case "normal" -> (v >= least || v == 0) && Double.isFinite(v); // zero counts as normal
                        default -> v < least && v > 0;
                    };
                    m |= yes ? 1 << l : 0;
                }
                w.p[p] = w.p[p] & ~mask | m & mask;
            }
        });
    }
}
