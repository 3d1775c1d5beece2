package dev.culebra.emulator.exec;

import dev.culebra.driver.spi.InstructionClass;
import dev.culebra.emulator.ptx.Instruction;
import dev.culebra.emulator.ptx.PtxType;
import java.util.List;

/** The class of an instruction, from its name, its space and its type as written. */
final class InstructionKinds {

    private InstructionKinds() {}

    /** The class under which an instruction is counted; {@link InstructionClass#OTHER} for a name that has none. */
    static InstructionClass of(Instruction i) {
        List<String> m = i.modifiers();
        return switch (i.opcode()) {
            case "popc" -> InstructionClass.POPC;
            case "and", "or", "xor", "not", "cnot", "shl", "shr", "shf", "lop3", "prmt", "clz", "brev", "bfind", "bfe",
                    "bfi", "bmsk", "szext", "fns" ->
                InstructionClass.LOGIC;
            case "ex2", "lg2", "sin", "cos", "tanh", "rsqrt", "rcp", "sqrt" ->
                m.contains("f64") ? InstructionClass.DOUBLE : InstructionClass.SPECIAL;
            case "cvt" -> InstructionClass.CONVERSION;
            case "setp", "set", "selp", "slct", "testp" -> InstructionClass.COMPARISON;
            case "mov", "cvta", "isspacep", "mapa", "getctarank", "alloca", "stacksave", "stackrestore" ->
                InstructionClass.MOVE;
            case "ld", "ldu" -> load(m);
            case "st" -> m.contains("async") ? InstructionClass.ASYNC_COPY : store(m);
            case "atom", "red", "multimem" -> {
                if (m.contains("async")) {
                    yield InstructionClass.ASYNC_COPY;
                }
                yield shared(m) ? InstructionClass.ATOMIC_SHARED : InstructionClass.ATOMIC;
            }
            case "shfl", "vote", "match", "redux", "elect", "activemask" -> InstructionClass.WARP;
            case "mma", "tcgen05" -> InstructionClass.MATRIX;
            case "wgmma" -> m.contains("mma_async") ? InstructionClass.MATRIX : InstructionClass.FENCE;
            case "wmma" -> m.contains("mma") ? InstructionClass.MATRIX : InstructionClass.MATRIX_MOVE;
            case "ldmatrix", "stmatrix", "movmatrix" -> InstructionClass.MATRIX_MOVE;
            case "cp" -> InstructionClass.ASYNC_COPY;
            case "bar", "barrier", "mbarrier" -> InstructionClass.BARRIER;
            case "membar", "fence" -> InstructionClass.FENCE;
            case "bra", "brx", "call", "ret", "exit" -> InstructionClass.CONTROL;
            case "add", "sub", "mul", "mad", "fma", "div", "rem", "min", "max", "abs", "neg", "sad", "copysign", "addc",
                    "subc", "madc", "mul24", "mad24", "dp4a", "dp2a" ->
                arithmetic(m);
            default -> i.opcode().startsWith("v") ? InstructionClass.INTEGER : InstructionClass.OTHER;
        };
    }

    /** By the first type. */
    private static InstructionClass arithmetic(List<String> modifiers) {
        for (String m : modifiers) {
            if (m.startsWith("f16") || m.startsWith("bf16")) {
                return InstructionClass.HALF;
            } else if (m.startsWith("f32")) {
                return InstructionClass.FLOAT;
            } else if (m.equals("f64")) {
                return InstructionClass.DOUBLE;
            } else if (PtxType.of(m) != null) {
                return InstructionClass.INTEGER;
            }
        }
        return InstructionClass.OTHER;
    }

    private static boolean shared(List<String> modifiers) {
        return modifiers.stream().anyMatch(m -> m.equals("shared") || m.startsWith("shared::"));
    }

    private static InstructionClass load(List<String> m) {
        return shared(m)
                ? InstructionClass.LOAD_SHARED
                : m.contains("global")
                        ? InstructionClass.LOAD_GLOBAL
                        : m.contains("local")
                                ? InstructionClass.LOAD_LOCAL
                                : m.contains("const") || m.stream().anyMatch(s -> s.startsWith("param"))
                                        ? InstructionClass.LOAD_CONSTANT
                                        : InstructionClass.LOAD_GENERIC;
    }

    private static InstructionClass store(List<String> m) {
        return shared(m)
                ? InstructionClass.STORE_SHARED
                : m.contains("global")
                        ? InstructionClass.STORE_GLOBAL
                        : m.contains("local") || m.stream().anyMatch(s -> s.startsWith("param"))
                                ? InstructionClass.STORE_LOCAL
                                : InstructionClass.STORE_GENERIC;
    }
}
