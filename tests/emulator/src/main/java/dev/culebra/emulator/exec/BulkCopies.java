package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import dev.culebra.emulator.ptx.Space;
import java.util.Set;

/**
 * cp.async.bulk and cp.reduce.async.bulk. Addresses and sizes are checked when a copy is asked for; bytes are read and written
 * when it lands: a copy that tells an mbarrier when somebody waits for that ({@link Mbarrier}), a copy to global memory when its
 * thread waits for its group ({@link BulkGroups}).
 */
final class BulkCopies {

    /** Bulk copies begin at multiples of this and have a multiple of it as size. */
    private static final int PIECE = 16;

    private static final Set<String> SHARED_REDUCTIONS = Set.of("add.u32", "add.s32", "add.u64", "min.u32", "min.s32",
            "max.u32", "max.s32", "inc.u32", "dec.u32", "and.b32", "or.b32", "xor.b32");
    private static final Set<String> GLOBAL_REDUCTIONS = Set.of("add.u32", "add.s32", "add.u64", "add.f32", "add.f64",
            "add.f16", "add.bf16", "min.u32", "min.s32", "min.u64", "min.s64", "min.f16", "min.bf16", "max.u32",
            "max.s32",
            "max.u64", "max.s64", "max.f16", "max.bf16", "inc.u32", "dec.u32", "and.b32", "or.b32", "xor.b32",
            "and.b64",
            "or.b64", "xor.b64");

    private BulkCopies() {}

    /** What is done with the destination: null where it is replaced. */
    record Reduction(AtomicOps.Update update, int bytes) {}

    /** Decodes what has {@code .async.bulk} behind {@code cp} or {@code cp.reduce}, {@code async} having been taken. */
    static void decode(Decoding x, boolean reduce) {
        x.take("bulk");
        x.require(90, 80);
        if (x.has("tensor")) {
            throw x.refuse("tensor maps are not supported; cp.async.bulk without a tensor runs");
        }
        if (!reduce && x.take("commit_group")) {
            x.done(0);
            x.emit(new Op() {
                @Override
                void execute(Warp w, int mask) { w.bulkGroups.commit(mask); }
            });
        } else if (!reduce && x.take("wait_group")) {
            await(x);
        } else if (!reduce && x.take("prefetch")) {
            prefetch(x);
        } else {
            copy(x, reduce);
        }
    }

