package dev.culebra.driver;

/**
 * The JDK's flight recorder, where there is one: a runtime image without {@code jdk.jfr} works as well. Nothing here costs
 * more than a test of a flag while no recording wants the events, and nothing is allocated.
 */
final class Trace {

    private static final boolean PRESENT = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private Trace() {}

    /** An event that has begun. An interface, so that only {@link TraceEvents} names classes of the recorder. */
    interface Span {}

    static Span copy() { return PRESENT ? TraceEvents.copy() : null; }

    static void copied(Span span, String direction, long bytes, Stream stream) {
        if (span != null) TraceEvents.copied(span, direction, bytes, stream.handle());
    }

    static Span launch() { return PRESENT ? TraceEvents.launch() : null; }

    static void launched(Span span, String kernel, LaunchConfig config, Stream stream) {
        if (span != null) TraceEvents.launched(span, kernel, config, stream.handle());
    }

    static Span allocation() { return PRESENT ? TraceEvents.allocation() : null; }

    static void allocated(Span span, String kind, long bytes, long address) {
        if (span != null) TraceEvents.allocated(span, kind, bytes, address);
    }

    static Span load() { return PRESENT ? TraceEvents.load() : null; }

    static void loaded(Span span, String kind, long bytes, boolean succeeded) {
        if (span != null) TraceEvents.loaded(span, kind, bytes, succeeded);
    }
}
