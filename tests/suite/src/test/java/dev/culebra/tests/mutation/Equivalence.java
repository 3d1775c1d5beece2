package dev.culebra.tests.mutation;

import dev.culebra.tests.mutation.Mutant.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Mutants that compute the same as the kernel whatever the input: known by rules about the text around them, each with its
 * reason. The study holds the rules to their word: a mutant that one of them calls equivalent must not be found out.
 */
final class Equivalence {

    private static final Pattern INSTRUCTION = Pattern.compile("\\s*(?:@(!?%p\\d+)\\s+)?([a-z][\\w.:]*)\\s*(.*);\\s*");
    private static final Pattern REGISTER = Pattern.compile("%[a-z]+\\d+");

    static final String BIAS = "a signed division's correction for negative numbers, of a number that has no sign";
    static final String DIVISION = "nvcc's choice between a 64-bit and a 32-bit division, which agree where both can be made";
    static final String ZERO_BIT = "a bit that is zero on one side of an and, or is shifted out afterwards";
    static final String ZEROS = "the order of K in a product with zeros, which only asks for NaN and infinities";
    static final String VERDICT = "the sign of a verdict, which is 0 or NaN";
    static final String PARITY = "one less for one more, of which only the parity is used";
    static final String NOTHING = "a copy of no or of one byte for a place that no result depends on";
    static final String NOBODY = "a thread or warp that is not there, or that is left out by another condition as well";
    static final String UNREAD = "a result that nothing reads";
    static final String SIZE = "a size of shared memory that no launch gives";
    static final String TWICE = "a second warp writes the verdict that the first one writes there";

    /** An instruction's place, guard, opcode and operands. */
    private record Line(int number, String guard, String opcode, String[] operands) {
        String result() { return operands.length == 0 ? "" : operands[0]; }

        boolean is(String regex) { return opcode.matches(regex); }
    }

    private final boolean eightTokens;
    private final Map<Integer, Line> lines = new HashMap<>();
    private final Map<String, List<Line>> definitions = new HashMap<>();
    private final Map<String, List<Line>> uses = new HashMap<>();

    Equivalence(String[] text) {
        eightTokens = String.join("\n", text).contains("_n8(");
        for (int i = 0; i < text.length; i++) {
            Matcher m = INSTRUCTION.matcher(text[i]);
            if (!m.matches()) {
                continue;
            }
            Line line = new Line(i + 1, m.group(1), m.group(2),
                    m.group(3).isEmpty() ? new String[0] : m.group(3).split(", "));
            lines.put(i + 1, line);
            if (line.guard != null) {
                uses.computeIfAbsent(line.guard.replace("!", ""), r -> new ArrayList<>()).add(line);
            }
            for (int o = 0; o < line.operands.length; o++) {
                boolean stored = line.is("(st|red|cp|bra|bar|mma).*");
                if (o == 0 && !stored && !line.operands[0].startsWith("[")) {
                    definitions.computeIfAbsent(line.operands[0], r -> new ArrayList<>()).add(line);
                    continue;
                }
                Matcher r = REGISTER.matcher(line.operands[o]);
                while (r.find()) {
                    uses.computeIfAbsent(r.group(), k -> new ArrayList<>()).add(line);
                }
            }
        }
    }

    /** The only instruction that sets a register; an empty one where it is not the only one. */
    private Line definition(String register) {
        List<Line> all = definitions.getOrDefault(register, List.of());
        return all.size() == 1 ? all.getFirst() : new Line(0, null, "", new String[]{"", "", "", ""});
    }

    private List<Line> usesOf(Line line) { return uses.getOrDefault(line.result(), List.of()); }

    /** Why a mutant is no other program; null where that is not known. */
    String reason(Mutant mutant) {
        Line line = lines.get(mutant.line());
        if (line.is("(add|sub|shl|shr|and|or|xor|mul).*") && usesOf(line).isEmpty()) {
            return UNREAD;
        }
        return switch (mutant.kind()) {
            case SHIFT -> bias(line) ? BIAS : width(line, mutant) ? ZERO_BIT : null;
            case ADD_SUB -> sum(line);
            case CONSTANT -> constant(line, added(mutant));
            case COMPARE -> comparison(line, 0);
            case PREDICATE -> line.guard != null && divides(definition(line.guard.replace("!", "")))
                    ? DIVISION
                    : null;
            case FRAGMENT -> line.operands[1].matches("\\{(%r\\d+),\\1,\\1,\\1\\}") ? ZEROS : null;
            default -> null;
        };
    }

    /** The width of a field that reaches up to bit 31: one bit more or less of a small number. */
    private static boolean width(Line line, Mutant mutant) {
        return line.is("bfi.*") && Integer.parseInt(line.operands[3]) + Integer.parseInt(line.operands[4]) == 32
                && mutant.after().contains(", " + line.operands[3] + ", ");
    }

    /** +1 or -1: numbers are compared from the end, where the mutant's differs. */
    private static int added(Mutant mutant) {
        Matcher before = Pattern.compile("-?\\d+(?=[,;]|$)").matcher(mutant.before().replaceAll("%[a-z]+\\d+", "%"));
        Matcher after = Pattern.compile("-?\\d+(?=[,;]|$)").matcher(mutant.after().replaceAll("%[a-z]+\\d+", "%"));
        while (before.find() && after.find()) {
            long difference = Long.parseLong(after.group()) - Long.parseLong(before.group());
            if (difference != 0) {
                return (int) difference;
            }
        }
        return 0;
    }

