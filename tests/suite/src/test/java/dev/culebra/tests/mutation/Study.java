package dev.culebra.tests.mutation;

import dev.culebra.driver.Cuda;
import dev.culebra.driver.CudaException;
import dev.culebra.driver.Device;
import dev.culebra.emulator.EmulatorOptions;
import dev.culebra.emulator.EmulatorProvider;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Runs mutants and keeps what came of each. */
final class Study {

    /**
     * Instructions of a warp before a launch counts as hung: the kernels as they are take up to some 300,000 for a block, where many sums are not finite and each is asked why.
     */
    private static final long STEP_LIMIT = 1 << 19;

    /** How a mutant was found out, or was not. */
    enum Verdict {
        /** The module or the launch was refused. */
        REFUSED("refused"),
        /** An address or an alignment that hardware would have found, too. */
        FAULT("fault"),
        /** What only a check finds. */
        FINDING("finding"),
        /** It never ended. */
        HANG("hung"),
        /** The result was wrong. */
        RESULT("wrong result"),
        /** Nothing was noticed, though the line is executed. */
        SURVIVED("survived"),
        /** Nothing was noticed, and {@link Equivalence} says why there is nothing to notice. Not counted. */
        EQUIVALENT("equivalent"),
        /** The line is not executed: nothing can be said. Not counted. */
        UNREACHED("unreached");

        final String words;

        Verdict(String words) { this.words = words; }
    }

    /**
     * One mutant, tried.
     *
     * @param subject of whom
     * @param mutant what was changed
     * @param verdict what came of it
     * @param reason why it is said to be equivalent, or null
     */
    record Outcome(Subject subject, Mutant mutant, Verdict verdict, String reason) {
        @Override
        public String toString() {
            return subject.name() + " line " + mutant.line() + " (" + mutant.kind().words + "): " + mutant;
        }
    }

    /** A mutant and whose it is. */
    record Candidate(Subject subject, String[] lines, Mutant mutant, String reason) {}

    private final ConcurrentLinkedQueue<Outcome> outcomes = new ConcurrentLinkedQueue<>();
    private final Cuda cuda;
    private final int threads;

    /** @param threads mutants that run side by side, each on a device of its own */
    Study(int threads) {
        this.threads = threads;
        this.cuda = Cuda.open(new EmulatorProvider(
                EmulatorOptions.DEFAULT.withDevices(threads).withWorkers(1).withStepLimit(STEP_LIMIT)));
    }

    static List<Candidate> candidates(List<Subject> subjects) {
        List<Candidate> all = new ArrayList<>();
        for (Subject s : subjects) {
            String[] lines = s.text().split("\n", -1);
            Equivalence equivalence = new Equivalence(lines);
            Mutator.of(lines).forEach(m -> all.add(new Candidate(s, lines, m, equivalence.reason(m))));
        }
        return all;
    }

    /** The subjects as they are: nothing may be found in them. */
    void checkSound(List<Subject> subjects) throws Exception {
        for (Subject s : subjects) {
            String difference = s.task().difference(s.text(), cuda.device(0));
            if (difference != null) {
                throw new AssertionError(s.name() + " is wrong as it is: " + difference);
            }
        }
    }

    void run(List<Candidate> candidates) throws InterruptedException {
        AtomicInteger next = new AtomicInteger();
        List<Thread> crew = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            Device device = cuda.device(t);
            crew.add(Thread.ofPlatform().start(() -> {
                int i;
                while ((i = next.getAndIncrement()) < candidates.size()) {
                    Candidate c = candidates.get(i);
                    outcomes.add(outcome(c, device));
                }
            }));
        }
        for (Thread t : crew) {
            t.join();
        }
    }

    private static Outcome outcome(Candidate c, Device device) {
        Verdict verdict = run(c.subject, c.mutant.in(c.lines), device);
        String reason = c.reason;
        if (verdict == Verdict.SURVIVED) {
            reason = reason != null ? reason : TextbookEquivalence.reason(c.subject, c.mutant);
            if (reason != null) {
                verdict = Verdict.EQUIVALENT;
            } else if (run(c.subject, c.mutant.trap(c.lines), device) == Verdict.SURVIVED) {
                verdict = Verdict.UNREACHED;
            }
        }
        return new Outcome(c.subject, c.mutant, verdict, reason);
    }

    private static Verdict run(Subject subject, String ptx, Device device) {
        try {
            return subject.task().difference(ptx, device) == null ? Verdict.SURVIVED : Verdict.RESULT;
        } catch (CudaException e) {
            if (e.getMessage().contains("the emulator failed")) {
                throw new IllegalStateException("a mutant broke the emulator instead of being found by it", e);
            }
            return switch (e.codeName()) {
                case "CUDA_ERROR_LAUNCH_TIMEOUT" -> Verdict.HANG;
                case "CUDA_ERROR_ILLEGAL_ADDRESS", "CUDA_ERROR_MISALIGNED_ADDRESS", "CUDA_ERROR_ILLEGAL_INSTRUCTION",
                        "CUDA_ERROR_INVALID_ADDRESS_SPACE" ->
                    Verdict.FAULT;
                case "CUDA_ERROR_LAUNCH_FAILED" -> Verdict.FINDING;
                default -> Verdict.REFUSED;
            };
        } catch (RuntimeException e) {
            return Verdict.REFUSED;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** In the order of subjects and lines. */
    List<Outcome> outcomes() {
        return outcomes.stream().sorted(Comparator.comparing((Outcome o) -> o.subject.name())
                .thenComparing(o -> o.mutant.line()).thenComparing(o -> o.mutant.toString())).toList();
    }

    static Map<Verdict, Integer> tally(List<Outcome> outcomes) {
        Map<Verdict, Integer> tally = new EnumMap<>(Verdict.class);
        outcomes.forEach(o -> tally.merge(o.verdict, 1, Integer::sum));
        return tally;
    }

    /** The share of those that are executed and are another program. */
    static double caught(List<Outcome> outcomes) {
        Map<Verdict, Integer> tally = tally(outcomes);
        int reached = outcomes.size() - tally.getOrDefault(Verdict.UNREACHED, 0)
                - tally.getOrDefault(Verdict.EQUIVALENT, 0);
        return reached == 0 ? 1 : 1 - (double) tally.getOrDefault(Verdict.SURVIVED, 0) / reached;
    }
}
