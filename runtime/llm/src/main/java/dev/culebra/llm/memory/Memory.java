package dev.culebra.llm.memory;

import java.util.Locale;

/** Amounts of memory as messages have them, and what to do where there is too little. */
public final class Memory {
    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;

    private Memory() {}

    /**
     * An amount as people read it.
     *
     * @param bytes how much
     * @return such as {@code 0.5 MiB} or {@code 12.3 GiB}
     */
    public static String amount(long bytes) {
        return bytes < GIB
                ? String.format(Locale.ROOT, "%.1f MiB", (double) bytes / MIB)
                : String.format(Locale.ROOT, "%.1f GiB", (double) bytes / GIB);
    }

    /**
     * The option for a larger heap.
     *
     * @param needed bytes that are known; a quarter is added for what is not
     * @return such as {@code Java -Xmx5g (the command: CULEBRA_JAVA_OPTIONS=-Xmx5g)}
     */
    public static String largerHeap(long needed) { return option("-Xmx", needed / 4 * 5); }

    /**
     * An option of the JVM, for those who start it themselves and for those who use the command.
     *
     * @param name up to the number
     * @param bytes the number, which is rounded up
     * @return such as {@code Java -Xmx5g (the command: CULEBRA_JAVA_OPTIONS=-Xmx5g)}
     */
    public static String option(String name, long bytes) {
        var option = name + (bytes < GIB ? Math.ceilDiv(bytes, MIB) + "m" : Math.ceilDiv(bytes, GIB) + "g");
        return "Java " + option + " (the command: CULEBRA_JAVA_OPTIONS=" + option + ")";
    }
}
