package dev.culebra.tests.emulator.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.culebra.emulator.exec.DeviceFault;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random programs of loads, stores and barriers of all kinds, against happens-before worked out by brute force: a vector clock a
 * thread, every pair of accesses compared. Barriers make the same order however the warps run, so a program races or it does
 * not; each store stores what no other does, so none is harmless.
 */
class RaceOracleTest {

    private record Access(int thread, int line, long from, long to, boolean write, int[] knows, int time) {
        boolean before(Access o) { return o.knows[thread] >= time; }

        boolean races(Access o) {
            return thread != o.thread && (write || o.write) && from < o.to && o.from < to && !before(o)
                    && !o.before(this);
        }
    }

    /** A program in text, and the clocks of its threads while it is written. */
    private static final class Program {
        final Random random;
        final int threads;
        final StringBuilder text = new StringBuilder(Snippet.FILL);
        final List<Access> accesses = new ArrayList<>();
        final int[][] clocks;
        int line;
        int steps;

        Program(long seed, int threads) {
            random = new Random(seed);
            this.threads = threads;
            clocks = new int[threads][threads];
            for (int t = 0; t < threads; t++) {
                clocks[t][t] = 1;
            }
            line = Snippet.firstLine() + (int) Snippet.FILL.lines().count();
            double density = 0.3 + 0.7 * random.nextDouble();
            int wanted = random.nextInt(2, 96 / (4 + 3 * warps()));
            while (steps < wanted) {
                access();
                if (random.nextDouble() < density) {
                    barrier();
                }
            }
        }

        private void add(String code) {
            text.append(code).append('\n');
            line++;
        }

        private int warps() { return threads / 32; }

        /** Sets %p for some threads and gives them. */
        private boolean[] some() {
            boolean[] who = new boolean[threads];
            int warp = random.nextInt(warps());
            int lane = random.nextInt(32);
            int kind = random.nextInt(5);
            for (int t = 0; t < threads; t++) {
                who[t] = switch (kind) {
                    case 0, 1 -> true;
                    case 2 -> t / 32 == warp;
                    case 3 -> t == 32 * warp + lane;
                    default -> t % 32 < 16;
                };
            }
            add(switch (kind) {
                case 0, 1 -> "setp.ge.u32 %p, %t, 0;";
                case 2 -> "setp.eq.u32 %p, %w, " + warp + ";";
                case 3 -> "setp.eq.u32 %p, %t, " + (32 * warp + lane) + ";";
                default -> "setp.lt.u32 %p, %l, 16;";
            });
            return who;
        }

        private void access() {
            steps++;
            boolean[] who = some();
            int size = 2 << random.nextInt(4);
            int flip = random.nextInt(3) == 0 ? new int[]{1, 2, 16, 32, 33}[random.nextInt(5)] : 0;
            boolean one = random.nextInt(12) == 0;
            int cell = random.nextInt(8);
            boolean write = random.nextBoolean();
            add("xor.b32 %b, %t, " + flip + "; " + (one ? "mov.u32 %b, " + cell + "; " : "") + "mul.lo.u32 %b, %b, "
                    + size
                    + "; and.b32 %b, %b, 1023; mov.u32 %c, smem; add.u32 %b, %b, %c; add.u32 %d, %t, " + 128 * steps
                    + "; cvt.u16.u32 %k0, %d;");
            String value = switch (size) {
                case 2 -> "%k0";
                case 4 -> "%d";
                case 8 -> "{%d, %d}";
                default -> "{%d, %d, %d, %d}";
            };
            String into = value.replace("%d", "%x0").replace("%k0", "%k1")
                    .replace("{%x0, %x0, %x0, %x0}", "{%x0, %x1, %x2, %x3}")
                    .replace("{%x0, %x0}", "{%x0, %x1}");
            String type = new String[]{"u16", "u32", "v2.u32", "v4.u32"}[Integer.numberOfTrailingZeros(size) - 1];
            for (int t = 0; t < threads; t++) {
                if (who[t]) {
                    long at = (one ? cell : t ^ flip) * size & 1023;
                    accesses.add(new Access(t, line, at, at + size, write, clocks[t].clone(), clocks[t][t]));
                }
            }
            add("@%p " + (write ? "st.shared." + type + " [%b], " + value : "ld.shared." + type + " " + into + ", [%b]")
                    + ";");
        }

        private void meet(List<Integer> from, List<Integer> to) {
            int[] all = new int[threads];
            for (int t : from) {
                for (int i = 0; i < threads; i++) {
                    all[i] = Math.max(all[i], clocks[t][i]);
                }
            }
            for (int t : to) {
                for (int i = 0; i < threads; i++) {
                    clocks[t][i] = Math.max(clocks[t][i], all[i]);
                }
            }
            for (int t : from) {
                clocks[t][t]++;
            }
        }

