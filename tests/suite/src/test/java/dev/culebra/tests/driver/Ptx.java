package dev.culebra.tests.driver;

/** Kernels that the tests of the driver layer launch, each as small as its test allows. */
final class Ptx {

    private static final String HEAD = """
            .version 7.0
            .target sm_80
            .address_size 64
            """;

    /** {@code y[i] = a * x[i] + y[i]} for i below n. */
    static final String AXPY = HEAD + """
            .visible .entry axpy(.param .u64 x, .param .u64 y, .param .f32 a, .param .u32 n) {
                .reg .pred %p;
                .reg .b32 %i, %block, %threads, %thread, %n;
                .reg .f32 %a, %xi, %yi;
                .reg .b64 %x, %y, %offset;
                mov.u32 %block, %ctaid.x;
                mov.u32 %threads, %ntid.x;
                mov.u32 %thread, %tid.x;
                mad.lo.u32 %i, %block, %threads, %thread;
                ld.param.u32 %n, [n];
                setp.ge.u32 %p, %i, %n;
                @%p bra DONE;
                ld.param.u64 %x, [x];
                ld.param.u64 %y, [y];
                ld.param.f32 %a, [a];
                mul.wide.u32 %offset, %i, 4;
                add.u64 %x, %x, %offset;
                add.u64 %y, %y, %offset;
                ld.global.f32 %xi, [%x];
                ld.global.f32 %yi, [%y];
                fma.rn.f32 %yi, %a, %xi, %yi;
                st.global.f32 [%y], %yi;
            DONE:
                ret;
            }
            """;

    /** Thread 0 of each block adds a number to {@code *x}; {@code counter} and {@code table} are variables. */
    static final String ADD = HEAD + """
            .visible .global .align 4 .u32 counter = 5;
            .visible .const .align 4 .b32 table[4] = {1, 2, 3, 4};
            .visible .entry add(.param .u64 x, .param .u32 k) {
                .reg .pred %p;
                .reg .b32 %t, %k, %v;
                .reg .b64 %x;
                mov.u32 %t, %tid.x;
                setp.ne.u32 %p, %t, 0;
                @%p bra DONE;
                ld.param.u64 %x, [x];
                ld.param.u32 %k, [k];
                ld.global.u32 %v, [%x];
                add.u32 %v, %v, %k;
                st.global.u32 [%x], %v;
            DONE:
                ret;
            }
            """;

    /** Writes a number to the last word of as much dynamic shared memory as it is told, and reads it to {@code *x}. */
    static final String SHARED = HEAD + """
            .extern .shared .align 16 .b8 memory[];
            .visible .entry shared(.param .u64 x, .param .u32 bytes) {
                .reg .b32 %a, %bytes, %v;
                .reg .b64 %x;
                ld.param.u64 %x, [x];
                ld.param.u32 %bytes, [bytes];
                mov.u32 %a, memory;
                add.u32 %a, %a, %bytes;
                mov.u32 %v, 77;
                st.shared.u32 [%a + -4], %v;
                ld.shared.u32 %v, [%a + -4];
                st.global.u32 [%x], %v;
                ret;
            }
            """;

    /** Writes to address 16. */
    static final String FAULT = HEAD + """
            .visible .entry fault() {
                .reg .b32 %v;
                .reg .b64 %x;
                mov.u64 %x, 16;
                mov.u32 %v, 1;
                st.global.u32 [%x], %v;
                ret;
            }
            """;

    private Ptx() {}
}
