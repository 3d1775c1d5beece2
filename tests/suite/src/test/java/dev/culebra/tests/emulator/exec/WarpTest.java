package dev.culebra.tests.emulator.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Shuffles, votes, matches and reductions, by the ISA's pseudo-code. */
class WarpTest {

    private static int[] random(int seed) { return new Random(seed).ints(32).toArray(); }

    @ParameterizedTest
    @CsvSource({"up,0", "up,0x1800", "up,0x1000", "down,31", "down,0x181f", "down,0x100f", "bfly,31", "bfly,0x1c1f",
        "idx,31", "idx,0x181f",
        "idx,0x1003"})
    void shuffle(String mode, String c) {
        int[] a = random(1);
        int clamp = Integer.decode(c);
        for (int b : new int[]{0, 1, 3, 8, 16, 31, 33}) {
            int[] got = Rig.ints(
                    "shfl.sync." + mode + ".b32 %d|%p, %a, " + b + ", " + c
                            + ", -1; selp.b32 %t0, 1, 0, %p; xor.b32 %d, %d, %t0;",
                    a);
            for (int lane = 0; lane < 32; lane++) {
                int bval = b & 31;
                int cval = clamp & 31;
                int segment = clamp >> 8 & 31;
                int maxLane = lane & segment | cval & ~segment;
                int minLane = lane & segment;
                int j = 0;
                boolean p = false;
                switch (mode) {
                    case "up" -> {
                        j = lane - bval;
                        p = j >= maxLane;
                    }
                    case "down" -> {
                        j = lane + bval;
                        p = j <= maxLane;
                    }
                    case "bfly" -> {
                        j = lane ^ bval;
                        p = j <= maxLane;
                    }
                    default -> {
                        j = minLane | bval & ~segment;
                        p = j <= maxLane;
                    }
                }
                assertEquals(a[p ? j : lane] ^ (p ? 1 : 0), got[lane], mode + " " + b + " " + c + " lane " + lane);
            }
        }
    }

    @Test
    void votesOfGroupsWithMasksOfTheirOwn() {
        // lanes vote in groups of eight, each lane naming its own group
        String group = "and.b32 %t0, %tid, 24; mov.u32 %t1, 255; shl.b32 %t1, %t1, %t0; setp.ne.u32 %p, %a, 0; ";
        int[] a = new int[32];
        for (int l = 0; l < 32; l++) {
            a[l] = l < 8 ? 1 : l < 16 ? 0 : l & 1;
        }
        int[] ballot = Rig.ints(group + "vote.sync.ballot.b32 %d, %p, %t1;", a);
        int[] all = Rig.ints(group + "vote.sync.all.pred %q, %p, %t1; selp.b32 %d, 1, 0, %q;", a);
        int[] any = Rig.ints(group + "vote.sync.any.pred %q, !%p, %t1; selp.b32 %d, 1, 0, %q;", a);
        int[] uni = Rig.ints(group + "vote.sync.uni.pred %q, %p, %t1; selp.b32 %d, 1, 0, %q;", a);
        int[] votes = {0xff, 0, 0xaa0000, 0xaa000000};
        for (int l = 0; l < 32; l++) {
            assertEquals(votes[l / 8], ballot[l]);
            assertEquals(l < 8 ? 1 : 0, all[l]);
            assertEquals(l < 8 ? 0 : 1, any[l]);
            assertEquals(l < 16 ? 1 : 0, uni[l]);
        }
    }

    @Test
    void votesOfDivergedLanes() {
        int[] got = Rig.ints("""
                setp.lt.u32 %p, %tid, 12; @%p bra LOW;
                activemask.b32 %d; bra DONE;
                LOW: setp.lt.u32 %q, %tid, 3; vote.sync.ballot.b32 %d, %q, 0xfff;
                DONE:""", new int[]{0});
        for (int l = 0; l < 32; l++) {
            assertEquals(l < 12 ? 7 : 0xfffff000, got[l]);
        }
    }

    @Test
    void matches() {
        int[] a = new int[32];
        for (int l = 0; l < 32; l++) {
            a[l] = l % 3;
        }
        int[] any = Rig.ints("match.any.sync.b32 %d, %a, -1;", a);
        int[] all = Rig.ints("match.all.sync.b32 %d|%p, %a, -1; @%p mov.u32 %d, 99;", a);
        int[] same = Rig.ints("match.all.sync.b32 %d|%p, 5, -1; selp.b32 %t0, 1, 0, %p; xor.b32 %d, %d, %t0;", a);
        for (int l = 0; l < 32; l++) {
            int mask = 0;
            for (int o = 0; o < 32; o++) {
                mask |= a[o] == a[l] ? 1 << o : 0;
            }
            assertEquals(mask, any[l]);
            assertEquals(0, all[l]);
            assertEquals(-1 ^ 1, same[l]);
        }
    }

    @Test
    void reductions() {
        int[] a = random(4);
        int sum = 0;
        int and = -1;
        int or = 0;
        int xor = 0;
        int min = Integer.MAX_VALUE;
        long most = 0;
        for (int v : a) {
            sum += v;
            and &= v | 0xff;
            or |= v & 0xff00;
            xor ^= v;
            min = Math.min(min, v);
            most = Math.max(most, v & 0xffffffffL);
        }
        assertEquals(sum, Rig.ints("redux.sync.add.s32 %d, %a, -1;", a)[9]);
        assertEquals(and, Rig.ints("or.b32 %a, %a, 255; redux.sync.and.b32 %d, %a, -1;", a)[0]);
        assertEquals(or, Rig.ints("and.b32 %a, %a, 0xff00; redux.sync.or.b32 %d, %a, -1;", a)[31]);
        assertEquals(xor, Rig.ints("redux.sync.xor.b32 %d, %a, -1;", a)[3]);
        assertEquals(min, Rig.ints("redux.sync.min.s32 %d, %a, -1;", a)[3]);
        assertEquals((int) most, Rig.ints("redux.sync.max.u32 %d, %a, -1;", a)[3]);
    }
}