        private List<Integer> lanes(int warp, int first, int behind) {
            List<Integer> list = new ArrayList<>();
            for (int l = first; l < behind; l++) {
                list.add(32 * warp + l);
            }
            return list;
        }

        private void barrier() {
            int a = random.nextInt(warps());
            int b = (a + 1 + random.nextInt(Math.max(1, warps() - 1))) % warps();
            int id = 1 + steps % 15;
            int kind = random.nextInt(warps() > 1 ? 6 : 4);
            switch (random.nextInt(3) == 0 ? 0 : kind) {
                case 0 -> {
                    add("bar.sync 0;");
                    List<Integer> all = new ArrayList<>();
                    for (int w = 0; w < warps(); w++) {
                        all.addAll(lanes(w, 0, 32));
                    }
                    meet(all, all);
                }
                case 1 -> {
                    add("bar.warp.sync -1;");
                    for (int w = 0; w < warps(); w++) {
                        meet(lanes(w, 0, 32), lanes(w, 0, 32));
                    }
                }
                case 2 -> {
                    add("setp.eq.u32 %p, %w, " + a + "; @%p bar.warp.sync -1;");
                    meet(lanes(a, 0, 32), lanes(a, 0, 32));
                }
                case 3 -> {
                    int cut = random.nextInt(1, 32);
                    add("setp.lt.u32 %p, %l, " + cut + "; selp.b32 %e, " + ((1 << cut) - 1) + ", " + (-1 << cut)
                            + ", %p; bar.warp.sync %e;");
                    for (int w = 0; w < warps(); w++) {
                        meet(lanes(w, 0, cut), lanes(w, 0, cut));
                        meet(lanes(w, cut, 32), lanes(w, cut, 32));
                    }
                }
                case 4 -> {
                    add("setp.eq.u32 %p, %w, " + a + "; setp.eq.or.u32 %p, %w, " + b + ", %p; @%p bar.sync " + id
                            + ", 64;");
                    List<Integer> both = lanes(a, 0, 32);
                    both.addAll(lanes(b, 0, 32));
                    meet(both, both);
                }
                default -> {
                    add("setp.eq.u32 %p, %w, " + a + "; @%p bar.arrive " + id + ", 64; setp.eq.u32 %p, %w, " + b
                            + "; @%p bar.sync "
                            + id + ", 64;");
                    List<Integer> both = lanes(a, 0, 32);
                    both.addAll(lanes(b, 0, 32));
                    meet(both, lanes(b, 0, 32));
                }
            }
        }

        List<Access> at(int atLine, int thread) {
            return accesses.stream().filter(x -> x.line == atLine && x.thread == thread).toList();
        }

        boolean races() {
            for (int i = 0; i < accesses.size(); i++) {
                for (int j = 0; j < i; j++) {
                    if (accesses.get(i).races(accesses.get(j))) {
                        return true;
                    }
                }
            }
            return false;
        }
    }

    private static final Pattern OTHER = Pattern.compile(
            "(at|at or before) ptx line (\\d+) by thread \\((\\d+),0,0\\)|by thread \\((\\d+),0,0\\) with the same");

    /** Whether it races; the emulator must say the same, and name two accesses that do. */
    private static boolean compare(long seed, int threads) {
        Program p = new Program(seed, threads);
        boolean expected = p.races();
        DeviceFault f = new Snippet(p.text.toString()).run(threads);
        String told = "seed " + seed + ", " + threads + " threads: " + (f == null ? "nothing found" : f.diagnostic())
                + "\n" + p.text;
        assertEquals(expected, f != null, told);
        if (f != null) {
            Matcher m = OTHER.matcher(f.diagnostic());
            assertTrue(f.diagnostic().startsWith("race: ") && m.find(), told);
            int line = m.group(2) == null ? f.line() : Integer.parseInt(m.group(2));
            int thread = Integer.parseInt(m.group(3) == null ? m.group(4) : m.group(3));
            // Of many readers of a cell the lines of the first and the last are known.
            boolean exactly = !"at or before".equals(m.group(1));
            boolean found = false;
            for (Access x : p.at(f.line(), f.thread().x())) {
                for (Access y : p.accesses) {
                    found |= y.thread == thread && (exactly ? y.line == line : y.line <= line) && x.races(y);
                }
            }
            assertTrue(found, told);
        }
        return expected;
    }

    @ParameterizedTest
    @ValueSource(ints = {32, 64, 96})
    void saysWhatBruteForceSays(int threads) {
        int races = 0;
        int programs = 150;
        for (int i = 0; i < programs; i++) {
            races += compare(1000L * threads + i, threads) ? 1 : 0;
        }
        // Both answers must have been asked for often enough to mean something.
        assertTrue(races > programs / 5 && races < programs * 9 / 10, races + " of " + programs + " race");
    }
}
