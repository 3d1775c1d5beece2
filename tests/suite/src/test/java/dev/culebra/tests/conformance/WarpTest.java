package dev.culebra.tests.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** What lanes do together: {@code shfl} (9.7.9.6), {@code vote}, {@code match}, {@code redux}, {@code elect} (9.7.13). */
class WarpTest extends Conformance {

    private final List<Case> cases = new ArrayList<>();

    @Override
    List<Case> cases() {
        if (!cases.isEmpty()) return cases;
        for (String mode : new String[]{"up", "down", "bfly", "idx"}) {
            shuffle(mode);
            halves(mode);
        }
        votes();
        matches();
        for (String t : new String[]{"u32", "s32"}) for (String op : new String[]{"add", "min", "max"}) reduce(op, t);
        for (String op : new String[]{"and", "or", "xor"}) reduce(op, "b32");
        masks();
        return cases;
    }

    /** The lane that a lane takes from, or -1: the ISA's formulas. */
    private static int source(String mode, int lane, long b, long c) {
        int bval = (int) b & 31;
        int cval = (int) c & 31;
        int segmask = (int) (c >>> 8) & 31;
        int maxLane = lane & segmask | cval & ~segmask & 31;
        int minLane = lane & segmask;
        int j = switch (mode) {
            case "up" -> lane - bval;
            case "down" -> lane + bval;
            case "bfly" -> lane ^ bval;
            default -> minLane | bval & ~segmask & 31;
        };
        boolean in = mode.equals("up") ? j >= maxLane : j <= maxLane;
        return in ? j : -1;
    }

    private static long value(int lane) { return 0x9e3779b9L * (lane + 1) & 0xffffffffL; }

    private void shuffle(String mode) {
        long[] bs = {0, 1, 2, 3, 8, 15, 16, 17, 30, 31, 32, 33, 0xffffffffL};
        // clamp | segment mask << 8: widths 32, 16, 8, 4 as compilers make them, clamps in the middle, and odd masks.
        long[] cs = {0x1f, 0, 0x100f, 0x1000, 0x181f, 0x1800, 0x1c1f, 0x1c03, 0x0a, 0x050f, 0x1f1f, 0x0f1f, 0xffe0};
        List<long[]> tuples = new ArrayList<>();
        for (long b : bs) for (long c : cs) for (int l = 0; l < 32; l++) tuples.add(new long[]{value(l), b, c});
        Random r = new Random(mode.hashCode());
        for (int w = 0; w < 8; w++) { // a different source for each lane
            long c = cs[w];
            for (int l = 0; l < 32; l++) tuples.add(new long[]{value(l), r.nextInt(32), c});
        }
        cases.add(Tuples.of("9.7.9.6/shfl.sync." + mode, "shfl.sync." + mode
                + ".b32 %o0|%p0, %i0, %i1, %i2, 0xffffffff; selp.b32 %o1, 1, 0, %p0;").in("b32", "b32", "b32")
                .out("b32", "pred")
                .over(tuples.toArray(long[][]::new)).answersOfWarps((in, out) -> {
                    for (int l = 0; l < 32; l++) {
                        int j = source(mode, l, in[l][1], in[l][2]);
                        out[l][0].is(in[j < 0 ? l : j][0]);
                        out[l][1].is(j < 0 ? 0 : 1);
                    }
                }));
    }

    /** Each half of a warp on a path of its own, with only its lanes in the member mask. */
    private void halves(String mode) {
        List<long[]> tuples = new ArrayList<>();
        for (long b : new long[]{0, 1, 3, 8, 15}) {
            for (int l = 0; l < 32; l++) tuples.add(new long[]{value(l), b, mode.equals("up") ? 0x1000 : 0x100f});
        }
        cases.add(Tuples.of("9.7.9.6/shfl.sync." + mode + "-halves", """
                setp.lt.u32 %p1, %r0, 16; @%p1 bra LOW;
                shfl.sync.MODE.b32 %o0|%p0, %i0, %i1, %i2, 0xffff0000; bra BOTH;
                LOW: shfl.sync.MODE.b32 %o0|%p0, %i0, %i1, %i2, 0x0000ffff; not.b32 %o0, %o0;
                BOTH: selp.b32 %o1, 1, 0, %p0;""".replace("MODE", mode)).in("b32", "b32", "b32").out("b32", "pred")
                .over(tuples.toArray(long[][]::new)).answersOfWarps((in, out) -> {
                    for (int l = 0; l < 32; l++) {
                        int j = source(mode, l, in[l][1], in[l][2]);
                        long v = in[j < 0 ? l : j][0];
                        out[l][0].is(l < 16 ? ~v : v);
                        out[l][1].is(j < 0 ? 0 : 1);
                    }
                }));
    }

