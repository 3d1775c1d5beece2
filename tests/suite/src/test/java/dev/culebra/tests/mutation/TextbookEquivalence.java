package dev.culebra.tests.mutation;

import java.util.List;

/** Mutants of the textbook kernels that make no other program, one by one, with their reasons. */
final class TextbookEquivalence {

    /** @param mutant a beginning of what it is called, registers left out */
    private record Known(String kernel, String mutant, String reason) {}

    private static final String ROUND = "one more round, in which all threads are past K and add zeros";
    private static final String SIXTEENS = "K is a multiple of 16, and so is all that is compared with it";
    private static final String UNROLLED = "in a round of four tiles there are more to come whatever the comparison says";
    private static final String PAST = "of threads past the end, whose sums nobody reads";
    private static final String POWER = "N is a power of two from 2 on";
    private static final String NOBODY = "no thread has this index";

    private static final List<Known> ALL = List.of(
            new Known("gemm", "setp.lt.s32 %, %, 1; -> setp.lt.s32 %, %, 0;", ROUND),
            new Known("gemm", "mov.u32 %, 0; -> mov.u32 %, -1;", ROUND),
            new Known("gemm", "add.s32 %, %, 16; -> add.s32 %, %, 15;", ROUND),
            new Known("gemm", "setp.lt.s32 %, %, %; -> setp.le.s32 %, %, %;", ROUND),
            new Known("gemm_mma", "setp.gt.s32 %, %, 0; -> ", "K is 16 or more"),
            new Known("gemm_mma", "add.s32 %, %, -1; -> add.s32 %, %, -2;", SIXTEENS),
            new Known("gemm_mma", "setp.lt.u32 %, %, 48; -> setp.le.u32", SIXTEENS),
            new Known("gemm_mma", "setp.lt.u32 %, %, 48; -> setp.lt.u32 %, %, 49;", SIXTEENS),
            new Known("gemm_mma", "add.s32 %, %, 16; -> add.s32 %, %, 17;", SIXTEENS),
            new Known("gemm_mma", "add.s32 %, %, 16; -> add.s32 %, %, 15;", SIXTEENS),
            new Known("gemm_mma", "add.s32 %, %, 16; -> sub.s32 %, %, 16;", UNROLLED),
            new Known("gemm_mma", "setp.lt.s32 %, %, %; -> setp.le.s32 %, %, %;", UNROLLED),
            new Known("gemm_mma", "shr.u32 %, %, 4; -> shr.u32",
                    "a multiple of 64, of which one bit is used that is zero"),
            new Known("gemm_mma", "add.s32 %, %, 1; -> sub.s32 %, %, 1;", Equivalence.PARITY),
            new Known("histogram", "setp.eq.s32 %, %, 0; -> setp.eq.s32 %, %, -1;", "zeros are added, too"),
            new Known("reduction_tree", "setp.eq.s32 %, %, 0; -> setp.eq.s32 %, %, -1;", "a round for no thread"),
            new Known("scan", "mov.u64 %, 0; -> mov.u64 %, ", PAST),
            new Known("scan", "setp.ne.s32 %, %, 0; -> setp.ne.s32 %, %, 1;", "any warp may scan the warps' ends"),
            new Known("scan_blelloch", "mov.u32 %, 1; -> mov.u32 %, ", POWER),
            new Known("scan_blelloch", "setp.lt.s32 %, %, 2; -> setp.lt.s32 %, %, 1;", POWER),
            new Known("scan_blelloch", "setp.gt.s32 %, %, 3; -> setp.g", POWER),
            new Known("scan_blelloch", "add.s32 %, %, -1; -> add.s32 %, %, -2;", POWER),
            new Known("scan_blelloch", "bar.sync 0; -> (removed)",
                    "the last step down writes what the same thread reads: this barrier is not needed"),
            new Known("sort_block", "mov.u32 %, 2; -> mov.u32 %, 1;", "a merge of runs of one"),
            new Known("sort_block", "setp.eq.s32 %, %, 0; -> setp.eq.s32",
                    "the size of a merge is 2 or more and a power of two"),
            new Known("sort_block", "setp.le.u32 %, %, %; -> setp.lt.u32 %, %, %;", "no thread is its own partner"),
            new Known("sort_block", "setp.gt.u32 %, %, %; -> setp.ge.u32 %, %, %;",
                    "equal keys are left where they are"),
            new Known("transpose", "setp.lt.s32 %, %, 32; -> setp.le.s32", NOBODY),
            new Known("transpose", "setp.lt.s32 %, %, 32; -> setp.lt.s32 %, %, 33;", NOBODY),
            new Known("transpose", "setp.gt.s32 %, %, 31; -> setp.gt.s32 %, %, 32;", NOBODY));

    private TextbookEquivalence() {}

    /** Why a mutant that nobody noticed is no other program; null where that is not known. */
    static String reason(Subject subject, Mutant mutant) {
        String name = mutant.toString().replaceAll("%[a-z]+\\d+", "%");
        return ALL.stream().filter(k -> k.kernel.equals(subject.name()) && name.startsWith(k.mutant)).map(Known::reason)
                .findFirst().orElse(null);
    }
}
