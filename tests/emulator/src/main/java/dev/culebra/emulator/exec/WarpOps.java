package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.memory.Poison;
import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;

/** What lanes of a warp do together: shuffles, votes, matches, reductions and the warp's barrier. */
final class WarpOps {

    private WarpOps() {}

    static void register(Families f) {
        f.add("shfl", WarpOps::shuffle);
        f.add("vote", WarpOps::vote);
        f.add("match", WarpOps::match);
        f.add("redux", WarpOps::reduce);
        f.add("elect", WarpOps::elect);
        f.add("activemask", x -> {
            if (x.type() != B32) {
                throw x.refuse("activemask.b32 is wanted");
            }
            x.done(1);
            int d = x.dst(0, B32);
            x.emit(new Op() {
                @Override
                void execute(Warp w, int mask) {
                    for (int l = 0; l < 32; l++) {
                        w.r[d][l] = (mask >>> l & 1) != 0 ? mask : w.r[d][l];
                    }
                }
            });
        });
    }

    private static void sync(Decoding x) {
        if (!x.take("sync")) {
            throw x.refuse("the form without .sync is gone since sm_70: .sync and a member mask are wanted");
        }
    }

    private static <T extends WarpSync> void emit(Decoding x, T op, Operand members) {
        op.members = x.src(members, B32);
        Integer constant = x.assembler.constantValue(op.members);
        op.constantMembers = constant == null ? 0 : constant;
        x.emitSplit(op);
    }

    static void warpBarrier(Decoding x) {
        sync(x);
        x.done(1);
        emit(x, new WarpSync() {
            @Override
            boolean pureBarrier() { return true; }

            @Override
            void perform(Warp w, int mask) {
                if (w.agent != null) {
                    meet(w, mask);
                }
            }
        }, x.operand(0));
    }

    /** Those who named the same lanes know of each other. */
    private static void meet(Warp w, int mask) {
        int left = mask;
        while (left != 0) {
            int members = w.named[Integer.numberOfTrailingZeros(left)];
            int same = 0;
            for (int m = left; m != 0; m &= m - 1) {
                same |= w.named[Integer.numberOfTrailingZeros(m)] == members ? m & -m : 0;
            }
            w.agent.meet(same);
            left &= ~same;
        }
    }

    private static Operand first(Operand o) { return o instanceof Operand.Pair p ? p.first() : o; }

    private static int second(Decoding x, Operand o) {
        return o instanceof Operand.Pair p ? x.predicateOut(p.second()) : -1;
    }

    private static void setLanes(Warp w, int predicate, int mask, int value) {
        if (predicate >= 0) {
            w.p[predicate] = w.p[predicate] & ~mask | value & mask;
        }
    }

    private static void shuffle(Decoding x) {
        sync(x);
        String mode = x.takeAny("up", "down", "bfly", "idx");
        PtxType t = x.type();
        x.done(5);
        if (mode == null || t != B32) {
            throw x.refuse("unknown instruction");
        }
        int way = switch (mode) {
            case "up" -> 0;
            case "down" -> 1;
            case "bfly" -> 2;
            default -> 3;
        };
        int a = x.src(1, t);
        int b = x.src(2, B32);
        int c = x.src(3, B32);
        int d = x.dst(first(x.operand(0)), t);
        int p = second(x, x.operand(0));
        emit(x, new WarpSync() {
            @Override
            void perform(Warp w, int mask) {
                int[] from = w.r[a];
                int[] to = w.t0;
                int inRange = 0;
                for (int l = 0; l < 32; l++) {
                    int n = w.r[b][l] & 31;
                    int segment = w.r[c][l] >>> 8 & 31;
                    int least = l & segment;
                    int most = least | w.r[c][l] & 31 & ~segment;
                    int j = switch (way) {
                        case 0 -> l - n;
                        case 1 -> l + n;
                        case 2 -> l ^ n;
                        default -> least | n & ~segment;
                    };
                    boolean ok = way == 0 ? j >= most : j <= most;
                    inRange |= ok ? 1 << l : 0;
                    // What an absent lane would give is undefined; that may be computed as long as it is not used.
                    boolean there = !ok || (mask & w.r[members][l] & 1 << j) != 0;
                    to[l] = there ? from[ok ? j : l] : Poison.WORD;
                }
                Alu.blend(w.r[d], to, mask);
                setLanes(w, p, mask, inRange);
            }
        }, x.operand(4));
    }

    private static void vote(Decoding x) {
        sync(x);
        String mode = x.takeAny("all", "any", "uni", "ballot");
        PtxType t = x.type();
        x.done(3);
        if (mode == null || t != (mode.equals("ballot") ? B32 : PRED)) {
            throw x.refuse("unknown instruction");
        }
        boolean ballot = mode.equals("ballot");
        int a = x.predicate(1);
        int d = ballot ? x.dst(0, t) : x.predicateOut(0);
        emit(x, new WarpSync() {
            @Override
            void perform(Warp w, int mask) {
                int votes = w.p[a];
                int yes = 0;
                for (int l = 0; l < 32; l++) {
                    if ((mask >>> l & 1) == 0) {
                        continue;
                    }
                    int voters = w.r[members][l] & mask;
                    int ayes = votes & voters;
                    if (ballot) {
                        w.r[d][l] = ayes;
                    } else {
                        boolean v = switch (mode) {
                            case "all" -> ayes == voters;
                            case "any" -> ayes != 0;
                            default -> ayes == 0 || ayes == voters;
                        };
                        yes |= v ? 1 << l : 0;
                    }
                }
                if (!ballot) {
                    setLanes(w, d, mask, yes);
                }
            }
        }, x.operand(2));
    }

