package dev.culebra.tests.cli;

/** PTX that a user might bring. */
final class LaunchPrograms {
    private LaunchPrograms() {}

    private static final String HEAD = """
            .version 7.0
            .target sm_80
            .address_size 64
            """;

    /** y[i] = a x[i] + y[i] for i below n. */
    static final String AXPY = HEAD + """
            .visible .entry axpy(.param .u64 x, .param .u64 y, .param .f32 a, .param .u32 n) {
                .reg .pred %p;
                .reg .b32 %i, %block, %threads, %n;
                .reg .f32 %a, %xi, %yi;
                .reg .b64 %x, %y, %offset;
                mov.u32 %block, %ctaid.x;
                mov.u32 %threads, %ntid.x;
                mov.u32 %i, %tid.x;
                mad.lo.u32 %i, %block, %threads, %i;
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

    /** Each value as it arrived, side by side: 8, 16, 32 and 64 bits, a float, a double, half a float, a struct of 12 bytes. */
    static final String ECHO = HEAD + """
            .visible .entry echo(.param .u64 out, .param .u8 a, .param .u16 b, .param .s32 c, .param .b64 d,
                    .param .f32 e, .param .f64 f, .param .align 2 .b8 g[2], .param .align 4 .b8 h[12]) {
                .reg .b16 %h;
                .reg .b32 %r;
                .reg .b64 %out, %l;
                ld.param.u64 %out, [out];
                ld.param.s8 %l, [a];
                st.global.b64 [%out], %l;
                ld.param.s16 %l, [b];
                st.global.b64 [%out+8], %l;
                ld.param.s32 %l, [c];
                st.global.b64 [%out+16], %l;
                ld.param.b64 %l, [d];
                st.global.b64 [%out+24], %l;
                ld.param.u32 %l, [e];
                st.global.b64 [%out+32], %l;
                ld.param.b64 %l, [f];
                st.global.b64 [%out+40], %l;
                ld.param.u16 %l, [g];
                st.global.b64 [%out+48], %l;
                ld.param.u32 %l, [h+4];
                st.global.b64 [%out+56], %l;
                ld.param.u32 %l, [h+8];
                st.global.b64 [%out+64], %l;
                ret;
            }
            """;

    /** Two kernels: reverses the block's numbers through dynamic shared memory; and counts each value of 0 to 9. */
    static final String TWO = HEAD + """
            .extern .shared .align 4 .b32 room[];
            .visible .entry reverse(.param .u64 x, .param .u64 y) {
                .reg .b32 %t, %n, %g, %s, %v;
                .reg .b64 %x, %y, %o;
                ld.param.u64 %x, [x];
                ld.param.u64 %y, [y];
                mov.u32 %t, %tid.x;
                mov.u32 %n, %ntid.x;
                mov.u32 %g, %ctaid.x;
                mad.lo.u32 %g, %g, %n, %t;
                mul.wide.u32 %o, %g, 4;
                add.u64 %x, %x, %o;
                add.u64 %y, %y, %o;
                ld.global.b32 %v, [%x];
                mov.u32 %s, room;
                mad.lo.u32 %g, %t, 4, %s;
                st.shared.b32 [%g], %v;
                bar.sync 0;
                sub.u32 %t, %n, %t;
                sub.u32 %t, %t, 1;
                mad.lo.u32 %g, %t, 4, %s;
                ld.shared.b32 %v, [%g];
                st.global.b32 [%y], %v;
                ret;
            }
            .visible .entry count(.param .u64 x, .param .u64 bins) {
                .reg .b32 %t, %n, %g, %v;
                .reg .b64 %x, %b, %o;
                ld.param.u64 %x, [x];
                ld.param.u64 %b, [bins];
                mov.u32 %t, %tid.x;
                mov.u32 %n, %ntid.x;
                mov.u32 %g, %ctaid.x;
                mad.lo.u32 %g, %g, %n, %t;
                mul.wide.u32 %o, %g, 4;
                add.u64 %x, %x, %o;
                ld.global.b32 %v, [%x];
                mul.wide.u32 %o, %v, 4;
                add.u64 %b, %b, %o;
                red.global.add.u32 [%b], 1;
                ret;
            }
            """;

    /** out[linear thread of the grid] = 1000 times its block's linear index, plus its own in the block. */
    static final String PLACES = HEAD + """
            .visible .entry places(.param .u64 out) {
                .reg .b32 %a, %b, %g, %t, %n;
                .reg .b64 %o, %l;
                mov.u32 %g, %ctaid.z;
                mov.u32 %a, %nctaid.y;
                mov.u32 %b, %ctaid.y;
                mad.lo.u32 %g, %g, %a, %b;
                mov.u32 %a, %nctaid.x;
                mov.u32 %b, %ctaid.x;
                mad.lo.u32 %g, %g, %a, %b;
                mov.u32 %t, %tid.z;
                mov.u32 %a, %ntid.y;
                mov.u32 %b, %tid.y;
                mad.lo.u32 %t, %t, %a, %b;
                mov.u32 %n, %ntid.x;
                mov.u32 %b, %tid.x;
                mad.lo.u32 %t, %t, %n, %b;
                mul.lo.u32 %n, %n, %a;
                mov.u32 %a, %ntid.z;
                mul.lo.u32 %n, %n, %a;
                mad.lo.u32 %n, %g, %n, %t;
                mul.wide.u32 %l, %g, 1000;
                cvt.u64.u32 %o, %t;
                add.u64 %l, %l, %o;
                ld.param.u64 %o, [out];
                mad.wide.u32 %o, %n, 8, %o;
                st.global.b64 [%o], %l;
                ret;
            }
            """;

    /** Nothing, without parameters. */
    static final String NOTHING = HEAD + ".visible .entry nothing() { ret; }\n";
}
