package dev.culebra.emulator.exec;

import dev.culebra.driver.spi.InstructionClass;
import dev.culebra.emulator.ptx.Instruction;
import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxType;
import dev.culebra.emulator.ptx.Space;
import dev.culebra.emulator.ptx.Variable;
import java.util.ArrayList;
import java.util.List;

/** One instruction while it is decoded: modifiers are taken one by one, operands become numbers of registers. */
final class Decoding {

    /** An instruction that can not be translated. */
    static final class Refusal extends RuntimeException {
        private static final long serialVersionUID = 1;

        Refusal(String what) { super(what, null, false, false); }
    }

    final Instruction instruction;
    final Assembler assembler;
    private final int version;
    private final int sm;
    private final List<String> modifiers;
    private final InstructionClass kind;
    /** Whether an op of the instruction stands for it already. */
    private boolean counted;

    Decoding(Instruction instruction, Assembler assembler, int version, int sm) {
        this.instruction = instruction;
        this.assembler = assembler;
        this.version = version;
        this.sm = sm;
        this.kind = InstructionKinds.of(instruction);
        this.modifiers = new ArrayList<>(instruction.modifiers());
    }

    Refusal refuse(String what) { return new Refusal(what); }

    /** Refuses unless the module's target and version know the instruction. */
    void require(int wantedSm, int wantedVersion) {
        if (sm < wantedSm) {
            throw refuse("needs .target sm_" + wantedSm + " or higher, the module says sm_" + sm);
        }
        if (version < wantedVersion) {
            throw refuse("needs .version " + wantedVersion / 10 + "." + wantedVersion % 10
                    + " or higher, the module says " + version / 10
                    + "." + version % 10);
        }
    }

    /** Refuses unless the target is an architecture's or a family's own ({@code sm_100a}, {@code sm_100f}) as well. */
    void requireSpecific(int wantedSm, int wantedVersion) {
        require(wantedSm, wantedVersion);
        if (!assembler.kernel.architectureSpecific()) {
            throw refuse("needs an architecture-specific target such as sm_" + wantedSm + "a");
        }
    }

    /** Refuses unless the target is this architecture's own ({@code sm_90a}): later ones do not have the instruction. */
    void requireAlone(int wantedSm, int wantedVersion) {
        if (sm != wantedSm || !assembler.kernel.architectureSpecific()) {
            throw refuse("needs .target sm_" + wantedSm + "a, which alone has it; the module says sm_" + sm);
        }
        require(wantedSm, wantedVersion);
    }

    // ---- modifiers ----

    boolean take(String modifier) { return modifiers.remove(modifier); }

    boolean has(String modifier) { return modifiers.contains(modifier); }

    /** The first of some modifiers that is there, or null. */
    String takeAny(String... any) {
        for (String m : modifiers) {
            if (List.of(any).contains(m)) {
                modifiers.remove(m);
                return m;
            }
        }
        return null;
    }

    String takeAny(List<String> any) { return takeAny(any.toArray(String[]::new)); }

    /** The next modifier that is a type. */
    PtxType type() {
        PtxType t = typeOrNull();
        if (t == null) {
            throw refuse("unknown instruction: a type is missing or not known");
        }
        return t;
    }

    PtxType typeOrNull() {
        for (String m : modifiers) {
            if (PtxType.of(m) != null) {
                modifiers.remove(m);
                return PtxType.of(m);
            }
        }
        return null;
    }

    /** The next modifier, whatever it is, or null. */
    String takeNext() {
        return modifiers.isEmpty() ? null : modifiers.remove(0);
    }

    void done() {
        if (!modifiers.isEmpty()) {
            throw refuse("unknown instruction: '." + modifiers.get(0) + "' does not go with '" + instruction.opcode()
                    + "' here");
        }
    }

    void done(int operands) {
        done();
        operands(operands, operands);
    }

    // ---- operands ----

    int operandCount() { return instruction.operands().size(); }

    void operands(int least, int most) {
        int n = operandCount();
        if (n < least || n > most) {
            throw refuse(n + " operands where " + least + (most > least ? " to " + most : "") + " are wanted");
        }
    }