    /** {@code shr.s32 a, v, 31; shr.u32 b, a, n} of {@code v / 2^(32 - n)}; for n = 31 the first is left out. */
    private boolean bias(Line line) {
        if (line.is("shr\\.s32") && line.operands[2].equals("31")) {
            return usesOf(line).stream().allMatch(u -> u.is("shr\\.u32"));
        }
        return line.is("shr\\.u32") && (signs(definition(line.operands[1])) || line.operands[2].equals("31"));
    }

    private static boolean signs(Line line) { return line.is("shr\\.s32") && line.operands[2].equals("31"); }

    private String sum(Line line) {
        if (line.is("add\\.s32") && line.operands[2].startsWith("%")) {
            Line second = definition(line.operands[2]);
            return second.is("shr\\.u32") && bias(second) ? BIAS : null;
        }
        if (line.is("add\\.s32") && line.operands[2].equals("1")) {
            return usesOf(line).stream().allMatch(u -> u.is("and\\.b32") && u.operands[2].equals("1")) ? PARITY : null;
        }
        if (line.is("sub\\.s32")) {
            return remainderOfWarp(line) ? NOBODY : null;
        }
        if (line.is("add\\.f32")) {
            Line second = definition(line.operands[2]);
            return second.is("ld\\.shared\\.f32") || second.is("add\\.f32")
                    && definition(second.operands[1]).is("ld\\.shared\\.f32") ? VERDICT : null;
        }
        return null;
    }

    /**
     * {@code v - (v / n * n)} of what is below n: one of the four warps, or half its index. With eight tokens only warps 0 and 1
     * are asked for what follows from it.
     */
    private boolean remainderOfWarp(Line line) {
        Line multiple = definition(line.operands[2]);
        Line value = definition(line.operands[1]);
        if (!value.is("shr\\.s32") || !multiple.is("and\\.b32") || !multiple.operands[2].startsWith("-")) {
            return false;
        }
        boolean warp = value.operands[2].equals("5");
        int asked = warp && !eightTokens ? 4 : 2;
        return asked <= -Integer.parseInt(multiple.operands[2]);
    }

    private boolean divides(Line comparison) {
        return comparison.is("setp\\.eq\\.s64") && definition(comparison.operands[1]).is("and\\.b64")
                && definition(comparison.operands[1]).operands[2].equals("-4294967296");
    }

    /** What is left of a chunk, which is none where it is not above zero; or the same of tokens. */
    private boolean left(Line comparison) {
        return comparison.is("setp\\.gt\\.s32") && comparison.operands[2].equals("0")
                && uses.getOrDefault(comparison.operands[1], List.of()).stream()
                        .anyMatch(u -> u.is("selp\\.b32|max\\.s32") && u.operands[2].equals("0"));
    }

    /** Whether a comparison bounds threads, and what does so beside it leaves the one at the edge out, or there is none. */
    private boolean threads(Line comparison, int step) {
        if (!comparison.is("setp\\.gt\\.s32") || !definition(comparison.operands[1]).is("mov\\.u32")
                || !comparison.operands[2].matches("63|127|255")) {
            return false;
        }
        boolean none = comparison.operands[2].equals("255") || comparison.operands[2].equals("127") && step > 0;
        // The last thread of a warp is in no group of four that writes.
        return none || step <= 0 && usesOf(comparison).stream().allMatch(u -> u.is("or\\.pred"));
    }

    private String comparison(Line line, int step) {
        if (line.is("setp\\.gt\\.u32") && step <= 0
                && List.of(definition(line.operands[1]).operands).contains("%dynamic_smem_size")) {
            return SIZE;
        }
        if (divides(line)) {
            return DIVISION;
        }
        if (left(line) && step <= 0) {
            return NOTHING;
        }
        if (threads(line, step)) {
            return NOBODY;
        }
        boolean repeats = eightTokens && step > 0 && line.is("setp\\.gt\\.s32") && line.operands[2].equals("63")
                && usesOf(line).stream().allMatch(u -> u.is("or\\.pred"));
        return repeats ? TWICE : null;
    }

    private String constant(Line line, int step) {
        if (line.is("setp.*")) {
            return comparison(line, step);
        }
        if (line.is("and\\.b64") && line.operands[2].equals("-4294967296")) {
            return DIVISION;
        }
        if (line.is("and\\.b32") && step > 0 && Long.parseLong(line.operands[2]) % 2 == 0
                && definition(line.operands[1]).is("shl\\.b32")) {
            return ZERO_BIT;
        }
        if (line.is("and\\.b32") && step < 0 && line.operands[2].equals("31")) {
            boolean coarse = usesOf(line).stream()
                    .allMatch(u -> u.is("setp\\.gt\\.u32") && u.operands[2].equals("3")
                            || u.is("shr\\.u32") && u.operands[2].equals("2"));
            return coarse ? ZERO_BIT : null;
        }
        if (line.is("add\\.s64") && line.operands[2].equals("4294967296") && step > 0) {
            return ZERO_BIT;
        }
        if (line.is("max\\.s32") && line.operands[2].equals("0") && step < 0) {
            return NOTHING;
        }
        // what is left of a chunk is in a register; a distance of tokens is not
        if (line.is("selp\\.b32") && line.operands[2].equals("0") && line.operands[1].startsWith("%")) {
            boolean min = usesOf(line).stream().allMatch(u -> u.is("min\\.s32"));
            return step > 0 || min ? NOTHING : null;
        }
        return null;
    }
}