    /** Warps of predicates, as words of 32 bits. */
    private static long[][] warpsOf(int... words) {
        List<long[]> tuples = new ArrayList<>();
        for (int w : words) for (int l = 0; l < 32; l++) tuples.add(new long[]{w >>> l & 1});
        return tuples.toArray(long[][]::new);
    }

    private static final int[] WORDS = {0, -1, 1, 0x80000000, 0x55555555, 0x0000ffff, 0xffff0000, 0x7fffffff,
        0x12345678};

    private void votes() {
        cases.add(Tuples.of("9.7.13.9/vote.sync", """
                setp.ne.b32 %p0, %i0, 0; vote.sync.ballot.b32 %o0, %p0, -1; vote.sync.all.pred %p1, %p0, -1;
                vote.sync.any.pred %p2, %p0, -1; vote.sync.uni.pred %p3, %p0, -1; vote.sync.ballot.b32 %o4, !%p0, -1;
                selp.b32 %o1, 1, 0, %p1; selp.b32 %o2, 1, 0, %p2; selp.b32 %o3, 1, 0, %p3;""").in("pred")
                .out("b32", "pred", "pred", "pred", "b32").over(warpsOf(WORDS)).answersOfWarps((in, out) -> {
                    long ballot = ballot(in, -1);
                    for (Tuples.Result[] o : out) vote(o, ballot, 0xffffffffL);
                }));
        // Lanes 0 to 9 and the others apart: each vote sees only its mask's.
        cases.add(Tuples
                .of("9.7.13.9/vote.sync-masks",
                        """
                                setp.ne.b32 %p0, %i0, 0; setp.lt.u32 %p4, %r0, 10; @%p4 bra LOW;
                                vote.sync.ballot.b32 %o0, %p0, 0xfffffc00; vote.sync.all.pred %p1, %p0, 0xfffffc00;
                                vote.sync.any.pred %p2, %p0, 0xfffffc00; vote.sync.uni.pred %p3, %p0, 0xfffffc00;
                                vote.sync.ballot.b32 %o4, !%p0, 0xfffffc00; bra BOTH;
                                LOW: vote.sync.ballot.b32 %o0, %p0, 0x3ff; vote.sync.all.pred %p1, %p0, 0x3ff;
                                vote.sync.any.pred %p2, %p0, 0x3ff; vote.sync.uni.pred %p3, %p0, 0x3ff; vote.sync.ballot.b32 %o4, !%p0, 0x3ff;
                                BOTH: selp.b32 %o1, 1, 0, %p1; selp.b32 %o2, 1, 0, %p2; selp.b32 %o3, 1, 0, %p3;""")
                .in("pred")
                .out("b32", "pred", "pred", "pred", "b32").over(warpsOf(WORDS)).answersOfWarps((in, out) -> {
                    for (int l = 0; l < 32; l++) {
                        long members = l < 10 ? 0x3ff : 0xfffffc00L;
                        vote(out[l], ballot(in, members), members);
                    }
                }));
    }

    private static long ballot(long[][] in, long members) {
        long b = 0;
        for (int l = 0; l < 32; l++) b |= in[l][0] != 0 && (members >>> l & 1) != 0 ? 1L << l : 0;
        return b;
    }

    private static void vote(Tuples.Result[] o, long ballot, long members) {
        o[0].is(ballot);
        o[1].is(ballot == members ? 1 : 0);
        o[2].is(ballot != 0 ? 1 : 0);
        o[3].is(ballot == 0 || ballot == members ? 1 : 0);
        o[4].is(~ballot & members);
    }

    private void matches() {
        for (String t : new String[]{"b32", "b64"}) {
            List<long[]> tuples = new ArrayList<>();
            Random r = new Random(5);
            for (int kinds : new int[]{1, 2, 3, 32}) {
                for (int l = 0; l < 32; l++) {
                    long v = kinds == 32 ? l : r.nextInt(kinds);
                    tuples.add(new long[]{v * 0x1_0000_0001L << 3}); // equal in one half is not equal
                }
            }
            for (int l = 0; l < 32; l++) tuples.add(new long[]{l == 31 ? 1L << Tuples.bits(t) - 1 : 0});
            cases.add(Tuples
                    .of("9.7.13.10/match.sync." + t,
                            "match.any.sync.T %o0, %i0, -1; match.all.sync.T %o1|%p0, %i0, -1; "
                                    .replace("T", t) + "selp.b32 %o2, 1, 0, %p0;")
                    .in(t).out("b32", "b32", "pred")
                    .over(tuples.toArray(long[][]::new)).answersOfWarps((in, out) -> {
                        for (int l = 0; l < 32; l++) {
                            long same = 0;
                            for (int k = 0; k < 32; k++) same |= in[k][0] == in[l][0] ? 1L << k : 0;
                            boolean all = same == 0xffffffffL;
                            out[l][0].is(same);
                            out[l][1].is(all ? same : 0);
                            out[l][2].is(all ? 1 : 0);
                        }
                    }));
        }
    }