    Operand operand(int i) {
        if (i >= operandCount()) {
            throw refuse("operand " + (i + 1) + " is missing");
        }
        return instruction.operands().get(i);
    }

    List<Operand> vector(int i) { return operand(i) instanceof Operand.Vector v ? v.elements() : List.of(operand(i)); }

    List<String> targets(String name) { return assembler.targets.get(name); }

    int src(int i, PtxType type) { return src(operand(i), type); }

    /** A source of just a type's width: the number of its register, in the bank of that width. */
    int src(Operand o, PtxType type) {
        if (o instanceof Operand.Register r && (r.type().bits() != type.bits() || clash(r.type(), type))) {
            throw mismatch(r, type);
        }
        return srcWide(o, type);
    }

    private Refusal mismatch(Operand.Register r, PtxType type) {
        return refuse("register " + r.name() + " is ." + lower(r.type()) + " where ." + lower(type) + " is wanted");
    }

    /** Whether one is an integer and the other a floating-point number; what is just bits goes with both. */
    private static boolean clash(PtxType a, PtxType b) {
        return a.floating() && numeric(b) || b.floating() && numeric(a);
    }

    private static boolean numeric(PtxType t) { return t.integral() && t.name().charAt(0) != 'B'; }

    static String lower(PtxType t) { return t.name().toLowerCase(java.util.Locale.ROOT); }

    /** A source whose register may be wider than the type, as stores and conversions allow. */
    int srcWide(Operand o, PtxType type) {
        boolean wide = type.bits() == 64;
        switch (o) {
            case Operand.Register r -> {
                if (r.type() == PtxType.PRED || type == PtxType.PRED || r.type().bits() < type.bits()
                        || clash(r.type(), type)) {
                    throw mismatch(r, type);
                }
                return assembler.number(r);
            }
            case Operand.Immediate i -> {
                return immediate(i, type);
            }
            case Operand.Special s -> {
                return MoveOps.special(this, s.name(), wide);
            }
            case Operand.Symbol s -> {
                return symbol(s, wide);
            }
            default -> throw refuse("a register or a constant is wanted");
        }
    }

    private int immediate(Operand.Immediate i, PtxType type) {
        long bits = i.bits();
        if (i.floating() || type.floating()) {
            double v = i.floating() ? Double.longBitsToDouble(bits) : bits;
            switch (type) {
                case F64, B64 -> bits = Double.doubleToRawLongBits(v);
                case F32, B32, TF32 -> bits = Float.floatToRawIntBits((float) v);
                case F16, BF16 -> {
                    if (i.floating()) {
                        throw refuse("a 16-bit floating-point constant must be given by its bits");
                    }
                }
                default -> throw refuse("a floating-point constant where an integer is wanted");
            }
        }
        return switch (type.bits()) {
            case 64 -> assembler.constant(bits);
            case 32 -> assembler.constant((int) bits);
            case 16 -> assembler.constant((int) bits & 0xffff);
            case 8 -> assembler.constant((int) bits & 0xff);
            default -> throw refuse("no constant can stand here");
        };
    }

    private int symbol(Operand.Symbol s, boolean wide) {
        Variable v = s.variable();
        if (v == null) {
            long code = assembler.codeAddress(s.name());
            if (code == 0) {
                throw refuse("'" + s.name() + "' is not declared, or no device function");
            }
            if (!wide) {
                throw refuse("the address of '" + s.name() + "' has 64 bits");
            }
            return assembler.constant(code);
        }
        switch (v.space()) {
            case SHARED -> {
                return assembler.sharedAddress(v, s.addend(), wide);
            }
            case GLOBAL, CONST -> {
                requireDefined(v);
                if (!wide) {
                    throw refuse("the address of '" + s.name() + "' has 64 bits");
                }
                return assembler.linked(v.name(), s.addend());
            }
            case LOCAL, PARAM -> {
                if (v.space() == Space.PARAM && assembler.isKernelParameter(v)) {
                    long at = KernelParameters.offset(assembler.function.parameters(), v) + s.addend();
                    return wide ? assembler.constant(at) : assembler.constant((int) at);
                }
                int d = wide ? assembler.newLong() : assembler.newInt();
                emit(new MoveOps.FrameAddress(d, wide, assembler.local(v) + s.addend()));
                return d;
            }
            default -> throw refuse("'" + s.name() + "' has no address");
        }
    }

