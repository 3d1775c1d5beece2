package dev.culebra.emulator.exec;

/** How often the warps of one block have executed each op of a program. */
final class Profile {

    final Program program;
    final long[] warps;
    final long[] active;
    final long[] threads;

    Profile(Program program) {
        this.program = program;
        this.warps = new long[program.ops.length];
        this.active = new long[program.ops.length];
        this.threads = new long[program.ops.length];
    }

    /** A warp comes to an op, with some of its lanes. */
    void count(int pc, int lanes) {
        warps[pc]++;
        active[pc] += lanes == 0 ? 0 : 1;
        threads[pc] += Integer.bitCount(lanes);
    }

    void add(Profile other) {
        for (int i = 0; i < warps.length; i++) {
            warps[i] += other.warps[i];
            active[i] += other.active[i];
            threads[i] += other.threads[i];
        }
    }
}
