/**
 * Runs translated PTX, a warp at a time.
 *
 * <p>
 * At load a function becomes an array of instruction objects, one class a form, with registers as numbers and constants as
 * registers that nobody writes ({@code Translator}, {@code Decoding}, {@code Families} and the {@code ...Ops} it lists). A
 * register is an array of 32 lanes, a predicate a word of 32 bits; an instruction is a loop over lanes that the JIT compiler
 * turns into vector code, and lanes that are off get their old value back.
 *
 * <p>
 * A warp's lanes that part at a branch form a tree of splits, which meet again at the branch's immediate post-dominator
 * ({@code Cfg}, {@code Splits}). Which split runs first means nothing: one that waits gives way, one that spins is
 * interrupted, and what needs lanes together ({@code WarpSync}) waits for them. Blocks run on any number of threads and are
 * resumable, so that a block may wait for others, as far as the device would hold them at a time ({@code KernelRun}).
 *
 * <p>
 * What runs as one is a {@code Cluster}, of one block where nobody asked for more: its blocks are resident together and one thread
 * at a time works on it, so that distributed shared memory needs no locks. Each block's shared memory has a window of its own
 * among the cluster's addresses ({@code SharedWindow}), and constants that are such addresses are each block's own
 * ({@code Launch.constants}). An {@code Mbarrier} keeps its counts outside of its opaque bytes; bulk copies ({@code BulkLoads},
 * {@code BulkStores}) and asynchronous stores hang on the mbarrier or the group that they tell, and land when somebody waits for
 * that and not before. Waits look once and have their warp give way; where all warps of a cluster only look in vain, it is a
 * deadlock ({@code MbarrierWaits}, {@code Cluster.run}).
 *
 * <p>
 * Where a launch is counted each block has a {@code Meter}: how often each op ran ({@code Profile}; an instruction's class is
 * known when it is decoded, {@code InstructionKinds}), and what its accesses cost ({@code SharedBanks}); {@code Counting} adds them up.
 * Meeting places are no instructions and are not counted.
 *
 * <p>
 * What is looked at beyond what hardware finds ({@code tests/emulator/STRICT.md} has the rules): {@code MemoryAccess} asks the
 * block's {@code Watch} before it touches anything; {@code Unwritten} keeps which bytes have been written, {@code RaceCells} and
 * its {@code RaceLayer}s who touched shared memory (reads are only logged at first, in {@code ReadLogs}, for mostly all threads
 * meet before anybody writes), and {@code Timeline}, {@code Agent}, {@code Clock} and {@code Rendezvous} what
 * comes behind what: {@code Timeline} says how a synchronisation uses them. {@code Barrier}, {@code AlignedBarriers} and {@code WarpSync} look
 * at who comes to barriers. A check that is off costs a comparison with null an instruction.
 */
package dev.culebra.emulator.exec;