    private static void match(Decoding x) {
        String mode = x.takeAny("any", "all");
        sync(x);
        PtxType t = x.type();
        x.done(3);
        if (mode == null || t != B32 && t != B64) {
            throw x.refuse("unknown instruction");
        }
        boolean all = mode.equals("all");
        int a = x.src(1, t);
        int d = x.dst(first(x.operand(0)), B32);
        int p = second(x, x.operand(0));
        emit(x, new WarpSync() {
            @Override
            void perform(Warp w, int mask) {
                int[] same = w.t0;
                int whole = 0;
                for (int l = 0; l < 32; l++) {
                    int among = w.r[members][l] & mask;
                    same[l] = 0;
                    for (int m = among; m != 0; m &= m - 1) {
                        int o = Integer.numberOfTrailingZeros(m);
                        boolean equal = t == B64 ? w.q[a][o] == w.q[a][l] : w.r[a][o] == w.r[a][l];
                        same[l] |= equal ? 1 << o : 0;
                    }
                    boolean complete = same[l] == among;
                    whole |= complete ? 1 << l : 0;
                    same[l] = all && !complete ? 0 : same[l];
                }
                Alu.blend(w.r[d], same, mask);
                setLanes(w, p, mask, whole);
            }
        }, x.operand(2));
    }

    private static void reduce(Decoding x) {
        sync(x);
        String op = x.takeAny("add", "min", "max", "and", "or", "xor");
        boolean magnitudes = x.take("abs");
        boolean nan = x.take("NaN");
        PtxType t = x.type();
        x.done(3);
        if (t == F32) {
            reduceFloats(x, op, magnitudes, nan);
            return;
        }
        x.require(80, 70);
        boolean bits = !magnitudes && !nan && op != null && t == B32
                && (op.equals("and") || op.equals("or") || op.equals("xor"));
        boolean number = !magnitudes && !nan && op != null && (t == U32 || t == S32)
                && (op.equals("add") || op.equals("min") || op.equals("max"));
        if (!bits && !number) {
            throw x.refuse("unknown instruction");
        }
        int a = x.src(1, t);
        int d = x.dst(0, t);
        emit(x, new WarpSync() {
            @Override
            void perform(Warp w, int mask) {
                for (int l = 0; l < 32; l++) {
                    int among = w.r[members][l] & mask;
                    if ((mask >>> l & 1) == 0) {
                        w.t0[l] = 0;
                        continue;
                    }
                    int v = w.r[a][l];
                    for (int m = among & ~(1 << l); m != 0; m &= m - 1) {
                        int o = w.r[a][Integer.numberOfTrailingZeros(m)];
                        v = switch (op) {
                            case "add" -> v + o;
                            case "and" -> v & o;
                            case "or" -> v | o;
                            case "xor" -> v ^ o;
                            case "min" -> t == S32 ? Math.min(v, o) : Integer.compareUnsigned(v, o) < 0 ? v : o;
                            default -> t == S32 ? Math.max(v, o) : Integer.compareUnsigned(v, o) > 0 ? v : o;
                        };
                    }
                    w.t0[l] = v;
                }
                Alu.blend(w.r[d], w.t0, mask);
            }
        }, x.operand(2));
    }

    private static void reduceFloats(Decoding x, String op, boolean magnitudes, boolean nan) {
        if (!"min".equals(op) && !"max".equals(op)) {
            throw x.refuse("unknown instruction");
        }
        x.requireSpecific(100, 86);
        boolean max = op.equals("max");
        int keep = magnitudes ? 0x7fffffff : -1;
        int a = x.src(1, F32);
        int d = x.dst(0, F32);
        emit(x, new WarpSync() {
            @Override
            void perform(Warp w, int mask) {
                for (int l = 0; l < 32; l++) {
                    int among = (mask >>> l & 1) != 0 ? w.r[members][l] & mask : 0;
                    float v = Float.intBitsToFloat(w.r[a][l] & keep);
                    for (int m = among & ~(1 << l); m != 0; m &= m - 1) {
                        int o = w.r[a][Integer.numberOfTrailingZeros(m)];
                        v = FloatOps.extreme(v, Float.intBitsToFloat(o & keep), max, nan);
                    }
                    w.t0[l] = Rounding.bits(v);
                }
                Alu.blend(w.r[d], w.t0, mask);
            }
        }, x.operand(2));
    }

    /** Elects the lowest lane of the mask, as hardware was seen to do; PTX only says that it is one and the same. */
    private static void elect(Decoding x) {
        sync(x);
        x.done(2);
        x.require(90, 80);
        int d = x.dst(first(x.operand(0)), B32);
        int p = second(x, x.operand(0));
        emit(x, new WarpSync() {
            @Override
            void perform(Warp w, int mask) {
                int leader = 0;
                for (int l = 0; l < 32; l++) {
                    w.t0[l] = Integer.numberOfTrailingZeros(w.r[members][l] & mask);
                    leader |= w.t0[l] == l ? 1 << l : 0;
                }
                Alu.blend(w.r[d], w.t0, mask);
                setLanes(w, p, mask, leader);
            }
        }, x.operand(1));
    }
}
