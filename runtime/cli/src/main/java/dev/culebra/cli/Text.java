package dev.culebra.cli;

import java.util.Locale;

/** Numbers for people: the same on every machine, whatever its language. */
final class Text {
    private Text() {}

    static String format(String format, Object... args) { return String.format(Locale.ROOT, format, args); }

    /** Bytes in the unit that leaves one to four digits before the point. */
    static String bytes(long bytes) {
        if (bytes < 1 << 10) return bytes + " B";
        double value = bytes;
        String unit = "B";
        for (var next : new String[]{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}) {
            if (value < 1 << 10) break;
            value /= 1 << 10;
            unit = next;
        }
        return format("%.1f %s", value, unit);
    }

    static String count(long count) { return format("%,d", count); }

    /** Of things whose plural ends in s. */
    static String count(long count, String thing) {
        return count(count) + " " + thing + (count == 1 ? "" : "s");
    }

    static String milliseconds(double milliseconds) {
        return milliseconds < 1000 ? format("%.3f ms", milliseconds) : format("%.2f s", milliseconds / 1000);
    }

    static String percent(double part) { return format("%.1f%%", 100 * part); }
}
