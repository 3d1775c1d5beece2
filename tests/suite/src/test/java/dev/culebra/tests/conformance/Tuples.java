package dev.culebra.tests.conformance;

import dev.culebra.driver.LaunchConfig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Makes a case of a few instructions and many tuples of operands, one a thread. Operands come in registers {@code %i0},
 * {@code %i1}, ... and results go to {@code %o0}, {@code %o1}, ..., each of its type's width (of 16 bits where that is 8); there
 * are spare registers {@code %p}, {@code %h}, {@code %r}, {@code %l} (predicates, 16, 32 and 64 bits), numbered from 0 to 15.
 * {@code [%out]} are eight bytes of the thread's own in global memory, {@code %r0} is its number in the block.
 */
final class Tuples {

    /** Worked out from the ISA's text. */
    interface Reference {
        /**
         * The one result.
         *
         * @param in the operands' bits, zero-extended
         * @return the result's bits
         */
        long of(long[] in);
    }

    /** The same where there are several results, or some freedom. */
    interface Answers {
        /**
         * Sets the results.
         *
         * @param in the operands' bits, zero-extended
         * @param out the results
         */
        void of(long[] in, Result[] out);
    }

    /** The same for what a warp's or a block's threads do together; the tuples are a multiple of their number. */
    interface GroupAnswers {
        /**
         * Sets the results of all threads of a warp or a block.
         *
         * @param in by thread, then operand
         * @param out by thread, then result
         */
        void of(long[][] in, Result[][] out);
    }

    /** One result of one tuple. */
    static final class Result {
        private final String type;
        private long bits;
        private Freedom freedom;

        Result(String type) { this.type = type; }

        /** Just these bits; of a floating-point type's NaN, any. */
        void is(long v) {
            bits = v & mask(type);
            freedom = Freedom.ofNan(type, bits);
        }

        /** Just these bits. */
        void isJust(long v) {
            bits = v & mask(type);
            freedom = null;
        }

        void isFree(long example, Freedom f) {
            bits = example & mask(type);
            freedom = f;
        }

        void isAs(Result other) {
            bits = other.bits;
            freedom = other.freedom;
        }

        /** Two results of 16 bits in one of 32. */
        void isPair(Result low, Result high) {
            bits = low.bits | high.bits << 16;
            freedom = low.freedom == null && high.freedom == null
                    ? null
                    : new Freedom("low half " + low.text() + ", high half " + high.text(),
                            v -> low.accepts(v & 0xffff) && high.accepts(v >>> 16 & 0xffff));
        }

        private boolean accepts(long v) { return freedom == null ? v == bits : freedom.accepts().test(v); }

        private String text() { return freedom == null ? "0x" + Long.toHexString(bits) : freedom.text(); }
    }

    private final String name;
    private final String code;
    private int target = 80;
    private String version = "8.0";
    private String[] in = {};
    private String[] out = {};
    private String[] values = {};
    private String declarations = "";
    private int block = 128;
    private long[][] tuples;

    private Tuples(String name, String code) {
        this.name = name;
        this.code = code;
    }

    /**
     * Begins a case.
     *
     * @param name as in {@link Case}
     * @param code the instructions
     */
    static Tuples of(String name, String code) { return new Tuples(name, code); }

    /** Asks for another target than sm_80 and another version than 8.0. */
    Tuples target(int sm, String ptxVersion) {
        target = sm;
        version = ptxVersion;
        return this;
    }

    Tuples in(String... types) {
        in = types;
        values = types;
        return this;
    }

    Tuples out(String... types) {
        out = types;
        return this;
    }

    /** Takes operands from the edge values of other types than {@link #in} says: of f16 for a .b16, say. */
    Tuples from(String... types) {
        values = types;
        return this;
    }

    /** Variables of the module. */
    Tuples declare(String variables) {
        declarations = variables;
        return this;
    }

    Tuples over(long[][] operands) {
        tuples = operands;
        return this;
    }

    Case gives(Reference r) { return answers((v, out) -> out[0].is(r.of(v))); }

    Case givesJust(Reference r) { return answers((v, out) -> out[0].isJust(r.of(v))); }

    Case answers(Answers r) { return make((in, out) -> {
        for (int i = 0; i < in.length; i++) r.of(in[i], out[i]);
    }); }

    /** A warp a block, all lanes of which are there. */
    Case answersOfWarps(GroupAnswers r) {
        return answersOfBlocks(32, r);
    }

