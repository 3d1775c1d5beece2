package dev.culebra.tests.mutation;

import dev.culebra.tests.mutation.Mutant.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Makes all mutants of a text as nvcc prints it: an instruction a line, immediate numbers in decimal. */
final class Mutator {

    /** A guard or none, the opcode, the operands. */
    private static final Pattern INSTRUCTION = Pattern
            .compile("\\s*(?:@(!?)(%p\\d+)\\s+)?([a-z][\\w.:]*)\\s*(.*);\\s*");
    private static final Pattern PLACE = Pattern.compile("\\[(%\\w+)(?:\\+(-?\\d+))?\\]");
    private static final Pattern NUMBER = Pattern.compile("(?<=, )-?\\d+(?=,|$)");
    private static final Pattern TYPE_BITS = Pattern.compile("\\.[bsuf](8|16|32|64)\\b");
    private static final Pattern FRAGMENT = Pattern.compile("\\{([^}]*)\\}");

    private static final Map<String, String> COMPARISONS = Map.ofEntries(Map.entry("lt", "le"), Map.entry("le", "lt"),
            Map.entry("gt", "ge"), Map.entry("ge", "gt"), Map.entry("eq", "ne"), Map.entry("ne", "eq"),
            Map.entry("lo", "ls"), Map.entry("ls", "lo"), Map.entry("hi", "hs"), Map.entry("hs", "hi"));

    /** Operations whose numbers are part of what is computed, and no size, name or mask of an instruction. */
    private static final Pattern COMPUTES = Pattern
            .compile("(add|sub|mul|mad|and|or|xor|min|max|mov|setp|selp|div|rem|mul24|mad24)\\..*");

    private final List<Mutant> mutants = new ArrayList<>();
    private int line;
    private String text;
    private String guard;
    private String opcode;
    private String operands;

    private Mutator() {}

    static List<Mutant> of(String[] lines) {
        Mutator m = new Mutator();
        for (int i = 0; i < lines.length; i++) {
            Matcher instruction = INSTRUCTION.matcher(lines[i]);
            if (instruction.matches()) {
                m.line = i + 1;
                m.text = lines[i];
                m.guard = instruction.group(2) == null ? "" : "@" + instruction.group(1) + instruction.group(2) + " ";
                m.opcode = instruction.group(3);
                m.operands = instruction.group(4);
                m.mutate();
            }
        }
        return m.mutants;
    }

    private void add(Kind kind, String after) { mutants.add(new Mutant(kind, line, text, after)); }

    private void add(Kind kind, String newOpcode, String newOperands) {
        add(kind, guard + newOpcode + " " + newOperands + ";");
    }

    private void mutate() {
        if (!guard.isEmpty()) {
            add(Kind.PREDICATE, (guard.startsWith("@!") ? "@" + guard.substring(2) : "@!" + guard.substring(1)) + opcode
                    + " " + operands + ";");
        }
        if (opcode.startsWith("bar.") || opcode.startsWith("barrier.")) {
            add(Kind.BARRIER, "");
        } else if (opcode.startsWith("cp.async.wait_group")) {
            add(Kind.WAIT, "");
            add(Kind.WAIT, opcode, String.valueOf(Integer.parseInt(operands.strip()) + 1));
        } else if (opcode.startsWith("cp.async.wait_all") || opcode.startsWith("cp.async.commit_group")) {
            add(Kind.WAIT, "");
        } else if (opcode.startsWith("setp.")) {
            compare();
        } else if (opcode.startsWith("shfl.")) {
            numbers(Kind.SHUFFLE, 2, 2);
        } else if (opcode.startsWith("shl.") || opcode.startsWith("shr.")) {
            numbers(Kind.SHIFT, 2, 2);
        } else if (opcode.startsWith("bfi.") || opcode.startsWith("bfe.")) {
            numbers(Kind.SHIFT, 2, 4);
        } else if (opcode.startsWith("mma.")) {
            fragments();
        } else if (opcode.startsWith("st.") || opcode.startsWith("red.") || opcode.startsWith("atom.")) {
            if (!opcode.startsWith("atom.")) {
                add(Kind.STORE, "");
            }
        }
        boolean memory = opcode.startsWith("ld.") || opcode.startsWith("st.") || opcode.startsWith("red.")
                || opcode.startsWith("atom.") || opcode.startsWith("ldmatrix.") || opcode.startsWith("cp.async.c");
        if (memory && !opcode.startsWith("ld.param") && !opcode.startsWith("st.param")) {
            addresses();
        }
        if (opcode.matches("add\\.[suf]\\d\\d.*|add\\.rn\\..*")) {
            add(Kind.ADD_SUB, opcode.replaceFirst("add", "sub"), operands);
        } else if (opcode.matches("sub\\.[suf]\\d\\d.*|sub\\.rn\\..*")) {
            add(Kind.ADD_SUB, opcode.replaceFirst("sub", "add"), operands);
        }
        if (COMPUTES.matcher(opcode).matches()) {
            numbers(Kind.CONSTANT, 1, 9);
        }
    }

