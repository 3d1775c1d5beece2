package dev.culebra.tests.conformance;

import dev.culebra.driver.LaunchConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Section 9.7.9: mov, ld and st of every width in every space, addresses of spaces, parameters, constants. */
class DataMovementTest extends Conformance {

    private static final long[] WORDS = {0x8182838485868788L, 0x0102030405060708L, 0xfedcba9876543210L, -1, 0,
        0x7f80ff00807f00ffL};

    private final List<Case> cases = new ArrayList<>();

    @Override
    List<Case> cases() {
        if (!cases.isEmpty()) return cases;
        moves();
        for (String space : new String[]{"global", "shared", "local", "generic"}) {
            loads(space);
            vectors(space);
        }
        stores();
        spaces();
        parameters();
        constants();
        localArrays();
        return cases;
    }

    private static long[][] words() { return Values.cross(WORDS); }

    private void moves() {
        // "pack four 16-bit elements into .b64: d = a.x | (a.y << 16) | (a.z << 32) | (a.w << 48)", and back.
        cases.add(Tuples
                .of("9.7.9.4/mov-pack",
                        """
                                mov.b64 {%r1, %r2}, %i0; mov.b64 %o0, {%r2, %r1}; mov.b64 {%h1, %h2, %h3, %h4}, %i0;
                                mov.b64 %o1, {%h4, %h1, %h3, %h2}; mov.b32 {%h5, %h6}, %r1; mov.b32 %o2, {%h6, %h5}; mov.b32 {_, %h7}, %r2;
                                mov.b32 %o3, {%h7, %h7};""")
                .in("b64").out("b64", "b64", "b32", "b32").over(words()).answers((v, out) -> {
                    long a = v[0];
                    out[0].is(a << 32 | a >>> 32);
                    out[1].is(a >>> 48 | (a & 0xffff) << 16 | (a >>> 32 & 0xffff) << 32 | (a >>> 16 & 0xffff) << 48);
                    out[2].is((a & 0xffff) << 16 | a >>> 16 & 0xffff);
                    out[3].is((a >>> 48) * 0x10001);
                }));
        cases.add(Tuples.of("9.7.9.3/mov-constants", """
                mov.f32 %o0, 0f3FC00001; mov.f64 %o1, 0d3FF8000000000001; mov.u32 %o2, 0xFFFFFFFF; mov.s64 %o3, -5;
                mov.b16 %o4, 0x8001; mov.f32 %o5, 1.5; mov.u32 %o6, 0b1011; mov.u32 %o7, 017;""").in("b32")
                .out("b32", "b64", "b32", "b64", "b16", "b32", "b32", "b32").over(Values.cross(new long[]{0}))
                .answers((v, out) -> {
                    out[0].is(0x3fc00001L);
                    out[1].is(0x3ff8000000000001L);
                    out[2].is(0xffffffffL);
                    out[3].is(-5);
                    out[4].is(0x8001);
                    out[5].is(0x3fc00000L);
                    out[6].is(11);
                    out[7].is(15);
                }));
    }

    /** An address of eight bytes (at {@code %l2}, or {@code %r2}) of the thread's own. */
    private record Room(String declarations, String prepare, String address, String suffix) {
        static Room of(String space, int bytes) {
            String shared = ".shared .align 16 .b8 buffer[" + 128 * bytes + "];\n";
            String sharedAt = "mov.u32 %r2, buffer; mad.lo.u32 %r2, %r0, " + bytes + ", %r2; ";
            return switch (space) {
                case "global" -> new Room("", "mov.b64 %l2, %out; ", "%l2", ".global");
                case "shared" -> new Room(shared, sharedAt, "%r2", ".shared");
                case "local" ->
                    new Room("", ".local .align 16 .b8 buffer[" + bytes + "]; mov.u64 %l2, buffer; ", "%l2", ".local");
                default -> new Room(shared, sharedAt + "cvt.u64.u32 %l3, %r2; cvta.shared.u64 %l2, %l3; ", "%l2", "");
            };
        }
    }

