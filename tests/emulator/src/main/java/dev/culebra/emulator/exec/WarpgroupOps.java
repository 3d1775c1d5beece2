package dev.culebra.emulator.exec;

import static dev.culebra.emulator.ptx.PtxType.*;

import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;

/** {@code wgmma}: products of a warpgroup, of f16 and bf16, and how they are fenced, committed and waited for. */
final class WarpgroupOps {

    private static final String KNOWN = "wgmma.mma_async.sync.aligned of m64nNk16, N a multiple of 8 from 8 to 256, with types f32.f16.f16,"
            + " f16.f16.f16 or f32.bf16.bf16 is known";

    private static final String FORMS = "unknown instruction: wgmma.fence, .commit_group, .wait_group and .mma_async with .sync.aligned are known";

    private WarpgroupOps() {}

    static void register(Families f) { f.add("wgmma", WarpgroupOps::decode); }

    private static void decode(Decoding x) {
        String what = x.takeNext();
        boolean known = x.take("sync") & x.take("aligned");
        if (x.has("sp")) {
            throw x.refuse("wgmma.mma_async.sp is not supported: " + KNOWN);
        }
        if (what == null || !known) {
            throw x.refuse(FORMS);
        }
        x.assembler.kernel.warpgroups = true;
        switch (what) {
            case "fence" -> together(x, 0, p -> p.fences++);
            case "commit_group" -> together(x, 0, WarpgroupProducts::commit);
            case "wait_group" -> {
                x.operands(1, 1);
                if (!(x.operand(0) instanceof Operand.Immediate n) || n.floating() || n.bits() < 0) {
                    throw x.refuse("a constant number of groups is wanted");
                }
                int keep = (int) Math.min(n.bits(), Integer.MAX_VALUE);
                together(x, 1, p -> p.await(keep));
            }
            case "mma_async" -> product(x);
            default -> throw x.refuse(FORMS);
        }
    }

    /** What all threads of a warpgroup do at once, each warp for itself. */
    private static void together(Decoding x, int operands, Consumer<WarpgroupProducts> what) {
        x.done(operands);
        x.requireAlone(90, 80);
        x.emitSplit(new WarpSync() {
            @Override
            void perform(Warp w, int mask) {
                TensorOps.wantAll(w, mask, "wgmma");
                w.block.warpgroups.execute(w, this, 0, 0, false);
                what.accept(w.block.warpgroups.of(w));
            }
        });
    }

    private static void product(Decoding x) {
        x.assembler.kernel.asyncReads = true;
        String shape = x.takeNext();
        int n = shape != null && shape.matches("m64n\\d{1,3}k16")
                ? Integer.parseInt(shape.substring(4, shape.length() - 3))
                : 0;
        PtxType td = x.typeOrNull();
        PtxType ta = x.typeOrNull();
        PtxType tb = x.typeOrNull();
        boolean types = ta == tb && (ta == F16 && (td == F32 || td == F16) || ta == BF16 && td == F32);
        if (n < 8 || n > 256 || n % 8 != 0 || !types) {
            throw x.refuse("this product of warpgroups is not supported: " + KNOWN);
        }
        boolean registers = x.operand(1) instanceof Operand.Vector;
        x.done(registers ? 7 : 8);
        x.requireAlone(90, 80);
        int[] d = TensorOps.registers(x, 0, td == F32 ? n / 2 : n / 4, true);
        int[] a = registers ? TensorOps.registers(x, 1, 4, false) : null;
        int descriptorA = registers ? -1 : x.src(1, B64);
        int descriptorB = x.src(2, B64);
        int adds = x.predicate(3);
        boolean negative = sign(x, 4) != sign(x, 5);
        boolean transA = !registers && flag(x, 6);
        boolean transB = flag(x, registers ? 6 : 7);
        Set<Integer> own = new HashSet<>();
        for (int r : d) {
            if (!own.add(r)) {
                throw x.refuse("a register that is two accumulators is not supported");
            }
        }
        if (registers && Arrays.stream(a).anyMatch(own::contains)) {
            throw x.refuse("a register that holds A and is an accumulator is not supported");
        }
        x.emitSplit(new WarpgroupProduct(n, ta, td, d, a, descriptorA, descriptorB, adds, negative, transA, transB));
    }

    private static long sign(Decoding x, int operand) {
        if (!(x.operand(operand) instanceof Operand.Immediate i) || i.floating() || i.bits() != 1 && i.bits() != -1) {
            throw x.refuse("operand " + (operand + 1) + ", a scale, must be 1 or -1");
        }
        return i.bits();
    }

    private static boolean flag(Decoding x, int operand) {
        if (!(x.operand(operand) instanceof Operand.Immediate i) || i.floating() || i.bits() != 0 && i.bits() != 1) {
            throw x.refuse("operand " + (operand + 1) + ", whether it is transposed, must be 0 or 1");
        }
        return i.bits() == 1;
    }
}
