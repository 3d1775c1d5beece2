package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.PtxType;
import java.util.EnumSet;
import java.util.Set;

/** Integer arithmetic of 64 bits. */
final class WideIntegerOps {

    private static final Set<PtxType> WIDE = EnumSet.of(U64, S64);

    private WideIntegerOps() {}

    static void register(Families f) {
        f.add("add", WIDE, x -> arithmetic(x, "add"));
        f.add("sub", WIDE, x -> arithmetic(x, "sub"));
        f.add("mul", WIDE, WideIntegerOps::mul);
        f.add("mad", WIDE, WideIntegerOps::mad);
        f.add("div", WIDE, x -> divide(x, false));
        f.add("rem", WIDE, x -> divide(x, true));
        f.add("min", WIDE, x -> extreme(x, false));
        f.add("max", WIDE, x -> extreme(x, true));
        f.add("abs", EnumSet.of(S64), x -> {
            PtxType t = x.type();
            x.done();
            Alu.ll(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Math.abs(a[l]);
                }
            }, t);
        });
        f.add("neg", EnumSet.of(S64), x -> {
            PtxType t = x.type();
            x.done();
            Alu.ll(x, (d, a) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = -a[l];
                }
            }, t);
        });
        f.add("sad", WIDE, x -> {
            PtxType t = x.type();
            x.done();
            Alu.llll(x, t == S64 ? (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = c[l] + (a[l] < b[l] ? b[l] - a[l] : a[l] - b[l]);
                }
            }
                    : (d, a, b, c) -> {
                        for (int l = 0; l < 32; l++) {
                            d[l] = c[l] + (Long.compareUnsigned(a[l], b[l]) < 0 ? b[l] - a[l] : a[l] - b[l]);
                        }
                    }, t);
        });
    }

    private static void arithmetic(Decoding x, String op) {
        if (x.take("cc")) {
            CarryOps.withCarryOut(x, op);
            return;
        }
        PtxType t = x.type();
        x.done();
        Alu.lll(x, op.equals("add") ? (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = a[l] + b[l];
            }
        } : (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = a[l] - b[l];
            }
        }, t);
    }

    private static void mul(Decoding x) {
        String part = x.takeAny("hi", "lo");
        PtxType t = x.type();
        x.done();
        if (part == null) {
            throw x.refuse(".hi or .lo is missing");
        }
        Alu.lll(x, part.equals("lo") ? (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = a[l] * b[l];
            }
        }
                : t == S64 ? (d, a, b) -> {
                    for (int l = 0; l < 32; l++) {
                        d[l] = Math.multiplyHigh(a[l], b[l]);
                    }
                } : (d, a, b) -> {
                    for (int l = 0; l < 32; l++) {
                        d[l] = Math.unsignedMultiplyHigh(a[l], b[l]);
                    }
                }, t);
    }

    private static void mad(Decoding x) {
        String part = x.takeAny("hi", "lo");
        if (x.take("cc")) {
            CarryOps.madWithCarryOut(x, part);
            return;
        }
        PtxType t = x.type();
        x.done();
        if (part == null) {
            throw x.refuse(".hi or .lo is missing");
        }
        Alu.llll(x, part.equals("lo") ? (d, a, b, c) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = a[l] * b[l] + c[l];
            }
        }
                : t == S64 ? (d, a, b, c) -> {
                    for (int l = 0; l < 32; l++) {
                        d[l] = Math.multiplyHigh(a[l], b[l]) + c[l];
                    }
                } : (d, a, b, c) -> {
                    for (int l = 0; l < 32; l++) {
                        d[l] = Math.unsignedMultiplyHigh(a[l], b[l]) + c[l];
                    }
                }, t);
    }

    private static void divide(Decoding x, boolean remainder) {
        PtxType t = x.type();
        x.done();
        Alu.lll(x, t == S64 ? remainder ? (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = b[l] == 0 ? -1 : a[l] % b[l];
            }
        } : (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = b[l] == 0 ? -1 : a[l] / b[l];
            }
        }
                : remainder ? (d, a, b) -> {
                    for (int l = 0; l < 32; l++) {
                        d[l] = b[l] == 0 ? -1 : Long.remainderUnsigned(a[l], b[l]);
                    }
                }
                        : (d, a, b) -> {
                            for (int l = 0; l < 32; l++) {
                                d[l] = b[l] == 0 ? -1 : Long.divideUnsigned(a[l], b[l]);
                            }
                        },
                t);
    }

    private static void extreme(Decoding x, boolean max) {
        PtxType t = x.type();
        x.done();
        Alu.lll(x, t == S64 ? max ? (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Math.max(a[l], b[l]);
            }
        } : (d, a, b) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Math.min(a[l], b[l]);
            }
        }
                : max ? (d, a, b) -> {
                    for (int l = 0; l < 32; l++) {
                        d[l] = Long.compareUnsigned(a[l], b[l]) > 0 ? a[l] : b[l];
                    }
                }
                        : (d, a, b) -> {
                            for (int l = 0; l < 32; l++) {
                                d[l] = Long.compareUnsigned(a[l], b[l]) < 0 ? a[l] : b[l];
                            }
                        },
                t);
    }
}