    /** Every type, at every place within eight bytes that its alignment allows, into the narrowest register and one of 64 bits. */
    private void loads(String space) {
        Room room = Room.of(space, 8);
        for (String t : new String[]{"b8", "u8", "s8", "b16", "u16", "s16", "b32", "u32", "s32", "f32", "b64", "u64",
            "s64", "f64"}) {
            int bytes = Tuples.bits(t) / 8;
            StringBuilder code = new StringBuilder(
                    room.prepare + "st" + room.suffix + ".b64 [" + room.address + "], %i0;\n");
            int n = 8 / bytes;
            String[] out = new String[2 * n];
            for (int k = 0; k < n; k++) {
                out[2 * k] = "b" + Math.max(16, 8 * bytes);
                out[2 * k + 1] = t.startsWith("f") ? out[2 * k] : "b64";
                for (int j = 0; j < 2; j++) {
                    code.append("ld").append(room.suffix).append('.').append(t).append(" %o").append(2 * k + j)
                            .append(", [")
                            .append(room.address).append('+').append(k * bytes).append("];\n");
                }
            }
            code.append(space.equals("global") ? "mov.b64 %l4, 0; st.global.b64 [%out], %l4;" : ""); // results go there
            cases.add(Tuples.of("9.7.9.8/ld." + space + "." + t, code.toString()).declare(room.declarations).in("b64")
                    .out(out)
                    .over(words()).answers((v, r) -> {
                        for (int k = 0; k < n; k++) {
                            // "sign-extended to the destination register width for signed integers", else zero-extended
                            long f = bytes == 8 ? v[0] : Whole.field(v[0], 8 * bytes * k, 8 * bytes, t.startsWith("s"));
                            r[2 * k].isJust(f);
                            r[2 * k + 1].isJust(f);
                        }
                    }));
        }
    }

    private void vectors(String space) {
        Room room = Room.of(space, 16);
        if (space.equals("global")) return; // a thread has but eight bytes of its own there: see the case below
        for (String v : new String[]{"v2.b8", "v4.b8", "v2.b16", "v4.b16", "v2.b32", "v4.b32", "v2.b64", "v2.u8",
            "v4.s8", "v4.s16",
            "v4.f32", "v2.f64"}) {
            int n = v.charAt(1) - '0';
            String t = v.substring(3);
            int bits = Tuples.bits(t);
            String name = bits == 64 ? "%l1" : bits == 32 ? "%r1" : "%h1";
            StringBuilder list = new StringBuilder();
            for (int i = 0; i < n; i++) list.append(i == 0 ? "" : ", ").append(name).append(i);
            StringBuilder back = new StringBuilder();
            for (int i = n - 1; i >= 0; i--) back.append(i == n - 1 ? "" : ", ").append(name).append(i);
            // In, out as a vector, stored in reverse, out as words.
            String code = room.prepare
                    + "st S.v2.b64 [A], {%i0, %i1}; ld S.V {LIST}, [A]; st S.V [A], {BACK}; ld S.v2.b64 {%o0, %o1}, [A];";
            code = code.replace(" S.", room.suffix + ".").replace("[A]", "[" + room.address + "]").replace("LIST", list)
                    .replace("BACK", back).replace(".V ", "." + v + " ");
            cases.add(Tuples.of("9.7.9.8/ld-st." + space + "." + v, code).declare(room.declarations).in("b64", "b64")
                    .out("b64", "b64").over(Values.cross(WORDS, WORDS)).answers((w, r) -> {
                        byte[] b = new byte[16];
                        for (int i = 0; i < 16; i++) b[i] = (byte) (w[i / 8] >>> 8 * (i % 8));
                        byte[] c = b.clone();
                        int size = bits / 8;
                        for (int i = 0; i < n; i++) System.arraycopy(b, i * size, c, (n - 1 - i) * size, size);
                        long[] x = new long[2];
                        for (int i = 0; i < 16; i++) x[i / 8] |= (c[i] & 0xffL) << 8 * (i % 8);
                        r[0].is(x[0]);
                        r[1].is(x[1]);
                    }));
        }
    }

