package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.exec.Alu.III;
import dev.culebra.emulator.ptx.PtxType;
import java.util.EnumSet;
import java.util.Set;

/** Integer arithmetic of up to 32 bits. Registers of 16 bits hold their value in the low half, the high half zero. */
final class IntegerOps {

    static final Set<PtxType> NARROW = EnumSet.of(U16, S16, U32, S32, U16X2, S16X2);

    private IntegerOps() {}

    static void register(Families f) {
        f.add("add", NARROW, x -> arithmetic(x, '+'));
        f.add("sub", NARROW, x -> arithmetic(x, '-'));
        f.add("mul", EnumSet.of(U16, S16, U32, S32), IntegerOps::mul);
        f.add("mad", EnumSet.of(U16, S16, U32, S32), IntegerOps::mad);
        f.add("div", EnumSet.of(U16, S16, U32, S32), x -> divide(x, false));
        f.add("rem", EnumSet.of(U16, S16, U32, S32), x -> divide(x, true));
        f.add("min", NARROW, x -> extreme(x, false));
        f.add("max", NARROW, x -> extreme(x, true));
        f.add("abs", EnumSet.of(S16, S32), IntegerOps::abs);
        f.add("neg", EnumSet.of(S16, S32), IntegerOps::neg);
        f.add("sad", EnumSet.of(U16, S16, U32, S32), IntegerOps::sad);
    }

