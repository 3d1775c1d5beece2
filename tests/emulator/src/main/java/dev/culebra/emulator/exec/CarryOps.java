package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.PtxType;

/** Arithmetic of several words: instructions that take or set the carry flag, which each frame has one of a lane. */
final class CarryOps {

    private CarryOps() {}

    static void register(Families f) {
        f.add("addc", x -> chained(x, "add"));
        f.add("subc", x -> chained(x, "sub"));
        f.add("madc", x -> {
            String part = x.takeAny("hi", "lo");
            boolean out = x.take("cc");
            mad(x, part, true, out);
        });
    }

    private static void chained(Decoding x, String op) {
        boolean out = x.take("cc");
        addOrSub(x, op, true, out);
    }

    static void withCarryOut(Decoding x, String op) { addOrSub(x, op, false, true); }

    static void madWithCarryOut(Decoding x, String part) { mad(x, part, false, true); }

    private static PtxType type(Decoding x) {
        PtxType t = x.type();
        if (t != PtxType.U32 && t != PtxType.S32 && t != PtxType.U64 && t != PtxType.S64) {
            throw x.refuse("a type .u32, .s32, .u64 or .s64 is wanted");
        }
        return t;
    }

    private static void addOrSub(Decoding x, String op, boolean in, boolean out) {
        PtxType t = type(x);
        x.done(3);
        int a = x.src(1, t);
        int b = x.src(2, t);
        x.emit(new Carrying(t.bits() == 64, x.dst(0, t), -1, a, b, 0, op.equals("sub"), in, out));
    }

    private static void mad(Decoding x, String part, boolean in, boolean out) {
        PtxType t = type(x);
        x.done(4);
        if (part == null) {
            throw x.refuse(".hi or .lo is missing");
        }
        int a = x.src(1, t);
        int b = x.src(2, t);
        int c = x.src(3, t);
        int how = part.equals("lo") ? 1 : t.signed() ? 3 : 2;
        x.emit(new Carrying(t.bits() == 64, x.dst(0, t), a, b, c, how, false, in, out));
    }

    /** x + y or x - y with the flag; x is a register, or a part of the product of two. */
    private static final class Carrying extends Op {
        private final boolean wide;
        private final int d;
        private final int m;
        private final int a;
        private final int b;
        /** 0: no product; 1: its low part; 2: its high part, unsigned; 3: signed. */
        private final int product;
        private final boolean subtract;
        private final boolean in;
        private final boolean out;

        Carrying(boolean wide, int d, int m, int a, int b, int product, boolean subtract, boolean in, boolean out) {
            this.wide = wide;
            this.d = d;
            this.m = m;
            this.a = a;
            this.b = b;
            this.product = product;
            this.subtract = subtract;
            this.in = in;
            this.out = out;
        }

        @Override
        void execute(Warp w, int mask) {
            int carries = w.frame.carry;
            int now = 0;
            for (int l = 0; l < 32; l++) {
                if ((mask >>> l & 1) == 0) {
                    continue;
                }
                int flag = in ? carries >>> l & 1 : 0;
                boolean carry;
                if (wide) {
                    long u = switch (product) {
                        case 0 -> w.q[a][l];
                        case 1 -> w.q[m][l] * w.q[a][l];
                        case 2 -> Math.unsignedMultiplyHigh(w.q[m][l], w.q[a][l]);
                        default -> Math.multiplyHigh(w.q[m][l], w.q[a][l]);
                    };
                    long v = w.q[b][l];
                    long r = subtract ? u - v - flag : u + v + flag;
                    carry = subtract
                            ? Long.compareUnsigned(u, v) < 0 || u == v && flag != 0
                            : Long.compareUnsigned(r, u) < 0 || r == u && flag != 0 && v == -1;
                    w.q[d][l] = r;
                } else {
                    int u = switch (product) {
                        case 0 -> w.r[a][l];
                        case 1 -> w.r[m][l] * w.r[a][l];
                        case 2 -> (int) ((w.r[m][l] & 0xffffffffL) * (w.r[a][l] & 0xffffffffL) >>> 32);
                        default -> (int) ((long) w.r[m][l] * w.r[a][l] >>> 32);
                    };
                    long r = subtract
                            ? (u & 0xffffffffL) - (w.r[b][l] & 0xffffffffL) - flag
                            : (u & 0xffffffffL) + (w.r[b][l] & 0xffffffffL) + flag;
                    carry = (r >> 32 & 1) != 0;
                    w.r[d][l] = (int) r;
                }
                now |= carry ? 1 << l : 0;
            }
            if (out) {
                w.frame.carry = carries & ~mask | now;
            }
        }
    }
}
