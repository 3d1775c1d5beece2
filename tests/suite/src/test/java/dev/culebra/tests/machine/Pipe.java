package dev.culebra.tests.machine;

import java.util.List;

/**
 * Which part of a multiprocessor executes a machine instruction, as far as its name tells; of sm_80 to sm_120. After the
 * instruction sets in NVIDIA's "CUDA Binary Utilities" and the pipelines in Nsight Compute's guide. Every instruction takes an
 * issue slot, whatever its pipe.
 */
enum Pipe {
    /** Integer and logic, comparisons, selections, moves: 64 lanes a clock. */
    ALU,
    /** fp32, integer multiply-add (moves and shifts written as IMAD too), dot products of bytes, halves. */
    FMA,
    /** What a whole warp has in common: the uniform datapath, and loads of constants. */
    UNIFORM,
    /** Loads, stores, atomics, ldmatrix, asynchronous copies, shuffles. */
    LSU,
    /** POPC, which shares a unit of 16 lanes a clock with the next. */
    POPC,
    /** Special functions, conversions of numbers, leading zeros: 16 lanes a clock. */
    XU,
    /** Matrix products. */
    TENSOR,
    /** fp64. */
    FP64,
    /** Branches, barriers, waits, reconvergence, and instructions that do nothing. */
    CONTROL;

    private static final List<String> LSU_NAMES = List.of("LDS", "STS", "LDG", "STG", "LDL", "STL", "LD", "ST", "ATOM",
            "ATOMS", "ATOMG", "RED", "REDG", "REDAS", "LDSM", "STSM", "LDGSTS", "SHFL", "MATCH", "SUATOM", "UBLKCP",
            "UBLKRED", "UBLKPF", "UTMALDG", "UTMASTG", "SYNCS", "ATOMGS", "LDTM", "STTM", "MOVM");
    private static final List<String> XU_NAMES = List.of("MUFU", "I2F", "F2I", "F2F", "FRND", "FLO", "BREV", "I2I",
            "FCHK");
    private static final List<String> CONTROL_NAMES = List.of("BRA", "BRX", "BRXU", "JMP", "JMX", "EXIT", "RET", "CALL",
            "BSSY", "BSYNC", "BREAK", "BMOV", "BPT", "KILL", "NANOSLEEP", "RPCMOV", "WARPSYNC", "YIELD", "NOP", "BAR",
            "DEPBAR", "LDGDEPBAR", "MEMBAR", "ERRBAR", "CCTL", "CCTLL", "CCTLT", "ARRIVES", "ELECT", "ENDCOLLECTIVE",
            "UCGABAR_ARV", "UCGABAR_WAIT", "USETMAXREG", "ACQBULK", "CGAERRBAR", "PREEXIT", "UTMACCTL", "WARPGROUP",
            "FENCE", "UTMACMDFLUSH", "BRA_DIV");

    /** The pipe of an instruction, by its name with or without modifiers. */
    static Pipe of(String opcode) {
        String name = opcode.split("\\.")[0];
        if (name.equals("POPC")) {
            return POPC;
        } else if (CONTROL_NAMES.contains(name)) {
            return CONTROL;
        } else if (LSU_NAMES.contains(name)) {
            return LSU;
        } else if (XU_NAMES.contains(name)) {
            return XU;
        } else if (name.matches("[HIDBQO]G?MMA|UTC.*MMA")) {
            return TENSOR;
        } else if (name.matches("D(ADD|MUL|FMA|SETP|MNMX)")) {
            return FP64;
        } else if (name.matches("F(ADD|MUL|FMA|SWZADD|FMA32I|MUL32I|ADD32I)2?|IMAD.*|IDP.*|H(ADD|MUL|FMA)2.*")) {
            return FMA;
        } else
            if (name.startsWith("U") || name.equals("LDC") || name.equals("R2UR") || name.equals("S2UR")
                    || name.equals("LDCU") || name.equals("CS2UR")) {
                        return UNIFORM;
                    }
        return ALU;
    }
}
