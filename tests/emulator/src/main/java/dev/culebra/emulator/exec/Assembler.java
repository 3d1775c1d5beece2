package dev.culebra.emulator.exec;

import dev.culebra.emulator.memory.Poison;
import dev.culebra.emulator.ptx.Operand;
import dev.culebra.emulator.ptx.PtxFunction;
import dev.culebra.emulator.ptx.Variable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A program being put together: numbers for registers and constants, ops in order, labels, and the frame's layout. */
final class Assembler {

    /** A fresh predicate: true in half of the lanes, with no pattern that a lane's number would explain. */
    private static final int FRESH_PREDICATE = 0x9a65_35ca;

    final PtxFunction function;
    final Translator.KernelLayout kernel;
    final Program program;
    final List<Op> ops = new ArrayList<>();
    final Map<String, Integer> labels = new HashMap<>();
    final Map<String, List<String>> targets = new HashMap<>();
    final Map<String, Calls.Signature> prototypes = new HashMap<>();
    private final List<Calls.Signature> indirect = new ArrayList<>();
    private boolean growsStack;
    private IdleReads idleReads;

    private final List<int[]> ints = new ArrayList<>();
    private final Map<Integer, Integer> fresh = new HashMap<>();
    private final List<long[]> longs = new ArrayList<>();
    private final List<Integer> predicates = new ArrayList<>();
    private final Map<Operand.Register, Integer> numbers = new HashMap<>();
    private final Map<Integer, Integer> intConstants = new HashMap<>();
    private final Map<Long, Integer> longConstants = new HashMap<>();
    private final Map<Program.Link, Integer> linkRegisters = new HashMap<>();
    private final List<Program.Link> links = new ArrayList<>();
    private final Map<Variable, Integer> locals = new HashMap<>();
    private final Map<Long, Integer> sharedInts = new HashMap<>();
    private final Map<Long, Integer> sharedLongs = new HashMap<>();
    private final List<Integer> dynamicInts = new ArrayList<>();
    private final List<Integer> dynamicLongs = new ArrayList<>();
    private final List<Program> callees = new ArrayList<>();
    private int localBytes;
    private int invented;

    Assembler(PtxFunction function, Translator.KernelLayout kernel, Program program) {
        this.function = function;
        this.kernel = kernel;
        this.program = program;
        if (!function.entry()) {
            program.resultOffsets = function.results().stream().mapToInt(this::local).toArray();
            program.resultSizes = function.results().stream().mapToInt(v -> (int) v.size()).toArray();
            program.parameterOffsets = function.parameters().stream().mapToInt(this::local).toArray();
            program.parameterSizes = function.parameters().stream().mapToInt(v -> (int) v.size()).toArray();
        }
    }

    int number(Operand.Register r) {
        return numbers.computeIfAbsent(r, k -> switch (k.type()) {
            case PRED -> newPredicate(FRESH_PREDICATE);
            default -> newRegister(k.type().bits());
        });
    }

    /** A register of so many bits; one of 128 is two of 64, of which the number is the lower half's. */
    int newRegister(int bits) {
        if (bits == 128) {
            int low = newLong();
            newLong();
            return low;
        }
        return bits == 64 ? newLong() : newInt(bits);
    }

    int newInt() { return newInt(32); }

    private int newInt(int bits) {
        ints.add(null);
        fresh.put(ints.size() - 1, Poison.WORD & -1 >>> 32 - bits);
        return ints.size() - 1;
    }

    int newLong() {
        longs.add(null);
        return longs.size() - 1;
    }

    int newPredicate(int initial) {
        predicates.add(initial);
        return predicates.size() - 1;
    }

    private static int[] lanes(int value) {
        int[] v = new int[32];
        java.util.Arrays.fill(v, value);
        return v;
    }

    private static long[] lanes(long value) {
        long[] v = new long[32];
        java.util.Arrays.fill(v, value);
        return v;
    }

    int constant(int value) {
        return intConstants.computeIfAbsent(value, k -> {
            ints.add(lanes((int) k));
            return ints.size() - 1;
        });
    }

    int constant(long value) {
        return longConstants.computeIfAbsent(value, k -> {
            longs.add(lanes((long) k));
            return longs.size() - 1;
        });
    }

    /** The value of a register that is a constant, or null. */
    Integer constantValue(int register) {
        return ints.get(register) == null ? null : Integer.valueOf(ints.get(register)[0]);
    }

    /** A 64-bit register with a module variable's address, known at launch. */
    int linked(String symbol, long addend) {
        Program.Link key = new Program.Link(-1, symbol, addend);
        return linkRegisters.computeIfAbsent(key, k -> {
            longs.add(lanes(0L));
            links.add(new Program.Link(longs.size() - 1, symbol, addend));
            return longs.size() - 1;
        });
    }

