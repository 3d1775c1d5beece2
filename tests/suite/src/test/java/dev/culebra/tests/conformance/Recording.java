package dev.culebra.tests.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.opentest4j.AssertionFailedError;

/**
 * What hardware answered, in a file of the repository: where there is no GPU, the emulator's answers are compared with it.
 * {@code -Dculebra.conformance.record=FILE} writes one.
 *
 * <p>
 * A line a case: name, digest of program and operands, a hash of the exact numbers (and of what is likeliest of the free ones),
 * the bits of the free ones in their order ({@code =} for the likeliest, {@code bits*count} for repeats), and {@code place=bits} of numbers that the ISA does not allow; each of the last needs a
 * reason in {@code differences.txt}.
 */
final class Recording {

    private static final String FILE = System.getProperty("culebra.conformance.record");

    private static final Map<String, String> WRITTEN = new TreeMap<>();

    /** What a line says. */
    record Line(String name, String digest, String exact, List<Long> free, Map<Integer, Long> different) {

        static Line parse(String text) {
            String[] f = text.split("\\|", -1);
            List<Long> free = new ArrayList<>();
            for (String run : f[3].isEmpty() ? new String[0] : f[3].split(",")) {
                String[] parts = run.split("\\*");
                int n = parts.length == 1 ? 1 : Integer.parseInt(parts[1]);
                Long v = parts[0].equals("=") ? null : (Long) Long.parseUnsignedLong(parts[0], 16);
                for (int i = 0; i < n; i++) free.add(v);
            }
            Map<Integer, Long> different = new TreeMap<>();
            for (String d : f[4].isEmpty() ? new String[0] : f[4].split(",")) {
                String[] parts = d.split("=");
                different.put(Integer.parseInt(parts[0]), Long.parseUnsignedLong(parts[1], 16));
            }
            return new Line(f[0], f[1], f[2], free, different);
        }
    }

    private Recording() {}

    private static Line line(Case c, Answer answer, long[] got) {
        List<Long> exact = new ArrayList<>();
        List<Long> free = new ArrayList<>();
        Map<Integer, Long> different = new TreeMap<>();
        for (int i = 0; i < got.length; i++) {
            if (!answer.accepts(i, got[i])) {
                different.put(i, got[i]);
            } else if (answer.freedoms()[i] == null) {
                exact.add(got[i]);
            } else { // where it is the likeliest of the possible values a mark stands for it
                free.add(got[i] == answer.bits()[i] ? null : got[i]);
                exact.add(answer.bits()[i]);
            }
        }
        return new Line(c.name(), c.digest(), hash(exact), free, different);
    }

    private static String hash(List<Long> v) {
        try {
            ByteBuffer b = ByteBuffer.allocate(8 * v.size());
            v.forEach(b::putLong);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(b.array()), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String text(Line l) {
        StringBuilder free = new StringBuilder();
        for (int i = 0, n; i < l.free.size(); i += n) {
            Long v = l.free.get(i);
            for (n = 1; i + n < l.free.size() && Objects.equals(l.free.get(i + n), v);) n++;
            free.append(i == 0 ? "" : ",").append(v == null ? "=" : Long.toHexString(v)).append(n > 1 ? "*" + n : "");
        }
        StringBuilder different = new StringBuilder();
        l.different.forEach((i, v) -> different.append(different.isEmpty() ? "" : ",").append(i).append('=')
                .append(Long.toHexString(v)));
        return l.name + "|" + l.digest + "|" + l.exact + "|" + free + "|" + different;
    }

    /** Keeps an answer for the file, if one is to be written. */
    static synchronized void offer(Case c, Answer answer, long[] got) {
        if (FILE != null) WRITTEN.put(c.name(), text(line(c, answer, got)));
    }

    /** Writes all answers so far. */
    static synchronized void save() {
        if (FILE == null) return;
        var device = Bench.device();
        String driver = System.getProperty("culebra.conformance.driver", "not told");
        String head = "# device " + device.name() + "\n# compute " + device.computeCapability().major() + "."
                + device.computeCapability().minor() + "\n# driver " + driver + "\n# cuda "
                + device.cuda().driverVersion() + "\n# date " + LocalDate.now(ZoneOffset.UTC) + "\n";
        try {
            Files.writeString(Path.of(FILE), head + String.join("\n", WRITTEN.values()) + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- what was recorded ----

    static final String HARDWARE = "h200.txt";

    private static final class Known {
        static final Map<String, Line> LINES = new HashMap<>();
        static {
            for (String l : resource(HARDWARE)) {
                if (!l.isBlank() && !l.startsWith("#")) LINES.put(l.substring(0, l.indexOf('|')), Line.parse(l));
            }
        }
    }

    static List<String> resource(String name) {
        try (InputStream in = Recording.class.getResourceAsStream(name)) {
            return in == null ? List.of() : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Why hardware does not do what the ISA says of a case, or null where it is not known to. */
    static String explanation(Case c) {
        String start = c.name() + "|";
        return resource("differences.txt").stream().filter(l -> l.startsWith(start))
                .map(l -> l.substring(start.length()))
                .findFirst().orElse(null);
    }

    static Map<String, Line> recorded() { return Known.LINES; }

    /** Whether hardware has answered just this program with these operands. */
    static boolean knows(Case c) {
        Line l = Known.LINES.get(c.name());
        return l != null && l.digest.equals(c.digest());
    }

    /**
     * Compares an answer that the ISA allows with the recorded one: exact numbers must be equal, free ones be allowed both;
     * numbers where hardware contradicts the ISA's text are listed with reasons elsewhere.
     */
    static void compare(Case c, Answer answer, long[] got) {
        if (!knows(c)) return;
        Line there = Known.LINES.get(c.name());
        List<Long> exact = new ArrayList<>();
        int free = 0;
        for (int i = 0; i < got.length; i++) {
            if (there.different.containsKey(i)) continue;
            boolean isFree = answer.freedoms()[i] != null;
            exact.add(isFree ? answer.bits()[i] : got[i]);
            if (!isFree) continue;
            Long v = there.free.get(free++);
            if (v != null && !answer.accepts(i, v)) {
                throw new AssertionFailedError(c.name() + ": the hardware's answer at " + i + ", 0x"
                        + Long.toHexString(v) + ", is not " + answer.expectation(i));
            }
        }
        if (!hash(exact).equals(there.exact)) {
            throw new AssertionFailedError(
                    c.name() + ": the exact numbers differ from what the hardware answered; they were as"
                            + " the ISA says here and there, so what is expected has changed since it was recorded");
        }
    }
}
