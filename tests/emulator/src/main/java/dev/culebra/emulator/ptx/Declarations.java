package dev.culebra.emulator.ptx;

import dev.culebra.emulator.ptx.Lexer.Kind;
import dev.culebra.emulator.ptx.Lexer.Token;
import java.util.ArrayList;
import java.util.List;

/** Declarations of variables and parameters, with their initialisers. */
final class Declarations {

    /**
     * What a declaration says.
     *
     * @param variable the variable
     * @param initial its first bytes, or null when none are given
     * @param relocations addresses in them
     * @param pointer declared {@code .ptr}
     * @param pointerAlignment as in {@link PtxParameter}
     */
    record Declared(Variable variable, byte[] initial, List<PtxVariable.Relocation> relocations, boolean pointer,
            int pointerAlignment) {}

    private final TokenStream in;

    Declarations(TokenStream in) { this.in = in; }

    /**
     * Variables of one declaration, from behind the token that names the space; the semicolon is taken too. Parameters are
     * read one at a time and end at their comma or parenthesis.
     */
    List<Declared> read(Space space, boolean external, boolean parameter) {
        int alignment = 0;
        int vector = 1;
        boolean pointer = false;
        boolean elsewhere = false;
        int pointed = 1;
        PtxType type = null;
        while (in.peek().kind() == Kind.DOTTED) {
            Token t = in.take();
            String word = t.text().substring(1);
            if (word.equals("align")) {
                long a = in.integer();
                if (pointer) { // behind .ptr it speaks of what is pointed to
                    pointed = (int) a;
                } else {
                    alignment = (int) a;
                }
            } else if (word.equals("v2") || word.equals("v4")) {
                vector = word.charAt(1) - '0';
            } else if (word.equals("ptr")) {
                pointer = true;
            } else if (word.equals("attribute")) {
                in.expect("(");
                while (!in.accept(")")) {
                    in.take();
                }
            } else if (PtxType.of(word) != null) {
                type = PtxType.of(word);
            } else if (pointer && List.of("global", "const", "shared", "local", "param").contains(word)) {
                elsewhere = !word.equals("global");
            } else {
                throw new TokenStream.SyntaxError(t.line(), "'" + t.text() + "' is not known in a declaration");
            }
        }
        if (type == null) {
            throw in.error("a type is missing before '" + in.peek().text() + "'");
        }
        if (type == PtxType.PRED) {
            throw in.error("a predicate can not be a variable in memory");
        }
        int element = type.bytes() * vector;
        List<Declared> all = new ArrayList<>();
        do {
            Token nameToken = in.peek();
            String name = in.name();
            if (in.next("<")) { // a range: name<n> is name0 .. name(n-1)
                in.take();
                int n = (int) in.integer();
                in.expect(">");
                for (int i = 0; i < n; i++) {
                    all.add(new Declared(new Variable(name + i, space, Math.max(alignment, element), element, external),
                            null,
                            List.of(), pointer, pointer && !elsewhere ? pointed : 0));
                }
                continue;
            }
            List<Long> extents = new ArrayList<>();
            while (in.accept("[")) {
                extents.add(in.next("]") ? 0L : in.integer());
                in.expect("]");
            }
            Initial initial = null;
            if (in.accept("=")) {
                initial = new Initial(type, element);
                initial.read(extents, 0, 0);
                if (!extents.isEmpty() && extents.get(0) == 0) {
                    extents.set(0, initial.elements / Math.max(1, product(extents.subList(1, extents.size()))));
                }
            }
            long size = element * product(extents);
            if (size > Integer.MAX_VALUE) {
                throw new TokenStream.SyntaxError(nameToken.line(),
                        "variable '" + name + "' has " + size + " bytes; at most 2 GiB can be");
            }
            byte[] bytes = initial == null ? null : java.util.Arrays.copyOf(initial.bytes, (int) size);
            Variable v = new Variable(name, space, alignment == 0 ? element : alignment, size, external);
            all.add(new Declared(v, bytes, initial == null ? List.of() : initial.relocations, pointer,
                    pointer && !elsewhere ? pointed : 0));
        } while (!parameter && in.accept(","));
        if (!parameter) {
            in.expect(";");
        }
        return all;
    }

    /** Parameters in parentheses, or none. */
    static List<Declared> parameterList(TokenStream in) {
        List<Declared> all = new ArrayList<>();
        if (!in.accept("(")) {
            return all;
        }
        while (!in.next(")")) {
            if (in.accept(".reg")) {
                PtxType type = PtxType.of(in.take().text().replaceFirst("^\\.", ""));
                if (type == null || type == PtxType.PRED) {
                    throw in.error("a parameter in a register has no such type");
                }
                all.add(new Declared(Variable.inRegister(in.name(), type), null, List.of(), false, 0));
            } else {
                in.expect(".param");
                all.addAll(new Declarations(in).read(Space.PARAM, false, true));
            }
            if (!in.accept(",")) {
                break;
            }
        }
        in.expect(")");
        return all;
    }

