package dev.culebra.emulator.fault;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What goes wrong, and when: a list of rules, each of an occasion, which of its kind, and a fault. Where several rules fit
 * an occasion the first counts. Immutable; the counting is the driver's, which begins at 1 when it is loaded.
 *
 * <p>
 * As text, rules stand with semicolons between them:
 *
 * <pre>
 * allocation:3=out-of-memory; allocation:&gt;1g=out-of-memory; launch:2=launch-failed; copy:1=slow 200ms; call:40=device-lost
 * </pre>
 *
 * <ul>
 * <li>occasions: {@code allocation}, {@code pinned}, {@code launch}, {@code copy}, {@code module}, {@code stream},
 * {@code event}, {@code call} (see {@link Occasion});</li>
 * <li>which: {@code 3} the third, {@code 3+} the third and all after it, {@code >64m} all of more bytes than that (of
 * {@code allocation}, {@code pinned} and {@code copy}; {@code k}, {@code m}, {@code g} are 2^10, 2^20, 2^30);</li>
 * <li>faults: {@code out-of-memory}, {@code device-lost} and a code's name such as {@code CUDA_ERROR_INVALID_IMAGE} for any
 * occasion; {@code launch-failed}, {@code illegal-address}, {@code uncorrectable} and {@code slow 200ms} for {@code launch}
 * and {@code copy} (see {@link InjectedFault}).</li>
 * </ul>
 */
public final class FaultPlan {

    /** Nothing goes wrong but what the program does wrong. */
    public static final FaultPlan NONE = new FaultPlan(List.of());

    private static final Pattern RULE = Pattern.compile("\\s*(\\w+)\\s*:\\s*(>?)\\s*(\\d{1,18})([kmg]?)(\\+?)\\s*=(.*)",
            Pattern.CASE_INSENSITIVE);

    private record Rule(Occasion occasion, long number, Which which, InjectedFault fault) {

        boolean fits(Occasion other, long count, long bytes) {
            return occasion == other && switch (which) {
                case ONE -> count == number;
                case ONWARDS -> count >= number;
                case LARGER -> bytes > number;
            };
        }

        @Override
        public String toString() {
            String w = switch (which) {
                case ONE -> number + "";
                case ONWARDS -> number + "+";
                case LARGER -> ">" + number;
            };
            return occasion.word() + ":" + w + "=" + fault;
        }
    }

    private enum Which {
        ONE, ONWARDS, LARGER
    }

    private final List<Rule> rules;

    private FaultPlan(List<Rule> rules) { this.rules = List.copyOf(rules); }

    /**
     * Reads a plan from text as described above.
     *
     * @param text rules with semicolons between them; nothing or blanks for no rules
     * @return the plan
     * @throws IllegalArgumentException for what is no plan; the message says which rule, and what is accepted
     */
    public static FaultPlan parse(String text) {
        FaultPlan plan = NONE;
        for (String rule : text.split(";", -1)) {
            if (!rule.isBlank()) {
                try {
                    plan = plan.withParsed(rule);
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException("\"" + rule.trim() + "\" in a fault plan: " + e.getMessage(), e);
                }
            }
        }
        return plan;
    }

