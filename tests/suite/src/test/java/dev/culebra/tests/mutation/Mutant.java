package dev.culebra.tests.mutation;

/**
 * One change of one line.
 *
 * @param kind what was changed
 * @param line which line of the text, from 1
 * @param before the instruction as it was
 * @param after as it is in the mutant; empty where it was removed
 */
record Mutant(Kind kind, int line, String before, String after) {

    /** What can be wrong with a kernel by one slip. */
    enum Kind {
        /** A barrier of the block or a warp is gone. */
        BARRIER("barrier removed"),
        /** A wait for asynchronous copies, or the end of a group of them, is gone, or one more group may be under way. */
        WAIT("wait or commit of copies removed, or one group late"),
        /** A load, a store or a copy goes one element aside. */
        ADDRESS("address off by one element"),
        /** What was to be done is not done, and the other way round. */
        PREDICATE("guard flipped"),
        /** A bound is taken in or left out; equal is unequal. */
        COMPARE("comparison off by its edge, or turned round"),
        /** A shuffle asks another lane. */
        SHUFFLE("shuffle asks another lane"),
        /** A shift is one too far or too short. */
        SHIFT("shift amount off by one"),
        /** A constant is one too large or too small. */
        CONSTANT("constant off by one"),
        /** A sum is a difference, and the other way round. */
        ADD_SUB("sum for difference"),
        /** Two registers of a fragment are exchanged. */
        FRAGMENT("registers of an mma fragment exchanged"),
        /** A store is not made. */
        STORE("store removed");

        final String words;

        Kind(String words) { this.words = words; }
    }

    /** The text with this change. */
    String in(String[] lines) {
        String[] changed = lines.clone();
        changed[line - 1] = after;
        return String.join("\n", changed);
    }

    /** The text with a trap where this change would be: tells whether the line is executed at all. */
    String trap(String[] lines) {
        String[] changed = lines.clone();
        changed[line - 1] = "trap;";
        return String.join("\n", changed);
    }

    @Override
    public String toString() {
        return before.strip().replaceAll("\\s+", " ") + " -> "
                + (after.isEmpty() ? "(removed)" : after.strip().replaceAll("\\s+", " "));
    }
}
