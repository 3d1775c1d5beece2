package dev.culebra.emulator.exec;

import dev.culebra.driver.spi.InstructionClass;

/** A translated instruction: decoded once, executed by warps of any number of threads at a time, so without state of its own. */
abstract class Op {

    /** Line of the PTX text. */
    int line;
    /** The instruction as written. */
    String text = "";
    /** Number of the predicate it runs under, or -1. */
    int guard = -1;
    /** -1 where it runs when the predicate is false, 0 otherwise. */
    int guardFlip;
    /** What it is counted as; null where it is no instruction of the text. */
    InstructionClass kind;
    /** Whether it stands for its instruction in counts of warps, and of lanes: of several ops one does each. */
    boolean countsWarps;
    boolean countsThreads;

    /** Whether it moves the program counter itself; others are followed by the next one. */
    final boolean control;

    Op() { this(false); }

    private Op(boolean control) { this.control = control; }

    /**
     * Does it for some lanes.
     *
     * @param w the warp, its register banks those of the current frame
     * @param mask lanes that take part; not 0 unless the op is {@linkplain #control control}
     */
    abstract void execute(Warp w, int mask);

    /** An op that sets {@code w.current.pc}, or takes the current split off its warp. */
    abstract static class Control extends Op {
        Control() { super(true); }
    }

    /** Where diverged parts of a warp meet: before the first instruction of a branch's immediate post-dominator. */
    static final class Join extends Control {
        @Override
        void execute(Warp w, int mask) { w.splits.join(); }
    }
}