    private static void await(Decoding x) {
        boolean readOnly = x.take("read");
        x.done(1);
        if (!(x.operand(0) instanceof Operand.Immediate n) || n.bits() < 0) {
            throw x.refuse("a constant number of groups is wanted");
        }
        int keep = (int) Math.min(n.bits(), Integer.MAX_VALUE);
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) {
                w.acted = true;
                w.bulkGroups.await(mask, keep, readOnly);
            }
        });
    }

    private static void prefetch(Decoding x) {
        boolean known = x.take("L2") & x.take("global");
        int more = x.take("L2::cache_hint") ? 1 : 0;
        x.done(2 + more);
        if (!known) {
            throw x.refuse("cp.async.bulk.prefetch.L2.global is wanted");
        }
        Place from = Place.of(x, x.operand(0), Space.GLOBAL);
        int size = x.src(1, U32);
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) {
                from.compute(w, w.address);
                for (int l = 0; l < 32; l++) {
                    if ((mask >>> l & 1) != 0) {
                        global(w, l, w.address[l], size(w, size, l));
                    }
                }
            }
        });
    }

    private static void copy(Decoding x, boolean reduce) {
        String to = x.takeAny("shared::cluster", "shared::cta", "global");
        String from = x.takeAny("shared::cta", "global");
        boolean group = x.take("bulk_group");
        boolean tells = x.take("mbarrier::complete_tx::bytes");
        boolean multicast = x.take("multicast::cluster");
        boolean policy = x.take("L2::cache_hint");
        if (x.has("cp_mask")) {
            throw x.refuse(".cp_mask needs .target sm_100 or higher");
        }
        boolean toGlobal = "global".equals(to);
        boolean known = to != null && from != null && group != tells && group == toGlobal
                && (toGlobal
                        ? from.equals("shared::cta") && !multicast
                        : from.equals("global")
                                ? !reduce && !(multicast && to.equals("shared::cta"))
                                : to.equals("shared::cluster") && !multicast && !policy);
        if (!known) {
            throw x.refuse(
                    "cp.async.bulk goes .shared::cluster.global or .shared::cluster.shared::cta and tells an mbarrier, "
                            + "or .global.shared::cta in a .bulk_group; cp.reduce.async.bulk the last two");
        }
        if ("shared::cta".equals(to)) {
            x.require(90, 86);
        }
        Reduction reduction = reduce ? reduction(x, toGlobal) : null;
        x.done();
        int operands = 3 + (tells ? 1 : 0) + (multicast ? 1 : 0) + (policy ? 1 : 0);
        x.operands(operands, operands);
        Place destination = Place.of(x, x.operand(0), toGlobal ? Space.GLOBAL : Space.SHARED);
        Place source = Place.of(x, x.operand(1),
                from.equals("global") ? Space.GLOBAL : Space.SHARED);
        int size = x.src(2, U32);
        Integer constant = x.assembler.constantValue(size);
        if (constant != null && (constant < 0 || constant % PIECE != 0)) {
            throw x.refuse("a size that is a multiple of " + PIECE + " is wanted");
        }
        x.assembler.kernel.asyncReads |= !from.equals("global");
        if (toGlobal) {
            x.emit(new BulkStores(destination, source, size, reduction));
            return;
        }
        Place barrier = Place.of(x, x.operand(3), Space.SHARED);
        int blocks = multicast ? x.src(4, B16) : -1;
        x.emit(new BulkLoads(destination, to.equals("shared::cluster"), source, from.equals("global"), size, barrier,
                blocks,
                reduction));
    }

    private static Reduction reduction(Decoding x, boolean global) {
        String op = x.takeAny("add", "min", "max", "inc", "dec", "and", "or", "xor");
        boolean noftz = x.take("noftz");
        PtxType t = x.type();
        boolean half = t == F16 || t == BF16;
        if (!(global ? GLOBAL_REDUCTIONS : SHARED_REDUCTIONS).contains(op + "." + Decoding.lower(t))
                || noftz != (half && op.equals("add"))) {
            throw x.refuse("." + op + (noftz ? ".noftz." : ".") + Decoding.lower(t)
                    + " is no reduction of bulk copies to "
                    + (global ? "global" : "shared") + " memory" + (half ? "; .add of halves needs .noftz" : ""));
        }
        // An H200 keeps subnormal sums of f32, where the PTX ISA says that they are flushed.
        return new Reduction(AtomicOps.update(x, op, t, false), t.bytes());
    }

    /** A lane's size in bytes, checked. */
    static int size(Warp w, int register, int lane) {
        int n = w.r[register][lane];
        if (n < 0 || n % PIECE != 0) {
            throw new Fault(DeviceFault.LAUNCH_FAILED, lane, "a bulk copy of " + Integer.toUnsignedString(n)
                    + " bytes: it must be a multiple of " + PIECE);
        }
        return n;
    }

    /** Checks a range of global memory. */
    static void global(Warp w, int lane, long address, int bytes) {
        if (address % PIECE != 0) {
            throw new Fault(DeviceFault.MISALIGNED_ADDRESS, lane,
                    "misaligned global address 0x" + Long.toHexString(address)
                            + " of a bulk copy: it must be a multiple of " + PIECE);
        }
        if (bytes > 0) {
            MemoryAccess.global(w, lane, address, bytes);
        }
    }

    /** Checks a range of a block's shared memory and returns where it begins. */
    static int shared(Block holder, int lane, long address, int bytes) {
        int at = SharedWindow.offset(holder, lane, address, bytes, PIECE, "a bulk copy");
        holder.mbarriers.refuseRange(lane, at, bytes, "a bulk copy");
        return at;
    }
}