    /** Blocks of a size, all threads of which are there. */
    Case answersOfBlocks(int threads, GroupAnswers r) {
        if (tuples.length % threads != 0) throw new IllegalArgumentException(name + ": " + tuples.length + " tuples");
        block = threads;
        return make((in, out) -> {
            for (int i = 0; i < in.length; i += threads) {
                r.of(Arrays.copyOfRange(in, i, i + threads), Arrays.copyOfRange(out, i, i + threads));
            }
        });
    }

    private Case make(GroupAnswers r) {
        if (tuples == null) tuples = Values.cross(values);
        int n = tuples.length;
        ByteBuffer input = ByteBuffer.allocate(8 * n * in.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int j = 0; j < in.length; j++) for (long[] t : tuples) input.putLong(t[j] & mask(in[j]));
        long[][] all = tuples;
        String[] types = in;
        return new Case(name, target, ptx(), LaunchConfig.of((n + block - 1) / block, block), input.array(),
                new Object[]{n}, () -> expected(r), i -> "result " + i / n + " of " + describe(types, all[i % n]));
    }

    private Answer expected(GroupAnswers r) {
        int n = tuples.length;
        long[] bits = new long[n * out.length];
        Freedom[] freedoms = new Freedom[n * out.length];
        long[][] operands = new long[n][in.length];
        Result[][] results = new Result[n][out.length];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < in.length; j++) operands[i][j] = tuples[i][j] & mask(in[j]);
            for (int k = 0; k < out.length; k++) results[i][k] = new Result(out[k]);
        }
        r.of(operands, results);
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < out.length; k++) {
                bits[k * n + i] = results[i][k].bits;
                freedoms[k * n + i] = results[i][k].freedom;
            }
        }
        return new Answer(8, bits, freedoms);
    }

    private static String describe(String[] types, long[] tuple) {
        List<String> parts = new ArrayList<>();
        for (int j = 0; j < types.length; j++) parts.add("0x" + Long.toHexString(tuple[j] & mask(types[j])));
        return String.join(", ", parts);
    }

    /** Bits of a type by the digits in its name; of a packed one by their product; a predicate comes as 32 bits. */
    static int bits(String type) {
        if (type.endsWith("x2")) return 2 * bits(type.substring(0, type.length() - 2));
        if (type.equals("tf32")) return 32;
        return type.equals("pred") ? 32 : Integer.parseInt(type.replaceAll("^[a-z]+", ""));
    }

    static long mask(String type) { return bits(type) == 64 ? -1 : (1L << bits(type)) - 1; }

    private String ptx() {
        StringBuilder s = new StringBuilder(Case.header(target, version)).append(declarations);
        s.append("""
                .visible .entry k(.param .u64 in, .param .u64 out, .param .u32 n) {
                .reg .pred %live, %p<16>; .reg .b16 %h<16>; .reg .b32 %n, %t, %w, %r<16>;
                .reg .b64 %in, %out, %at, %stride, %l<16>;
                """);
        declare(s, in, "%i");
        declare(s, out, "%o");
        s.append("""
                ld.param.u64 %in, [in]; ld.param.u64 %out, [out]; ld.param.u32 %n, [n];
                mov.u32 %t, %ctaid.x; mov.u32 %w, %ntid.x; mov.u32 %r0, %tid.x; mad.lo.u32 %t, %t, %w, %r0;
                setp.ge.u32 %live, %t, %n; @%live bra DONE;
                mul.wide.u32 %at, %t, 8; mul.wide.u32 %stride, %n, 8;
                add.u64 %in, %in, %at; add.u64 %out, %out, %at;
                """);
        for (int j = 0; j < in.length; j++) {
            s.append("ld.global.b").append(bits(in[j])).append(" %i").append(j)
                    .append(", [%in]; add.u64 %in, %in, %stride;\n");
        }
        s.append(code).append('\n');
        for (int k = 0; k < out.length; k++) {
            s.append("st.global.b").append(bits(out[k])).append(" [%out], %o").append(k)
                    .append("; add.u64 %out, %out, %stride;\n");
        }
        return s.append("DONE: ret;\n}\n").toString();
    }

    private static void declare(StringBuilder s, String[] types, String name) {
        for (int j = 0; j < types.length; j++) {
            s.append(".reg .b").append(Math.max(16, bits(types[j]))).append(' ').append(name).append(j).append("; ");
        }
        s.append('\n');
    }
}