    /** A register with a shared variable's address; that of dynamic shared memory is known when the kernel is translated. */
    int sharedAddress(Variable v, long addend, boolean wide) {
        if (!v.external()) {
            long at = kernel.shared(v) + addend;
            return (wide ? sharedLongs : sharedInts).computeIfAbsent(at,
                    k -> wide ? newLong(lanes(k)) : newInt(lanes(k.intValue())));
        }
        int[] narrowLanes = lanes((int) addend);
        long[] wideLanes = lanes(addend);
        kernel.dynamic(v, offset -> {
            java.util.Arrays.fill(narrowLanes, (int) (addend + offset));
            java.util.Arrays.fill(wideLanes, addend + offset);
        });
        int register = wide ? newLong(wideLanes) : newInt(narrowLanes);
        (wide ? dynamicLongs : dynamicInts).add(register);
        return register;
    }

    private int newInt(int[] value) {
        ints.add(value);
        return ints.size() - 1;
    }

    private int newLong(long[] value) {
        longs.add(value);
        return longs.size() - 1;
    }

    private static int[] all(Map<Long, Integer> registers, List<Integer> more) {
        return java.util.stream.Stream.concat(registers.values().stream(), more.stream()).mapToInt(i -> i).toArray();
    }

    /** Where a local or parameter variable lies in the frame. */
    int local(Variable v) {
        return locals.computeIfAbsent(v, k -> {
            int at = localBytes + k.alignment() - 1 & -k.alignment();
            boolean variadic = k.size() == 0 && function.parameters().contains(k);
            localBytes = at + (variadic ? Program.VARIADIC_BYTES : (int) k.size());
            return at;
        });
    }

    boolean isKernelParameter(Variable v) { return function.entry() && function.parameters().contains(v); }

    /** Says that it takes stack while it runs (alloca). */
    void growsStack() { growsStack = true; }

    Program callee(String name) {
        Program p = kernel.callee(name);
        callees.add(p);
        return p;
    }

    /** What a {@code .callprototype}, or the first of {@code .calltargets}, takes and returns; null when there is none. */
    Calls.Signature signature(String name) {
        return name == null ? null : prototypes.get(name);
    }

    /** Whether the module has that function's body. */
    boolean defines(String function) {
        return kernel.defines(function);
    }

    long codeAddress(String name) { return kernel.codeAddress(name); }

    /** Says that it calls functions of that kind through a register. */
    void callsThrough(Calls.Signature signature) {
        indirect.add(signature);
    }

    void label(String name) { labels.put(name, ops.size()); }

    /** Which of the function's loads nothing depends on. */
    IdleReads idleReads() {
        idleReads = idleReads == null ? new IdleReads(function) : idleReads;
        return idleReads;
    }

    String inventLabel() { return "+" + invented++; }

    /** Puts in the meeting places and fixes all targets. */
    void finish() {
        Op end = Branching.end();
        end.text = "the end of the function";
        ops.add(end);
        int[] rejoins = new Cfg(ops, labels).rejoins();
        boolean[] meets = new boolean[ops.size() + 1];
        for (int at : rejoins) {
            if (at >= 0) {
                meets[at] = true;
            }
        }
        int[] moved = new int[ops.size() + 1];
        List<Op> all = new ArrayList<>();
        for (int i = 0; i < ops.size(); i++) {
            moved[i] = all.size();
            if (meets[i]) {
                Op join = new Op.Join();
                join.line = ops.get(i).line;
                join.text = "a meeting place";
                all.add(join);
            }
            all.add(ops.get(i));
        }
        for (int i = 0; i < ops.size(); i++) {
            if (ops.get(i) instanceof Branching.Ends e) {
                e.rejoin = rejoins[i] < 0 ? -1 : moved[rejoins[i]];
                e.resolve(e.labels().stream().mapToInt(l -> moved[labels.get(l)]).toArray());
            }
        }
        program.ops = all.toArray(Op[]::new);
        program.ints = ints.toArray(int[][]::new);
        program.fresh = new int[program.ints.length];
        fresh.forEach((register, value) -> program.fresh[register] = value);
        program.longs = longs.toArray(long[][]::new);
        program.predicates = predicates.stream().mapToInt(i -> i).toArray();
        program.links = List.copyOf(links);
        program.sharedInts = all(sharedInts, dynamicInts);
        program.sharedLongs = all(sharedLongs, dynamicLongs);
        program.localBytes = localBytes + Program.FRAME_ALIGNMENT - 1 & -Program.FRAME_ALIGNMENT;
        program.callees = List.copyOf(callees);
        program.indirect = List.copyOf(indirect);
        program.growsStack = growsStack;
    }

}
