package dev.culebra.llm.opt;

/**
 * The JDK's flight recorder, where there is one: a runtime image without {@code jdk.jfr} works as well. Nothing here costs
 * more than a test of a flag while no recording wants the events, and nothing is allocated.
 */
final class Trace {
    private static final boolean PRESENT = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private Trace() {}

    /** An event that has begun. An interface, so that only {@link TraceEvents} names classes of the recorder. */
    interface Span {}

    static Span prefill() { return PRESENT ? TraceEvents.prefill() : null; }

    static void prefilled(Span span, int sequences, long tokens) {
        if (span != null) TraceEvents.prefilled(span, sequences, tokens);
    }

    static Span generate() { return PRESENT ? TraceEvents.generate() : null; }

    static void generated(Span span, int sequences, long promptTokens, long newTokens) {
        if (span != null) TraceEvents.generated(span, sequences, promptTokens, newTokens);
    }
}