    /** Stores take the lower bits of wider registers and leave their neighbours alone; with cache operators and orders too. */
    private void stores() {
        for (String t : new String[]{"b8", "u8", "s8", "b16", "u16", "s16", "b32", "s32", "u32"}) {
            int bytes = Tuples.bits(t) / 8;
            cases.add(Tuples
                    .of("9.7.9.11/st.global." + t, "st.global.b64 [%out], %i0; st.global." + t + " [%out+" + bytes
                            + "], %i1; ld.global.b64 %o0, [%out];")
                    .in("b64", "b64").out("b64").over(Values.cross(WORDS, WORDS))
                    .gives(v -> {
                        long mask = (1L << 8 * bytes) - 1 << 8 * bytes;
                        return v[0] & ~mask | v[1] << 8 * bytes & mask;
                    }));
        }
        String[] pairs = {"st.wb,ld.ca", "st.cg,ld.cg", "st.cs,ld.cs", "st.wt,ld.cv", "st.volatile,ld.volatile",
            "st.relaxed.gpu,ld.relaxed.gpu", "st.release.cta,ld.acquire.cta", "st.release.gpu,ld.acquire.sys",
            "st.weak,ld.weak"};
        for (String p : pairs) {
            String[] op = p.split(",");
            // Cache operators come behind the space.
            boolean cache = op[0].length() == 5 && !op[0].contains("volatile") && !op[0].contains("weak");
            String st = cache ? "st.global" + op[0].substring(2) : op[0] + ".global";
            String ld = cache ? "ld.global" + op[1].substring(2) : op[1] + ".global";
            cases.add(Tuples.of("9.7.9.1/" + p.replace(',', '-'), st + ".b64 [%out], %i0; " + ld + ".b64 %o0, [%out];")
                    .in("b64")
                    .out("b64").over(words()).gives(v -> v[0]));
        }
        // Vectors of global memory: from the input's array, which nobody writes, so that .nc is allowed; into the output.
        String code = Case.header(80, "8.0") + """
                .visible .entry k(.param .u64 in, .param .u64 out) {
                .reg .b32 %t, %a<4>; .reg .b64 %in, %out, %o, %b<4>; .reg .b16 %h<4>;
                ld.param.u64 %in, [in]; ld.param.u64 %out, [out]; mov.u32 %t, %tid.x; mul.wide.u32 %o, %t, 64;
                add.u64 %in, %in, %o; add.u64 %out, %out, %o;
                ld.global.v4.b32 {%a0, %a1, %a2, %a3}, [%in]; st.global.v4.b32 [%out], {%a3, %a2, %a1, %a0};
                ld.global.nc.v2.b64 {%b0, %b1}, [%in+16]; st.global.v2.b64 [%out+16], {%b1, %b0};
                ld.global.nc.v4.u16 {%h0, %h1, %h2, %h3}, [%in+32]; st.global.v4.u16 [%out+32], {%h3, %h2, %h1, %h0};
                ld.v2.b32 {%a0, %a1}, [%in+40]; st.v2.b32 [%out+40], {%a1, %a0};
                ld.global.v4.u8 {%h0, %h1, %h2, %h3}, [%in+48]; st.global.v4.u8 [%out+48], {%h3, %h2, %h1, %h0};
                ld.global.nc.L1::no_allocate.v2.f32 {%a0, %a1}, [%in+56]; st.global.v2.f32 [%out+56], {%a1, %a0};
                ret; }""";
        byte[] in = new byte[64 * 64];
        for (int i = 0; i < in.length; i++) in[i] = (byte) (i * 7 + (i >> 8) * 3 + 1);
        long[] bits = new long[in.length];
        int[][] parts = {{0, 4, 4}, {16, 8, 2}, {32, 2, 4}, {40, 4, 2}, {48, 1, 4}, {56, 4, 2}}; // place, bytes an element, elements
        for (int t = 0; t < 64; t++) {
            for (int[] p : parts) {
                for (int e = 0; e < p[2]; e++) {
                    for (int i = 0; i < p[1]; i++) {
                        bits[64 * t + p[0] + e * p[1] + i] = in[64 * t + p[0] + (p[2] - 1 - e) * p[1] + i] & 0xff;
                    }
                }
            }
        }
        cases.add(Case.of("9.7.9.8/ld-st.global-vectors", 80, code, LaunchConfig.of(1, 64), in,
                new Answer(1, bits, new Freedom[bits.length])));
    }