    private static void arithmetic(Decoding x, char op) {
        if (x.take("cc")) {
            CarryOps.withCarryOut(x, op == '+' ? "add" : "sub");
            return;
        }
        boolean sat = x.take("sat");
        PtxType t = x.type();
        x.done();
        if (sat && t != S32) {
            throw x.refuse(".sat wants .s32");
        }
        III f = switch (t) {
            case U16, S16 -> op == '+' ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] + b[l] & 0xffff;
                }
            } : (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] - b[l] & 0xffff;
                }
            };
            case U16X2, S16X2 -> op == '+' ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] + b[l] & 0xffff | (a[l] & 0xffff0000) + (b[l] & 0xffff0000);
                }
            }
                    : (d, a, b) -> {
                        for (int l = 0; l < 32; l++) {
                            d[l] = a[l] - b[l] & 0xffff | (a[l] & 0xffff0000) - (b[l] & 0xffff0000);
                        }
                    };
            default -> sat ? op == '+' ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = clamp((long) a[l] + b[l]);
                }
            } : (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = clamp((long) a[l] - b[l]);
                }
            }
                    : op == '+' ? (d, a, b) -> {
                        for (int l = 0; l < 32; l++) {
                            d[l] = a[l] + b[l];
                        }
                    } : (d, a, b) -> {
                        for (int l = 0; l < 32; l++) {
                            d[l] = a[l] - b[l];
                        }
                    };
        };
        if (t == U16X2 || t == S16X2) {
            x.require(90, 80);
        }
        Alu.iii(x, f, t);
    }

    static int clamp(long v) { return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, v)); }

    private static void mul(Decoding x) {
        String part = x.takeAny("hi", "lo", "wide");
        PtxType t = x.type();
        x.done();
        if (part == null) {
            throw x.refuse(".hi, .lo or .wide is missing");
        }
        switch (part + "." + Decoding.lower(t)) {
            case "lo.u16", "lo.s16" -> Alu.iii(x, (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] * b[l] & 0xffff;
                }
            }, t);
            case "hi.u16" -> Alu.iii(x, (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] * b[l] >>> 16;
                }
            }, t);
            case "hi.s16" -> Alu.iii(x, (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = (short) a[l] * (short) b[l] >>> 16;
                }
            }, t);
            case "wide.u16" -> Alu.iii(x, (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] * b[l];
                }
            }, U32, t, t);
            case "wide.s16" -> Alu.iii(x, (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = (short) a[l] * (short) b[l];
                }
            }, S32, t, t);
            case "lo.u32", "lo.s32" -> Alu.iii(x, (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] * b[l];
                }
            }, t);
            case "hi.u32" -> Alu.iii(x, (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = (int) ((a[l] & 0xffffffffL) * (b[l] & 0xffffffffL) >>> 32);
                }
            }, t);
            case "hi.s32" -> Alu.iii(x, (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = (int) ((long) a[l] * b[l] >>> 32);
                }
            }, t);
            case "wide.u32" -> Alu.lii(x, (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = (a[l] & 0xffffffffL) * (b[l] & 0xffffffffL);
                }
            }, U64, t);
            default -> Alu.lii(x, (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = (long) a[l] * b[l];
                }
            }, S64, t);
        }
    }

    private static void mad(Decoding x) {
        String part = x.takeAny("hi", "lo", "wide");
        if (x.take("cc")) {
            CarryOps.madWithCarryOut(x, part);
            return;
        }
        boolean sat = x.take("sat");
        PtxType t = x.type();
        x.done();
        if (part == null || sat && !(part.equals("hi") && t == S32)) {
            throw x.refuse("unknown instruction");
        }
        switch (part + "." + Decoding.lower(t)) {
            case "lo.u16", "lo.s16" -> Alu.iiii(x, (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] * b[l] + c[l] & 0xffff;
                }
            }, t, t, t, t);
            case "hi.u16" -> Alu.iiii(x, (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = (a[l] * b[l] >>> 16) + c[l] & 0xffff;
                }
            }, t, t, t, t);
            case "hi.s16" -> Alu.iiii(x, (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = ((short) a[l] * (short) b[l] >> 16) + c[l] & 0xffff;
                }
            }, t, t, t, t);
            case "wide.u16" -> Alu.iiii(x, (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] * b[l] + c[l];
                }
            }, U32, t, t, U32);
            case "wide.s16" -> Alu.iiii(x, (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = (short) a[l] * (short) b[l] + c[l];
                }
            }, S32, t, t, S32);
            case "lo.u32", "lo.s32" -> Alu.iiii(x, (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = a[l] * b[l] + c[l];
                }
            }, t, t, t, t);
            case "hi.u32" -> Alu.iiii(x, (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = (int) ((a[l] & 0xffffffffL) * (b[l] & 0xffffffffL) >>> 32) + c[l];
                }
            }, t, t, t, t);
            case "hi.s32" -> Alu.iiii(x, sat ? (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = clamp(((long) a[l] * b[l] >> 32) + c[l]);
                }
            }
                    : (d, a, b, c) -> {
                        for (int l = 0; l < 32; l++) {
                            d[l] = (int) ((long) a[l] * b[l] >>> 32) + c[l];
                        }
                    }, t, t, t, t);
            case "wide.u32" -> Alu.liil(x, (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = (a[l] & 0xffffffffL) * (b[l] & 0xffffffffL) + c[l];
                }
            }, U64, t);
            default -> Alu.liil(x, (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = (long) a[l] * b[l] + c[l];
                }
            }, S64, t);
        }
    }

    /** PTX leaves division by zero open; an H200 gives all ones, as remainder too. */
    private static void divide(Decoding x, boolean remainder) {
        PtxType t = x.type();
        x.done();
        Alu.iii(x, switch (t) {
            case U16 -> remainder ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = b[l] == 0 ? 0xffff : a[l] % b[l];
                }
            } : (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = b[l] == 0 ? 0xffff : a[l] / b[l];
                }
            };
            case S16 -> remainder ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = b[l] == 0 ? 0xffff : (short) a[l] % (short) b[l] & 0xffff;
                }
            }
                    : (d, a, b) -> {
                        for (int l = 0; l < 32; l++) {
                            d[l] = b[l] == 0 ? 0xffff : (short) a[l] / (short) b[l] & 0xffff;
                        }
                    };
            case U32 -> remainder ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = b[l] == 0 ? -1 : Integer.remainderUnsigned(a[l], b[l]);
                }
            }
                    : (d, a, b) -> {
                        for (int l = 0; l < 32; l++) {
                            d[l] = b[l] == 0 ? -1 : Integer.divideUnsigned(a[l], b[l]);
                        }
                    };
            default -> remainder ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = b[l] == 0 ? -1 : a[l] % b[l];
                }
            } : (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = b[l] == 0 ? -1 : a[l] / b[l];
                }
            };
        }, t);
    }

    private static void extreme(Decoding x, boolean max) {
        boolean relu = x.take("relu");
        PtxType t = x.type();
        x.done();
        if (relu && !t.signed() && t != S16X2) {
            throw x.refuse(".relu wants a signed type");
        }
        III f = switch (t) {
            case U16 -> max ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Math.max(a[l], b[l]);
                }
            } : (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Math.min(a[l], b[l]);
                }
            };
            case S16 -> max ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Math.max((short) a[l], (short) b[l]) & 0xffff;
                }
            } : (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Math.min((short) a[l], (short) b[l]) & 0xffff;
                }
            };
            case U32 -> max ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Integer.compareUnsigned(a[l], b[l]) > 0 ? a[l] : b[l];
                }
            }
                    : (d, a, b) -> {
                        for (int l = 0; l < 32; l++) {
                            d[l] = Integer.compareUnsigned(a[l], b[l]) < 0 ? a[l] : b[l];
                        }
                    };
            case S32 -> max ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Math.max(a[l], b[l]);
                }
            } : (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Math.min(a[l], b[l]);
                }
            };
            case U16X2 -> max ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Math.max(a[l] & 0xffff, b[l] & 0xffff) | Math.max(a[l] >>> 16, b[l] >>> 16) << 16;
                }
            }
                    : (d, a, b) -> {
                        for (int l = 0; l < 32; l++) {
                            d[l] = Math.min(a[l] & 0xffff, b[l] & 0xffff) | Math.min(a[l] >>> 16, b[l] >>> 16) << 16;
                        }
                    };
            default -> max ? (d, a, b) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = Math.max((short) a[l], (short) b[l]) & 0xffff | Math.max(a[l] >> 16, b[l] >> 16) << 16;
                }
            }
                    : (d, a, b) -> {
                        for (int l = 0; l < 32; l++) {
                            d[l] = Math.min((short) a[l], (short) b[l]) & 0xffff
                                    | Math.min(a[l] >> 16, b[l] >> 16) << 16;
                        }
                    };
        };
        if (relu) {
            x.require(90, 80);
        }
        Alu.iii(x, !relu ? f : (d, a, b) -> {
            f.run(d, a, b);
            for (int l = 0; l < 32; l++) {
                d[l] = switch (t) {
                    case S32 -> Math.max(d[l], 0);
                    case S16 -> (short) d[l] < 0 ? 0 : d[l];
                    default -> ((short) d[l] < 0 ? 0 : d[l] & 0xffff) | Math.max(d[l] >> 16, 0) << 16;
                };
            }
        }, t);
    }

    private static void abs(Decoding x) {
        PtxType t = x.type();
        x.done();
        Alu.ii(x, t == S16 ? (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Math.abs((short) a[l]) & 0xffff;
            }
        } : (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = Math.abs(a[l]);
            }
        }, t, t);
    }

    private static void neg(Decoding x) {
        PtxType t = x.type();
        x.done();
        Alu.ii(x, t == S16 ? (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = -a[l] & 0xffff;
            }
        } : (d, a) -> {
            for (int l = 0; l < 32; l++) {
                d[l] = -a[l];
            }
        }, t, t);
    }

    private static void sad(Decoding x) {
        PtxType t = x.type();
        x.done();
        Alu.iiii(x, switch (t) {
            case U16 -> (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = c[l] + Math.abs(a[l] - b[l]) & 0xffff;
                }
            };
            case S16 -> (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = c[l] + Math.abs((short) a[l] - (short) b[l]) & 0xffff;
                }
            };
            case U32 -> (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = c[l] + (int) Math.abs((a[l] & 0xffffffffL) - (b[l] & 0xffffffffL));
                }
            };
            default -> (d, a, b, c) -> {
                for (int l = 0; l < 32; l++) {
                    d[l] = c[l] + (int) Math.abs((long) a[l] - b[l]);
                }
            };
        }, t, t, t, t);
    }
}
