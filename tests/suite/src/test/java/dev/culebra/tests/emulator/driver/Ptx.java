package dev.culebra.tests.emulator.driver;

/** Small kernels for tests of the driver; what the interpreter makes of instructions is tested elsewhere. */
final class Ptx {

    private Ptx() {}

    static final String HEAD = """
            .version 7.0
            .target sm_80
            .address_size 64
            """;

    /** out[i] = in[i] * factor + added, for i < n. */
    static final String SCALE = HEAD + """
            .visible .entry scale(.param .u64 out, .param .u64 in, .param .u32 n, .param .u32 factor, .param .u32 added)
            {
                .reg .pred %p;
                .reg .b32 %r<12>;
                .reg .b64 %rd<8>;
                ld.param.u64 %rd1, [out];
                ld.param.u64 %rd2, [in];
                ld.param.u32 %r1, [n];
                ld.param.u32 %r2, [factor];
                ld.param.u32 %r3, [added];
                mov.u32 %r4, %ctaid.x;
                mov.u32 %r5, %ntid.x;
                mov.u32 %r6, %tid.x;
                mad.lo.s32 %r7, %r4, %r5, %r6;
                setp.ge.s32 %p, %r7, %r1;
                @%p bra DONE;
                mul.wide.s32 %rd3, %r7, 4;
                add.s64 %rd4, %rd2, %rd3;
                ld.global.u32 %r8, [%rd4];
                mad.lo.s32 %r9, %r8, %r2, %r3;
                add.s64 %rd5, %rd1, %rd3;
                st.global.u32 [%rd5], %r9;
            DONE:
                ret;
            }
            """;

    /** A counter in global memory, a table in constant memory, and a kernel that adds table[1] to the counter. */
    static final String VARIABLES = HEAD + """
            .global .align 4 .u32 counter = 40;
            .const .align 4 .u32 table[3] = {1, 2, 3};
            .visible .entry count()
            {
                .reg .b32 %r<4>;
                ld.global.u32 %r1, [counter];
                ld.const.u32 %r2, [table+4];
                add.u32 %r3, %r1, %r2;
                st.global.u32 [counter], %r3;
                ret;
            }
            """;

    /** Stores to an address it is given. */
    static final String STORE = HEAD + """
            .visible .entry store(.param .u64 to)
            {
                .reg .b32 %r<2>;
                .reg .b64 %rd<2>;
                ld.param.u64 %rd1, [to];
                mov.u32 %r1, 77;
                st.global.u32 [%rd1], %r1;
                ret;
            }
            """;

    /** Writes each thread's index to dynamic shared memory and reads its neighbour's back, 4 bytes a thread. */
    static final String SHARED = HEAD + """
            .extern .shared .align 16 .b8 dynamic[];
            .visible .entry neighbour(.param .u64 out)
            {
                .reg .b32 %r<12>;
                .reg .b64 %rd<6>;
                ld.param.u64 %rd1, [out];
                mov.u32 %r1, %tid.x;
                mov.u32 %r2, %ntid.x;
                mov.u32 %r3, dynamic;
                shl.b32 %r4, %r1, 2;
                add.u32 %r5, %r3, %r4;
                st.shared.u32 [%r5], %r1;
                bar.sync 0;
                add.u32 %r6, %r1, 1;
                rem.u32 %r7, %r6, %r2;
                shl.b32 %r8, %r7, 2;
                add.u32 %r9, %r3, %r8;
                ld.shared.u32 %r10, [%r9];
                mul.wide.u32 %rd2, %r1, 4;
                add.s64 %rd3, %rd1, %rd2;
                st.global.u32 [%rd3], %r10;
                ret;
            }
            """;

    /** A kernel for blocks of at most 64 threads, and one for blocks of exactly 32 x 2. */
    static final String BOUNDED = HEAD + """
            .visible .entry bounded() .maxntid 64, 1, 1 { ret; }
            .visible .entry exact() .reqntid 32, 2, 1 { ret; }
            """;
}