    /** Nothing is linked to a module, so what it only declares has no address. */
    void requireDefined(Variable v) {
        if (v.external()) {
            throw refuse("variable '" + v.name()
                    + "' is declared .extern but not defined in this module; nothing is linked to it");
        }
    }

    int dst(int i, PtxType type) { return dst(operand(i), type); }

    /** A destination of just a type's width; the sink {@code _} becomes a register that nobody reads. */
    int dst(Operand o, PtxType type) {
        if (o instanceof Operand.Register r && (r.type().bits() != type.bits() || clash(r.type(), type))) {
            throw mismatch(r, type);
        }
        return dstWide(o, type);
    }

    /** A destination that may be wider than the type. */
    int dstWide(Operand o, PtxType type) {
        if (o instanceof Operand.Sink) {
            return assembler.newRegister(type.bits());
        }
        if (!(o instanceof Operand.Register r)) {
            throw refuse("a register is wanted as destination");
        }
        if (r.type() == PtxType.PRED || r.type().bits() < type.bits() || clash(r.type(), type)) {
            throw mismatch(r, type);
        }
        return assembler.number(r);
    }

    /** Width of an operand's register, or of the type when it is none. */
    int width(Operand o, PtxType type) {
        return o instanceof Operand.Register r ? r.type().bits() : type.bits();
    }

    int predicate(int i) { return predicate(operand(i)); }

    int predicate(Operand o) {
        switch (o) {
            case Operand.Register r when r.type() == PtxType.PRED -> {
                return assembler.number(r);
            }
            case Operand.Not n -> {
                int d = assembler.newPredicate(0);
                emit(new MoveOps.NotPredicate(d, predicate(n.of())));
                return d;
            }
            case Operand.Immediate i -> {
                return assembler.newPredicate(i.bits() != 0 ? -1 : 0);
            }
            default -> throw refuse("a predicate is wanted");
        }
    }

    int predicateOut(int i) { return predicateOut(operand(i)); }

    int predicateOut(Operand o) {
        if (o instanceof Operand.Sink) {
            return assembler.newPredicate(0);
        }
        if (o instanceof Operand.Register r && r.type() == PtxType.PRED) {
            return assembler.number(r);
        }
        throw refuse("a predicate is wanted as destination");
    }

    // ---- results ----

    /** Adds an op under the instruction's guard. */
    void emit(Op op) {
        if (instruction.guard() != null) {
            op.guard = assembler.number(instruction.guard());
            op.guardFlip = instruction.guardNegated() ? -1 : 0;
        }
        add(op);
    }

    /** Adds an op that runs whatever the guard says. */
    void add(Op op) {
        op.line = instruction.line();
        op.text = instruction.text();
        op.kind = kind;
        op.countsWarps = !counted;
        op.countsThreads = !counted;
        counted = true;
        assembler.ops.add(op);
    }

    /** Adds an op that all lanes of a split must do: lanes whose guard is false branch around it. */
    void emitSplit(Op op) {
        if (instruction.guard() == null) {
            add(op);
            return;
        }
        String behind = assembler.inventLabel();
        boolean first = !counted;
        skipUnlessGuard(behind);
        add(op);
        op.countsThreads = first;
        assembler.label(behind);
    }

    /** Sends lanes whose guard is false to a label. */
    void skipUnlessGuard(String label) {
        if (instruction.guard() != null) {
            Op around = Branching.branch(label);
            around.guard = assembler.number(instruction.guard());
            around.guardFlip = instruction.guardNegated() ? 0 : -1;
            add(around);
            around.countsThreads = false; // its lanes are those that do not take part
        }
    }
}
