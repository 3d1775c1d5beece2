package dev.culebra.tests.gpubench;

import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.run.Recorder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Keeps what a group tells. */
final class Recorded implements Recorder {

    final List<Row> rows = new ArrayList<>();
    final Map<String, String> skipped = new LinkedHashMap<>();
    int done = -1;
    int steps;

    @Override
    public void row(Row row) { rows.add(row); }

    @Override
    public void skipped(String what, String why) { skipped.put(what, why); }

    @Override
    public void progress(int done, int steps, String what) {
        if (done <= this.done || done >= steps) {
            throw new IllegalArgumentException("step " + done + " of " + steps + " after " + this.done);
        }
        this.done = done;
        this.steps = steps;
    }

    List<Row> by(String by) { return rows.stream().filter(row -> row.by().equals(by)).toList(); }
}