    private static long product(List<Long> extents) {
        long n = 1;
        for (long e : extents) {
            n *= e;
        }
        return n;
    }

    /** An initialiser's bytes, grown as they are read. */
    private final class Initial {

        private final PtxType type;
        private final int element;
        private byte[] bytes = new byte[0];
        private long elements;
        private final List<PtxVariable.Relocation> relocations = new ArrayList<>();

        Initial(PtxType type, int element) {
            this.type = type;
            this.element = element;
        }

        /** Reads what stands for {@code extents[level..]} and starts at element {@code first}. */
        void read(List<Long> extents, int level, long first) {
            if (!in.accept("{")) {
                scalar(first * element);
                elements = Math.max(elements, first + 1);
                return;
            }
            long stride = level + 1 < extents.size() ? product(extents.subList(level + 1, extents.size())) : 1;
            long at = first;
            int inVector = 0;
            while (!in.next("}")) {
                if (level >= extents.size()) { // the parts of a .v2 or .v4
                    scalar(first * element + (long) inVector++ * type.bytes());
                    elements = Math.max(elements, first + 1);
                } else if (in.next("{")) {
                    read(extents, level + 1, at);
                    at += stride;
                } else {
                    scalar(at * element);
                    elements = Math.max(elements, ++at);
                }
                if (!in.accept(",")) {
                    break;
                }
            }
            in.expect("}");
        }

        /** How far the byte that a mask takes is from the lowest. */
        private int mask(long mask, Token t) {
            int shift = Long.numberOfTrailingZeros(mask);
            if (shift % 8 != 0 || mask >>> shift != 0xff || type.bytes() != 1) {
                throw new TokenStream.SyntaxError(t.line(),
                        "'" + t.text() + "(...)' takes no one byte of an address for a variable of bytes");
            }
            return shift;
        }

        /** The address of a variable or function, or the byte of it that a mask takes. */
        private void address(int offset, boolean masked, int shift) {
            boolean generic = in.accept("generic");
            if (generic) {
                in.expect("(");
            }
            String symbol = in.name();
            if (generic) {
                in.expect(")");
            }
            long addend = in.next("+") || in.next("-") ? ConstantExpression.integer(in) : 0;
            if (masked) {
                in.expect(")");
            } else if (type.bytes() != 8) {
                throw in.error("the address of '" + symbol + "' needs 64 bits, not ."
                        + type.name().toLowerCase(java.util.Locale.ROOT));
            }
            relocations.add(new PtxVariable.Relocation(offset, type.bytes(), symbol, addend, shift));
        }

        private void scalar(long offset) {
            if (offset + type.bytes() > bytes.length) {
                if (offset > Integer.MAX_VALUE - 16) {
                    throw in.error("an initialiser of over 2 GiB");
                }
                bytes = java.util.Arrays.copyOf(bytes,
                        (int) Math.max(offset + type.bytes(), Math.min(bytes.length * 2L, 1 << 30)));
            }
            Token t = in.peek();
            boolean masked = t.kind() == Kind.NUMBER && in.peek(1).is("(");
            int shift = masked ? mask(in.integer(), t) : 0;
            if (masked) {
                in.expect("(");
            }
            if (in.peek().kind() == Kind.NAME && !in.next("WARP_SZ")) {
                address((int) offset, masked, shift);
                return;
            }
            ConstantExpression.Value v = ConstantExpression.read(in);
            if (masked) {
                in.expect(")");
            }
            if (v.floating() != (type.floating() && type != PtxType.F16)
                    && !(type == PtxType.F16 || v.floating() && type == PtxType.BF16)) {
                throw new TokenStream.SyntaxError(t.line(), (v.floating() ? "a floating-point" : "an integer")
                        + " constant for a variable of ." + type.name().toLowerCase(java.util.Locale.ROOT));
            }
            long bits = !v.floating() ? v.bits() >>> shift : switch (type) {
                case F64 -> v.bits();
                case F16 -> Float.floatToFloat16((float) v.number());
                default -> Float.floatToRawIntBits((float) v.number());
            };
            for (int i = 0; i < type.bytes(); i++) {
                bytes[(int) offset + i] = (byte) (bits >>> 8 * i);
            }
        }
    }
}
