package dev.culebra.driver;

import java.util.stream.Collectors;

/**
 * Where an object was made, for the report that it was never closed. The system property {@code culebra.leaks} says how
 * much is remembered: {@code place} (the default) the first caller outside this package, whose frame is looked for on the stack;
 * {@code stack} the whole stack; {@code off} nothing.
 */
final class MakingPlace {

    static final MakingPlace UNKNOWN = new MakingPlace("");

    private static final String MODE = System.getProperty("culebra.leaks", "place");
    private static final String OURS = MakingPlace.class.getPackageName() + ".";
    private static final StackWalker WALKER = StackWalker.getInstance();

    private final String text;

    private MakingPlace(String text) { this.text = text; }

    static MakingPlace here() {
        return switch (MODE) {
            case "off" -> UNKNOWN;
            case "stack" -> new MakingPlace(WALKER.walk(frames -> frames.filter(MakingPlace::isCaller)
                    .map(frame -> System.lineSeparator() + "    at " + frame).collect(Collectors.joining())));
            default -> new MakingPlace(WALKER.walk(frames -> frames.filter(MakingPlace::isCaller).findFirst()
                    .map(StackWalker.StackFrame::toString).orElse("")));
        };
    }

    private static boolean isCaller(StackWalker.StackFrame frame) { return !frame.getClassName().startsWith(OURS); }

    /** To stand behind a name. */
    String suffix() { return text.isEmpty() ? "" : ", made at " + text.strip(); }
}
