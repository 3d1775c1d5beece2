package dev.culebra.tests.conformance;

import dev.culebra.tests.conformance.Ieee.Number;

/** Single operations of sections 9.7.3 and 9.7.4 with their modifiers, on {@link Ieee}'s exact numbers. */
record Floating(Ieee f, char mode, boolean ftz, boolean sat, boolean relu) {

    /** By an instruction's name and modifiers, such as {@code fma.rz.ftz.sat.f32}; nearest where no rounding is told. */
    static Floating of(String instruction) {
        String type = instruction.substring(instruction.lastIndexOf('.') + 1).replace("x2", "");
        char mode = 'n';
        for (String m : new String[]{"rz", "rm", "rp"}) if (instruction.contains("." + m)) mode = m.charAt(1);
        return new Floating(Ieee.of(type), mode, instruction.contains(".ftz"), instruction.contains(".sat"),
                instruction.contains(".relu"));
    }

    Number read(long bits) { return f.decode(ftz ? f.flush(bits) : bits); }

    /** Rounds, flushes, and clamps to [0, 1], a NaN to +0, or from below to 0. */
    long write(Number n) {
        long r = ftz && f.isTiny(n, mode) ? n.negative() ? f.signBit() : 0 : f.round(n, mode);
        if (sat) {
            if (f.isNan(r) || f.negative(r)) return 0;
            if (!f.isZero(r) && Ieee.compare(f.decode(r), f.decode(f.one())) > 0) return f.one();
        }
        return relu && !f.isNan(r) && f.negative(r) ? 0 : r;
    }

    long add(long a, long b) { return write(Ieee.sum(read(a), read(b), mode)); }

    long subtract(long a, long b) { return write(Ieee.sum(read(a), read(b).negate(), mode)); }

    long multiply(long a, long b) { return write(Ieee.product(read(a), read(b))); }

    long fma(long a, long b, long c) { return write(Ieee.sum(Ieee.product(read(a), read(b)), read(c), mode)); }

    long divide(long a, long b) { return write(Ieee.quotient(read(a), read(b))); }

    long reciprocal(long a) { return write(Ieee.quotient(f.decode(f.one()), read(a))); }

    long root(long a) { return write(Ieee.root(read(a))); }

    long absolute(long a) { return write(read(a).abs()); }

    long negative(long a) { return write(read(a).negate()); }

    /** {@code min} or {@code max}, with .NaN and .xorsign.abs: 9.7.3.11 and .12. */
    long extreme(boolean max, boolean nan, boolean xorSign, long a, long b) {
        if (ftz) {
            a = f.flush(a);
            b = f.flush(b);
        }
        boolean sign = f.negative(a) != f.negative(b);
        if (xorSign) {
            a &= ~f.signBit();
            b &= ~f.signBit();
        }
        boolean na = f.isNan(a);
        boolean nb = f.isNan(b);
        if (na && nb || nan && (na || nb)) return f.nan();
        long d = na ? b : nb ? a : less(a, b) != max ? a : b;
        return xorSign ? d & ~f.signBit() | (sign ? f.signBit() : 0) : d;
    }

    /** "If values of both inputs are 0.0, then +0.0 > -0.0." */
    private boolean less(long a, long b) {
        int c = Ieee.compare(f.decode(a), f.decode(b));
        return c < 0 || c == 0 && f.negative(a) && !f.negative(b);
    }
}
