package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.PtxType;

/** Fields of bits: extracted, inserted, masked, extended. */
final class FieldOps {

    private FieldOps() {}

    static void register(Families f) {
        f.add("bfe", FieldOps::extract);
        f.add("bfi", FieldOps::insert);
        f.add("bmsk", FieldOps::mask);
        f.add("szext", FieldOps::extend);
        f.add("fns", FieldOps::nth);
    }

    /** Position and length are bytes; what lies beyond the register is its sign, or zero when unsigned. */
    static long extract(long a, int position, int length, int width, boolean signed) {
        int p = position & 0xff;
        int n = length & 0xff;
        if (n == 0) {
            return 0;
        }
        long v = width == 64 ? a : signed ? (int) a : a & 0xffffffffL;
        long shifted = p > 63 ? signed ? v >> 63 : 0 : signed ? v >> p : v >>> p;
        if (n >= 64) {
            return shifted;
        }
        if (!signed) {
            return shifted & (1L << n) - 1;
        }
        // The sign is the field's top bit, or the register's when the field reaches beyond it: shifted already continues that.
        return shifted << 64 - n >> 64 - n;
    }

    private static void extract(Decoding x) {
        PtxType t = x.type();
        x.done();
        boolean s = t.signed();
        switch (t) {
            case U32, S32 -> Alu.iiii(x, (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = (int) extract(a[l], b[l], c[l], 32, s);
                }
            }, t, t, U32, U32);
            case U64, S64 -> Alu.llii(x, (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = extract(a[l], b[l], c[l], 64, s);
                }
            }, t);
            default -> throw x.refuse("unknown instruction");
        }
    }

    private static long field(int position, int length) {
        int p = position & 0xff;
        int n = length & 0xff;
        long ones = n > 63 ? -1 : (1L << n) - 1;
        return p > 63 ? 0 : ones << p;
    }

    private static long up(long v, int position) { return (position & 0xff) > 63 ? 0 : v << (position & 0xff); }

    private static void insert(Decoding x) {
        PtxType t = x.type();
        x.done();
        switch (t) {
            case B32 -> Alu.iiiii(x, (d, a, b, c, e) -> {
                for (int l = 0; l < 32; l++) {
                    int m = (int) field(c[l], e[l]);
                    d[l] = b[l] & ~m | (int) up(a[l], c[l]) & m;
                }
            }, t, t, t, U32, U32);
            case B64 -> Alu.lllii(x, (d, a, b, c, e) -> {
                for (int l = 0; l < 32; l++) {
                    long m = field(c[l], e[l]);
                    d[l] = b[l] & ~m | up(a[l], c[l]) & m;
                }
            }, t);
            default -> throw x.refuse("unknown instruction");
        }
    }

    /** A position or a length as it is, not its low byte alone as bfe and bfi take it; 32 stands for all beyond. */
    private static int clamp(int v) {
        return Integer.compareUnsigned(v, 32) > 0 ? 32 : v;
    }

    private static void mask(Decoding x) {
        String mode = x.takeAny("clamp", "wrap");
        boolean clamp = "clamp".equals(mode);
        PtxType t = x.type();
        if (mode == null || t != B32) {
            throw x.refuse("bmsk.clamp.b32 or bmsk.wrap.b32 is wanted");
        }
        x.done();
        Alu.iii(x, clamp ? (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = (int) field(clamp(a[l]), clamp(b[l]));
            }
        } : (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = (int) field(a[l] & 31, b[l] & 31);
            }
        }, t);
    }

    private static void extend(Decoding x) {
        boolean clamp = "clamp".equals(x.takeAny("clamp", "wrap"));
        PtxType t = x.type();
        x.done();
        boolean s = t.signed();
        Alu.iii(x, (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                int n = clamp ? clamp(b[l]) : b[l] & 31;
                d[l] = n == 0 ? 0 : s ? a[l] << 32 - n >> 32 - n : a[l] << 32 - n >>> 32 - n;
            }
        }, t, t, U32);
    }

    /** The n-th set bit from a base on, upwards for positive n and downwards for negative; the base itself counts. */
    private static int nth(int mask, int base, int offset) {
        if (offset == 0) {
            return (mask >>> base & 1) != 0 ? base : -1;
        }
        int step = offset > 0 ? 1 : -1;
        int left = Math.abs(offset);
        for (int i = base; i >= 0 && i < 32; i += step) {
            if ((mask >>> i & 1) != 0 && --left == 0) {
                return i;
            }
        }
        return -1;
    }

    private static void nth(Decoding x) {
        PtxType t = x.type();
        x.done();
        if (t != B32) {
            throw x.refuse("fns.b32 is wanted");
        }
        Alu.iiii(x, (d, a, b, c) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = nth(a[l], b[l] & 31, c[l]);
            }
        }, t, B32, U32, S32);
    }
}
