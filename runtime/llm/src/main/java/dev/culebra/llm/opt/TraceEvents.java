package dev.culebra.llm.opt;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;

/** The flight recorder's events. */
final class TraceEvents {
    /** Asked whether anybody records their kind, so that no event is made for nobody. */
    private static final PrefillEvent PREFILL = new PrefillEvent();
    private static final GenerateEvent GENERATE = new GenerateEvent();

    private TraceEvents() {}

    @Name("dev.culebra.Prefill")
    @Label("Prefill")
    @Category({"Culebra", "Model"})
    @Description("Prompts that went through the model, until the first new token of each was known")
    static final class PrefillEvent extends Event implements Trace.Span {
        @Label("Sequences")
        int sequences;
        @Label("Tokens")
        long tokens;
    }

    @Name("dev.culebra.Generate")
    @Label("Generate")
    @Category({"Culebra", "Model"})
    @Description("Prompts that were continued, prefill and decoding together")
    static final class GenerateEvent extends Event implements Trace.Span {
        @Label("Sequences")
        int sequences;
        @Label("Prompt Tokens")
        long promptTokens;
        @Label("New Tokens")
        long newTokens;
    }

    static Trace.Span prefill() {
        if (!PREFILL.isEnabled()) return null;
        var event = new PrefillEvent();
        event.begin();
        return event;
    }

    static void prefilled(Trace.Span span, int sequences, long tokens) {
        var event = (PrefillEvent) span;
        event.sequences = sequences;
        event.tokens = tokens;
        event.commit();
    }

    static Trace.Span generate() {
        if (!GENERATE.isEnabled()) return null;
        var event = new GenerateEvent();
        event.begin();
        return event;
    }

    static void generated(Trace.Span span, int sequences, long promptTokens, long newTokens) {
        var event = (GenerateEvent) span;
        event.sequences = sequences;
        event.promptTokens = promptTokens;
        event.newTokens = newTokens;
        event.commit();
    }
}