    private void compare() {
        String[] parts = opcode.split("\\.");
        String other = COMPARISONS.get(parts[1]);
        if (other != null) {
            parts[1] = other;
            add(Kind.COMPARE, String.join(".", parts), operands);
        }
    }

    /** Each immediate number among some operands, one more and one less; negative shifts and lanes are none. */
    private void numbers(Kind kind, int first, int last) {
        Matcher number = NUMBER.matcher(operands);
        while (number.find()) {
            long index = operands.substring(0, number.start()).chars().filter(c -> c == ',').count();
            if (index < first || index > last) {
                continue;
            }
            for (int step : new int[]{1, -1}) {
                long value = Long.parseLong(number.group()) + step;
                if (value >= 0 || kind == Kind.CONSTANT) {
                    add(kind, opcode, operands.substring(0, number.start()) + value + operands.substring(number.end()));
                }
            }
        }
    }

    /** One element forward and back: of a vector the whole of it, of a copy or a row of a matrix its 16 bytes. */
    private void addresses() {
        int bytes;
        Matcher type = TYPE_BITS.matcher(opcode);
        if (opcode.startsWith("cp.async") || opcode.startsWith("ldmatrix")) {
            bytes = 16;
        } else if (type.find()) {
            int lanes = opcode.contains(".v4") ? 4 : opcode.contains(".v2") ? 2 : 1;
            bytes = Integer.parseInt(type.group(1)) / 8 * lanes;
        } else {
            return;
        }
        Matcher place = PLACE.matcher(operands);
        while (place.find()) {
            long offset = place.group(2) == null ? 0 : Long.parseLong(place.group(2));
            for (int step : new int[]{bytes, -bytes}) {
                add(Kind.ADDRESS, opcode, operands.substring(0, place.start()) + "[" + place.group(1) + "+"
                        + (offset + step) + "]" + operands.substring(place.end()));
            }
        }
    }

    /** Of A the first with the second and the third register, of B the two. */
    private void fragments() {
        Matcher fragment = FRAGMENT.matcher(operands);
        for (int f = 0; fragment.find(); f++) {
            if (f == 1) {
                exchange(fragment, 0, 1);
                exchange(fragment, 0, 2);
            } else if (f == 2) {
                exchange(fragment, 0, 1);
            }
        }
    }

    private void exchange(Matcher fragment, int i, int j) {
        String[] registers = fragment.group(1).split("\\s*,\\s*");
        if (registers.length <= j || registers[i].equals(registers[j])) {
            return; // one register twice, as in a fragment of zeros: nothing would change
        }
        String kept = registers[i];
        registers[i] = registers[j];
        registers[j] = kept;
        add(Kind.FRAGMENT, opcode, operands.substring(0, fragment.start()) + "{" + String.join(",", registers) + "}"
                + operands.substring(fragment.end()));
    }
}