    /** Over all lanes, and over the even and the odd ones by themselves. */
    private void reduce(String op, String t) {
        List<long[]> tuples = new ArrayList<>();
        long[] v = Values.of(t);
        for (int w = 0; w < 6; w++)
            for (int l = 0; l < 32; l++) tuples.add(new long[]{v[(w * 11 + l * (w + 1)) % v.length]});
        String i = "redux.sync." + op + "." + t;
        cases.add(Tuples
                .of("9.7.13.12/" + i, (i + " %o0, %i0, 0xffffffff; and.b32 %r1, %r0, 1; setp.eq.u32 %p0, %r1, 0;"
                        + "@%p0 bra EVEN; I %o1, %i0, 0xaaaaaaaa; bra BOTH; EVEN: I %o1, %i0, 0x55555555; BOTH:")
                        .replace("I ", i + " "))
                .in(t).out(t, t).over(tuples.toArray(long[][]::new)).answersOfWarps((in, out) -> {
                    for (int l = 0; l < 32; l++) {
                        out[l][0].is(fold(op, t, in, -1));
                        out[l][1].is(fold(op, t, in, l % 2));
                    }
                }));
    }

    private static long fold(String op, String t, long[][] in, int parity) {
        Long sum = null;
        for (int l = 0; l < 32; l++) {
            if (parity >= 0 && l % 2 != parity) continue;
            long v = in[l][0];
            boolean less = sum != null && Whole.of(t, v).compareTo(Whole.of(t, sum)) < 0;
            sum = sum == null ? v : switch (op) {
                case "add" -> sum + v;
                case "min" -> less ? v : sum;
                case "max" -> less ? sum : v;
                case "and" -> sum & v;
                case "or" -> sum | v;
                default -> sum ^ v;
            };
        }
        return sum;
    }

    private void masks() {
        cases.add(Tuples.of("9.7.13.11/activemask", """
                activemask.b32 %o0; setp.lt.u32 %p0, %r0, 12; @%p0 bra LOW; activemask.b32 %o1; bra BOTH;
                LOW: activemask.b32 %o1; BOTH: bar.warp.sync 0xffffffff;""").in("pred").out("b32", "b32")
                .over(warpsOf(0))
                .answersOfWarps((in, out) -> {
                    // Lanes of a path need not run together, but none of another path is among them.
                    for (int l = 0; l < 32; l++) {
                        long path = l < 12 ? 0xfff : 0xfffff000L;
                        long self = 1L << l;
                        out[l][0].isFree(-1, new Freedom("a mask with the lane", v -> (v & self) != 0));
                        out[l][1].isFree(path, new Freedom("the lane and others of its path",
                                v -> (v & self) != 0 && (v & ~path) == 0));
                    }
                }));
        // One lane of the mask is elected, always the same one, and all are told which.
        cases.add(Tuples.of("9.7.13.14/elect.sync", """
                elect.sync %o0|%p0, 0xffffffff; vote.sync.ballot.b32 %r1, %p0, -1; popc.b32 %o1, %r1;
                mov.b32 %r2, 1; shl.b32 %r2, %r2, %o0; xor.b32 %o2, %r1, %r2; elect.sync %r3|%p1, 0xffffffff;
                sub.u32 %o3, %r3, %o0;""").target(90, "8.0").in("pred").out("b32", "b32", "b32", "b32").over(warpsOf(0))
                .answersOfWarps((in, out) -> {
                    for (Tuples.Result[] o : out) {
                        o[0].isFree(0, new Freedom("a lane", v -> v < 32));
                        o[1].is(1);
                        o[2].is(0);
                        o[3].is(0);
                    }
                }));
        for (int k : new int[]{1, 5}) {
            // What one lane wrote before the barrier, another reads behind it.
            cases.add(Tuples.of("9.7.13.2/bar.warp.sync-" + k, """
                    mov.u32 %r1, buffer; shl.b32 %r2, %r0, 2; add.u32 %r2, %r1, %r2; st.shared.b32 [%r2], %i0;
                    bar.warp.sync 0xffffffff; add.u32 %r3, %r0, K; and.b32 %r3, %r3, 31; shl.b32 %r3, %r3, 2;
                    add.u32 %r3, %r1, %r3; ld.shared.b32 %o0, [%r3];""".replace("K", "" + k)).declare(
                    ".shared .align 4 .b8 buffer[128];\n").in("b32").out("b32").over(numbered())
                    .answersOfWarps((in, out) -> {
                        for (int l = 0; l < 32; l++) out[l][0].is(in[(l + k) % 32][0]);
                    }));
        }
    }

    private static long[][] numbered() {
        long[][] t = new long[64][1];
        for (int i = 0; i < 64; i++) t[i][0] = value(i);
        return t;
    }
}
