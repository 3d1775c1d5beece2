package dev.culebra.jmh.cpu;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** The size of the processor's last cache, by what Linux says. */
final class LastCache {

    /** Where the system does not tell: more than most have for a core's share. */
    private static final long UNKNOWN = 32L << 20;

    private LastCache() {}

    static long bytes() {
        long most = 0;
        try (DirectoryStream<Path> caches = Files.newDirectoryStream(Path.of("/sys/devices/system/cpu/cpu0/cache"),
                "index*")) {
            for (Path cache : caches) {
                most = Math.max(most, parse(Files.readString(cache.resolve("size")).strip()));
            }
        } catch (IOException | NumberFormatException e) {
            return UNKNOWN;
        }
        return most == 0 ? UNKNOWN : most;
    }

    /** "32768K", "32M" or bytes. */
    private static long parse(String size) {
        int unit = "KMG".indexOf(size.charAt(size.length() - 1));
        return unit < 0
                ? Long.parseLong(size)
                : Long.parseLong(size.substring(0, size.length() - 1)) << 10 * (unit + 1);
    }
}