    /** Generic addresses: which window each lies in, and the way back. */
    private void spaces() {
        String code = """
                .local .align 8 .b8 mine[8];
                cvta.to.global.u64 %l0, %out; st.global.b64 [%l0], %i0; ld.b64 %o0, [%out];
                mov.u64 %l1, mine; cvta.local.u64 %l2, %l1; st.b64 [%l2], %i0; ld.local.b64 %o1, [mine];
                cvta.to.local.u64 %l3, %l2; sub.u64 %o2, %l3, %l1;
                mov.u64 %l4, buffer; cvta.shared.u64 %l5, %l4; cvta.to.shared.u64 %l6, %l5; sub.u64 %o3, %l6, %l4;
                mov.u64 %l7, table; cvta.const.u64 %l8, %l7; ld.u32 %o4, [%l8+4];
                mov.b32 %o5, 0;
                """;
        String[] spaces = {"global", "local", "shared", "const"};
        String[] places = {"%out", "%l2", "%l5", "%l8"};
        StringBuilder s = new StringBuilder(code);
        long mask = 0;
        for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 4; j++) {
                s.append("isspacep.").append(spaces[i]).append(" %p0, ").append(places[j])
                        .append("; @%p0 or.b32 %o5, %o5, ")
                        .append(1 << 4 * i + j).append(";\n");
                if (i == j) mask |= 1L << 4 * i + j;
            }
        }
        long expected = mask;
        // A window of constant memory is also one of global memory on some devices: those bits are masked out.
        s.append("and.b32 %o5, %o5, 0xfff7;\n");
        cases.add(Tuples.of("9.7.9.20/cvta-isspacep", s.toString()).declare("""
                .shared .align 8 .b8 buffer[64]; .const .align 4 .u32 table[2] = {11, 22};
                """).in("b64").out("b64", "b64", "b64", "b64", "b32", "b32").over(words()).answers((v, out) -> {
            out[0].is(v[0]);
            out[1].is(v[0]);
            out[2].is(0);
            out[3].is(0);
            out[4].is(22);
            out[5].is(expected & 0xfff7);
        }));
    }

    /** Numbers of every size, a struct and an array, each at its alignment. */
    private void parameters() {
        String ptx = Case.header(80, "8.0")
                + """
                        .visible .entry k(.param .u64 in, .param .u64 out, .param .u8 a, .param .u16 b, .param .f64 c, .param .s8 d,
                          .param .u32 e, .param .align 16 .b8 f[40], .param .s16 g, .param .align 8 .b8 h[3], .param .f32 i) {
                        .reg .b64 %out, %v<12>; .reg .b32 %a<4>; .reg .b16 %h<4>;
                        ld.param.u64 %out, [out];
                        ld.param.u8 %v0, [a]; st.global.u64 [%out], %v0; ld.param.u16 %v1, [b]; st.global.u64 [%out+8], %v1;
                        ld.param.f64 %v2, [c]; st.global.f64 [%out+16], %v2; ld.param.s8 %v3, [d]; st.global.u64 [%out+24], %v3;
                        ld.param.u32 %v4, [e]; st.global.u64 [%out+32], %v4; ld.param.v2.u64 {%v5, %v6}, [f];
                        st.global.v2.u64 [%out+48], {%v5, %v6}; ld.param.v4.u32 {%a0, %a1, %a2, %a3}, [f+16];
                        st.global.v4.u32 [%out+64], {%a0, %a1, %a2, %a3}; ld.param.s32 %v7, [f+36]; st.global.u64 [%out+40], %v7;
                        ld.param.s16 %v8, [g]; st.global.u64 [%out+80], %v8; ld.param.u8 %v9, [h+2]; st.global.u64 [%out+88], %v9;
                        ld.param.f32 %a0, [i]; st.global.u32 [%out+96], %a0; ld.param.u16 %h0, [f+34]; st.global.u16 [%out+100], %h0;
                        ret; }""";
        MemorySegment f = Arena.ofAuto().allocate(40, 16);
        for (int i = 0; i < 40; i++) f.set(ValueLayout.JAVA_BYTE, i, (byte) (0x90 + i));
        MemorySegment h = Arena.ofAuto().allocate(3, 8);
        h.set(ValueLayout.JAVA_BYTE, 2, (byte) 0xee);
        Object[] more = {(byte) 0xfe, (short) 0xfedc, 1.25, (byte) -3, 0x89abcdef, f, (short) -2, h, 2.5f};
        long[] v = new long[13];
        v[0] = 0xfe;
        v[1] = 0xfedc;
        v[2] = 0x3ff4000000000000L;
        v[3] = -3;
        v[4] = 0x89abcdefL;
        v[5] = word(f, 36, 4) << 32 >> 32;
        for (int i = 0; i < 4; i++) v[6 + i] = word(f, 8 * i, 8);
        v[10] = -2;
        v[11] = 0xee;
        v[12] = 0x40200000L | word(f, 34, 2) << 32;
        cases.add(new Case("9.7.9.8/ld.param", 80, ptx, LaunchConfig.of(1, 1), new byte[16], more,
                () -> Answer.ofLongs(v),
                i -> "word " + i));
    }

    private static long word(MemorySegment s, int at, int bytes) {
        long v = 0;
        for (int i = 0; i < bytes; i++) v |= (s.get(ValueLayout.JAVA_BYTE, at + i) & 0xffL) << 8 * i;
        return v;
    }

    /** Initial values of variables: of every type, nested, with addresses in them, and what is not named is zero. */
    private void constants() {
        String ptx = Case.header(80, "8.0")
                + """
                        .const .align 8 .b8 bytes[16] = {1, 2, 0xff, -1, 0, 6};
                        .const .align 4 .f32 reals[3] = {1.5, 0f40000000, -2.0};
                        .const .align 8 .u64 wide = 0x123456789abcdef0;
                        .const .align 4 .u32 grid[2][3] = {{1, 2, 3}, {4, 5}};
                        .global .align 4 .s32 numbers[4] = {-1, 7, 19, 14};
                        .global .align 8 .u64 place = generic(numbers) + 4;
                        .global .align 8 .f64 half = 0.5;
                        .global .align 4 .u32 nothing[2];
                        .visible .entry k(.param .u64 in, .param .u64 out) {
                        .reg .b64 %out, %v<8>; .reg .b32 %a<4>;
                        ld.param.u64 %out, [out];
                        ld.const.u64 %v0, [bytes]; st.global.u64 [%out], %v0; ld.const.u64 %v0, [bytes+8]; st.global.u64 [%out+8], %v0;
                        ld.const.u32 %a0, [reals]; ld.const.u32 %a1, [reals+4]; st.global.v2.u32 [%out+16], {%a0, %a1};
                        ld.const.u32 %a0, [reals+8]; st.global.u32 [%out+24], %a0; ld.const.u64 %v1, [wide]; st.global.u64 [%out+32], %v1;
                        ld.const.u32 %a0, [grid+8]; ld.const.u32 %a1, [grid+12]; st.global.v2.u32 [%out+40], {%a0, %a1};
                        ld.const.u32 %a0, [grid+16]; ld.const.u32 %a1, [grid+20]; st.global.v2.u32 [%out+48], {%a0, %a1};
                        ld.global.v4.u32 {%a0, %a1, %a2, %a3}, [numbers]; st.global.v2.u32 [%out+56], {%a0, %a1};
                        st.global.v2.u32 [%out+64], {%a2, %a3}; ld.global.u64 %v2, [place]; ld.u32 %v3, [%v2]; st.global.u64 [%out+72], %v3;
                        ld.global.u64 %v4, [half]; st.global.u64 [%out+80], %v4; ld.global.u64 %v5, [nothing]; st.global.u64 [%out+88], %v5;
                        ret; }""";
        ptx = ptx.replace(".global .align 4 .u32 nothing[2]", ".global .align 8 .u32 nothing[2]")
                .replace(".global .align 4 .s32 numbers", ".global .align 16 .s32 numbers");
        cases.add(Case.of("5.4.4/initializers", 80, ptx, LaunchConfig.of(1, 1), new byte[16],
                Answer.ofLongs(0x0600ffff0201L, 0, 0x400000003fc00000L, 0xc0000000L, 0x123456789abcdef0L, 0x400000003L,
                        5,
                        0x7ffffffffL, 14L << 32 | 19, 7, 0x3fe0000000000000L, 0)));
    }

    /** An array a thread, written and read at places that only the run knows. */
    private void localArrays() {
        cases.add(Tuples
                .of("5.1.5/local-array",
                        """
                                .local .align 4 .b32 a[32]; mov.u64 %l0, a; mov.b32 %r1, 0;
                                FILL: mul.wide.u32 %l1, %r1, 4; add.u64 %l1, %l0, %l1; mul.lo.u32 %r2, %r1, %i0; st.local.u32 [%l1], %r2;
                                add.u32 %r1, %r1, 1; setp.lt.u32 %p0, %r1, 32; @%p0 bra FILL;
                                mov.b32 %o0, 0; mov.b32 %r1, %i1; mov.b32 %r3, 0;
                                WALK: and.b32 %r2, %r1, 31; mul.wide.u32 %l1, %r2, 4; add.u64 %l1, %l0, %l1; ld.local.u32 %r4, [%l1];
                                xor.b32 %o0, %o0, %r4; shl.b32 %r5, %o0, 1; shr.u32 %o0, %o0, 31; or.b32 %o0, %o0, %r5;
                                add.u32 %r1, %r1, 7; add.u32 %r3, %r3, 1; setp.lt.u32 %p0, %r3, 20; @%p0 bra WALK;""")
                .in("b32", "b32").out("b32")
                .over(Values.cross(Values.few("b32"), Values.few("b32"))).gives(v -> {
                    int r = 0;
                    for (int i = 0, at = (int) v[1]; i < 20; i++, at += 7) {
                        r = Integer.rotateLeft(r ^ (at & 31) * (int) v[0], 1);
                    }
                    return r;
                }));
    }
}