    private FaultPlan withParsed(String text) {
        Matcher m = RULE.matcher(text);
        if (!m.matches() || !m.group(2).isEmpty() && !m.group(5).isEmpty()
                || m.group(2).isEmpty() && !m.group(4).isEmpty()) {
            throw new IllegalArgumentException("accepted is occasion:which=fault, such as allocation:3=out-of-memory, "
                    + "launch:2+=launch-failed, allocation:>1g=out-of-memory or copy:1=slow 200ms");
        }
        Occasion occasion = Arrays.stream(Occasion.values()).filter(o -> o.word().equalsIgnoreCase(m.group(1)))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("\"" + m.group(1) + "\" is no occasion; accepted: "
                        + Arrays.stream(Occasion.values()).map(Occasion::word).collect(Collectors.joining(", "))));
        InjectedFault fault = InjectedFault.parse(m.group(6));
        long number = Long.parseLong(m.group(3));
        if (m.group(2).isEmpty()) {
            return m.group(5).isEmpty() ? at(occasion, number, fault) : from(occasion, number, fault);
        }
        int shift = switch (m.group(4).toLowerCase(Locale.ROOT)) {
            case "k" -> 10;
            case "m" -> 20;
            case "g" -> 30;
            default -> 0;
        };
        return above(occasion, number > Long.MAX_VALUE >> shift ? Long.MAX_VALUE : number << shift, fault);
    }

    /**
     * The same with one more rule: the n-th fails.
     *
     * @param occasion what is counted
     * @param number which, from 1
     * @param fault what goes wrong
     * @return a longer plan
     * @throws IllegalArgumentException for a number below 1, or a fault that does not go with the occasion
     */
    public FaultPlan at(Occasion occasion, long number, InjectedFault fault) {
        return with(occasion, number, Which.ONE, fault);
    }

    /**
     * The same with one more rule: the n-th and all after it fail.
     *
     * @param occasion what is counted
     * @param number the first that fails, from 1
     * @param fault what goes wrong
     * @return a longer plan
     * @throws IllegalArgumentException for a number below 1, or a fault that does not go with the occasion
     */
    public FaultPlan from(Occasion occasion, long number, InjectedFault fault) {
        return with(occasion, number, Which.ONWARDS, fault);
    }

    /**
     * The same with one more rule: all beyond a size fail.
     *
     * @param occasion {@link Occasion#ALLOCATION}, {@link Occasion#PINNED} or {@link Occasion#COPY}
     * @param bytes the largest that does not fail
     * @param fault what goes wrong
     * @return a longer plan
     * @throws IllegalArgumentException for an occasion that has no size, a negative one, or a fault that does not go with it
     */
    public FaultPlan above(Occasion occasion, long bytes, InjectedFault fault) {
        return with(occasion, bytes, Which.LARGER, fault);
    }

    private FaultPlan with(Occasion occasion, long number, Which which, InjectedFault fault) {
        if (which == Which.LARGER ? !occasion.hasSize() : number < 1) {
            throw new IllegalArgumentException(which == Which.LARGER
                    ? "a " + occasion.word() + " has no size; accepted with >: allocation, pinned, copy"
                    : occasion.word() + " number " + number + "; they are counted from 1");
        }
        if (number < 0) {
            throw new IllegalArgumentException(
                    "a " + occasion.word() + " of more than " + number + " bytes; accepted: 0 or more");
        }
        boolean later = fault.manner() == InjectedFault.Manner.FAILS_LATER
                || fault.manner() == InjectedFault.Manner.SLOW;
        if (later && !occasion.enqueues()) {
            throw new IllegalArgumentException(fault + " comes when work runs, and a " + occasion.word()
                    + " enqueues none; accepted there: out-of-memory, device-lost, or a code's name; " + fault
                    + " goes with launch and copy");
        }
        List<Rule> more = new ArrayList<>(rules);
        more.add(new Rule(occasion, number, which, fault));
        return new FaultPlan(more);
    }

    /**
     * What goes wrong at an occasion.
     *
     * @param occasion what happens
     * @param count how often it has happened, this time included
     * @param bytes its size; 0 where it has none
     * @return the fault of the first rule that fits, or null
     */
    public InjectedFault faultAt(Occasion occasion, long count, long bytes) {
        for (Rule rule : rules) {
            if (rule.fits(occasion, count, bytes)) {
                return rule.fault;
            }
        }
        return null;
    }

    /**
     * Whether there is nothing in it.
     *
     * @return true for {@link #NONE} and its equals
     */
    public boolean isEmpty() { return rules.isEmpty(); }

    @Override
    public boolean equals(Object other) { return other instanceof FaultPlan p && p.rules.equals(rules); }

    @Override
    public int hashCode() { return rules.hashCode(); }

    /** The text that {@link #parse} reads. */
    @Override
    public String toString() { return rules.stream().map(Rule::toString).collect(Collectors.joining("; ")); }
}
