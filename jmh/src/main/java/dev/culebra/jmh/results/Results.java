package dev.culebra.jmh.results;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.time.OffsetDateTime;
import java.util.List;

/**
 * A file of results: where and when, and the rows.
 *
 * @param machine processor, cores, memory, operating system, in words
 * @param cores processors the JVM saw
 * @param gpu its name and memory; null without one
 * @param driver the GPU driver's version; null without one
 * @param loadAverage the machine's work over the last minute when the run began, in cores, so that a busy machine shows; null where the
 *     system does not tell
 * @param jdk the Java version and vendor
 * @param date of the run, ISO, with time and zone
 * @param commit the commit, with "+" where the checkout was changed; "unknown" outside of one
 * @param version Culebra's
 * @param command what would be typed to measure the same, such as {@code bench --quick gpu}
 * @param quick whether it was a look
 * @param skipped what was not measured, and why
 * @param rows what was measured
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Results(String machine, int cores, String gpu, String driver, Double loadAverage, String jdk, String date,
        String commit,
        String version, String command, boolean quick, List<Skipped> skipped, List<Row> rows) {

    /**
     * Checks each part.
     *
     * @throws IllegalArgumentException if one can not be; it names the part as files name it
     */
    public Results {
        Checked.text("machine", machine);
        Checked.atLeast("cores", (long) cores, 1);
        Checked.textOrNull("gpu", gpu);
        Checked.textOrNull("driver", driver);
        Checked.notNegative("load_average", loadAverage);
        Checked.text("jdk", jdk);
        Checked.date("date", date);
        Checked.text("commit", commit);
        Checked.text("version", version);
        Checked.textOrNull("command", command);
        skipped = List.copyOf(skipped);
        rows = List.copyOf(rows);
    }

    /**
     * When the run was.
     *
     * @return {@code date} as a time
     */
    OffsetDateTime time() { return OffsetDateTime.parse(date); }

    /**
     * Something that could not be measured.
     *
     * @param group its group
     * @param what a few words
     * @param why one sentence
     */
    public record Skipped(String group, String what, String why) {

        /**
         * Checks each part.
         *
         * @throws IllegalArgumentException if one is missing or no plain text
         */
        public Skipped {
            Checked.text("group", group);
            Checked.text("what", what);
            // Often an exception's message, which may have lines.
            if (why != null) why = why.strip().replaceAll("\\s+", " ");
            Checked.text("why", why);
        }
    }
}
