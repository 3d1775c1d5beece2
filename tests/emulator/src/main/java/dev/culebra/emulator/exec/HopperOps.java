package dev.culebra.emulator.exec;

import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;

/** What steers registers and grids and computes nothing. */
final class HopperOps {

    private HopperOps() {}

    static void register(Families f) {
        f.add("setmaxnreg", HopperOps::registers);
        f.add("griddepcontrol", HopperOps::dependence);
    }

    /** A hint, checked and without effect: registers are as many as the text names. */
    private static void registers(Decoding x) {
        boolean known = x.takeAny("inc", "dec") != null & x.take("sync") & x.take("aligned");
        known &= x.typeOrNull() == PtxType.U32;
        x.done(1);
        if (!known) {
            throw x.refuse("setmaxnreg.inc or .dec with .sync.aligned.u32 is wanted");
        }
        x.require(90, 80);
        if (!x.assembler.kernel.architectureSpecific()) {
            throw x.refuse("needs a .target for one architecture alone, such as sm_90a");
        }
        if (!(x.operand(0) instanceof Operand.Immediate n) || n.bits() < 24 || n.bits() > 256 || n.bits() % 8 != 0) {
            throw x.refuse("a constant multiple of 8 from 24 to 256 is wanted");
        }
        x.emitSplit(new WarpSync() {
            @Override
            void perform(Warp w, int mask) {
                // being here together is all there is to it
            }
        });
    }

    /**
     * Grids run one after another here, so that all a grid depends on has ended before it begins: it is only noted who has
     * waited, where grids may overlap by the rules.
     */
    private static void dependence(Decoding x) {
        String what = x.takeAny("launch_dependents", "wait");
        x.done(0);
        if (what == null) {
            throw x.refuse("launch_dependents or wait is wanted");
        }
        x.require(90, 78);
        boolean waits = what.equals("wait");
        x.emit(new Op() {
            @Override
            void execute(Warp w, int mask) {
                Dependence dependence = w.block.dependence;
                if (dependence != null && waits) {
                    dependence.await(w, mask);
                } else if (dependence != null) {
                    dependence.trigger(w, mask);
                }
            }
        });
    }
}
