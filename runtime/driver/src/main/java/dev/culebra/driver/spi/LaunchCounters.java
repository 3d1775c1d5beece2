package dev.culebra.driver.spi;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What one launch executed, counted exactly. The counts are of PTX, not of machine code, and of the instructions alone: they
 * say nothing about time. They depend on the kernel, its arguments and what it reads, and neither on the number of host
 * threads nor on the run, but for kernels whose own flow does: those that spin until another block has done something, or
 * look at a clock. Immutable.
 *
 * <p>
 * A warp instruction is one instruction executed once by a warp, whatever lanes took part, none included (a predicate that
 * is false everywhere). Lanes of a warp that have parted count one each time they come separately.
 *
 * @param kernel the entry's name
 * @param grid blocks of the launch
 * @param block threads of a block
 * @param warpInstructions warp instructions
 * @param threadInstructions the same times the lanes that took part: threads that had not exited, were on this path, and whose
 *        predicate was true
 * @param instructions warp instructions of each class; a class that was not executed is missing. They add up to
 *        {@code warpInstructions}
 * @param shared the traffic of shared memory
 * @param global the traffic of global memory, in sectors
 * @param barriers how often a warp came to a barrier of its block ({@code bar} and {@code barrier}, but for {@code bar.warp})
 * @param divergentBranches how often lanes of a warp parted at a branch, or at a guarded instruction that lanes do together
 * @param bytes what lanes asked for in each space; a space that was not touched is missing
 * @param lines how often each instruction of the text was executed, in the order of the text, functions that were called
 *        included; instructions that were never reached are there with zeros
 */
public record LaunchCounters(String kernel, Extent grid, Extent block, long warpInstructions, long threadInstructions,
        Map<InstructionClass, Long> instructions, Wavefronts shared, Sectors global, long barriers,
        long divergentBranches, Map<MemorySpace, Bytes> bytes, List<LineCount> lines) {

    /**
     * Copies what can change.
     *
     * @throws NullPointerException for a missing value
     */
    public LaunchCounters {
        Objects.requireNonNull(kernel, "kernel");
        Objects.requireNonNull(grid, "grid");
        Objects.requireNonNull(block, "block");
        Objects.requireNonNull(shared, "shared");
        Objects.requireNonNull(global, "global");
        // In the order of the enums, so that two equal counts print alike.
        Map<InstructionClass, Long> classes = new EnumMap<>(InstructionClass.class);
        classes.putAll(instructions);
        instructions = Collections.unmodifiableMap(classes);
        Map<MemorySpace, Bytes> spaces = new EnumMap<>(MemorySpace.class);
        spaces.putAll(bytes);
        bytes = Collections.unmodifiableMap(spaces);
        lines = List.copyOf(lines);
    }

    /**
     * Lane instructions: what the issue slots pay for.
     *
     * @return 32 for each warp instruction, whatever its mask
     */
    public long laneInstructions() { return 32 * warpInstructions; }

    /**
     * Warp instructions of a class.
     *
     * @param kind the class
     * @return 0 where there were none
     */
    public long instructions(InstructionClass kind) { return instructions.getOrDefault(kind, 0L); }

    /**
     * Bytes of a space.
     *
     * @param space the space
     * @return 0 where it was not touched
     */
    public Bytes bytes(MemorySpace space) { return bytes.getOrDefault(space, Bytes.NONE); }

    /**
     * The extents of a grid or a block.
     *
     * @param x along x
     * @param y along y
     * @param z along z
     */
    public record Extent(int x, int y, int z) {
        @Override
        public String toString() { return x + " x " + y + " x " + z; }
    }

    /** Where bytes lie. */
    public enum MemorySpace {
        /** Global memory, through whatever caches. */
        GLOBAL,
        /** Shared memory, of the block or of another one of its cluster. */
        SHARED,
        /** Local memory: variables of a thread that have an address. */
        LOCAL,
        /** Constants and the kernel's parameters. What is passed to a device function counts as no memory: registers hold it. */
        CONSTANT
    }

    /**
     * Traffic of a space as lanes asked for it: two lanes that read one word count twice. An atomic update counts as read
     * and as written.
     *
     * @param read bytes
     * @param written bytes
     */
    public record Bytes(long read, long written) {
        /** Nothing. */
        public static final Bytes NONE = new Bytes(0, 0);

        /**
         * Both ways.
         *
         * @return bytes
         */
        public long total() { return read + written; }

        /**
         * Two launches' traffic.
         *
         * @param other the other's
         * @return the sum
         */
        public Bytes plus(Bytes other) { return new Bytes(read + other.read, written + other.written); }
    }

    /**
     * Turns of shared memory, which moves 32 words of 4 bytes at a time, one of each bank.
     *
     * @param wavefronts turns that the accesses take
     * @param fewest turns that the same instructions would take if no two lanes wanted different words of one bank
     */
    public record Wavefronts(long wavefronts, long fewest) {
        /**
         * Turns lost to bank conflicts.
         *
         * @return those beyond the fewest
         */
        public long conflicts() { return wavefronts - fewest; }

        /**
         * Two launches' traffic.
         *
         * @param other the other's
         * @return the sum
         */
        public Wavefronts plus(Wavefronts other) {
            return new Wavefronts(wavefronts + other.wavefronts, fewest + other.fewest);
        }
    }

    /**
     * Sectors of global memory, 32 aligned bytes each. A sector that several lanes of one warp instruction touch counts once.
     *
     * @param asked sectors asked for
     * @param fewest sectors that as many distinct bytes would take if they lay one behind another: for each warp instruction a
     *        32nd of them, rounded up
     */
    public record Sectors(long asked, long fewest) {
        /** Size of a sector. */
        public static final int BYTES = 32;

        /**
         * Two launches' traffic.
         *
         * @param other the other's
         * @return the sum
         */
        public Sectors plus(Sectors other) { return new Sectors(asked + other.asked, fewest + other.fewest); }
    }

    /**
     * An instruction of the text and how often it was executed.
     *
     * @param function the kernel or device function it stands in
     * @param line its line in the module's text, from 1
     * @param text the instruction as written, blanks folded
     * @param kind its class
     * @param warps how often a warp executed it
     * @param active how many of these had a lane that took part: for a branch, how often it was taken by any
     * @param threads the lanes that took part, over all of these
     */
    public record LineCount(String function, int line, String text, InstructionClass kind, long warps, long active,
            long threads) {}
}
