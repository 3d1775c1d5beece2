package dev.culebra.jmh.run;

import dev.culebra.cli.Progress;
import dev.culebra.jmh.results.ResultFiles;
import dev.culebra.jmh.results.Results;
import dev.culebra.jmh.results.Results.Skipped;
import dev.culebra.jmh.results.Row;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A run's rows on their way to its file, which is whole and true at any time: what is killed half-way (Ctrl-C, a machine that is taken
 * away) leaves what was measured up to a second before, and says which group was not finished. Where it can not be written for a while, as
 * on a full disk, the run goes on, and the next attempt writes all of it. One thread.
 */
final class Recording implements Recorder {

    /** Rows may come every few milliseconds, and a file of thousands takes some to write. */
    private static final long PAUSE_NANOS = 1_000_000_000;

    /** Makes the file of what there is. */
    interface Header {
        Results results(List<Skipped> skipped, List<Row> rows);
    }

    private final Path file;
    private final Header header;
    private final List<Row> rows = new ArrayList<>();
    private final List<Skipped> skipped = new ArrayList<>();
    private String group;
    private int firstRow;
    private int firstSkipped;
    private Progress progress;
    private boolean isSaved;
    private long saved = System.nanoTime() - PAUSE_NANOS;

    Recording(Path file, Header header) {
        this.file = file;
        this.header = header;
    }

    void begin(Group next, Progress shown) {
        group = next.name();
        firstRow = rows.size();
        firstSkipped = skipped.size();
        progress = shown;
    }

    /** @param failure why the group was not finished; null if it was */
    void end(String failure) {
        if (failure != null) {
            skipped.add(rest("failed: " + failure));
        }
        group = null;
    }

    void skipGroup(Group whole, String why) { skipped.add(new Skipped(whole.name(), "the whole group", why)); }

    @Override
    public void row(Row row) {
        if (!row.group().equals(group)) {
            throw new IllegalArgumentException("a row of group " + row.group() + " came from group " + group);
        }
        rows.add(row);
        if (System.nanoTime() - saved < PAUSE_NANOS) {
            return;
        }
        try {
            save();
        } catch (IOException e) {
            // What took minutes to measure is not given up for that; if it still fails at the group's end that is told.
            saved = System.nanoTime();
        }
    }

    @Override
    public void skipped(String what, String why) { skipped.add(new Skipped(group, what, why)); }

    @Override
    public void progress(int done, int steps, String what) {
        progress.stepTo(done, steps);
        progress.note(what);
    }

    /** Of the group that began last. */
    List<Row> newRows() { return rows.subList(firstRow, rows.size()); }

    /** Of the group that began last. */
    List<Skipped> newSkipped() {
        return skipped.subList(firstSkipped, skipped.size());
    }

    int rows() { return rows.size(); }

    Path file() { return file; }

    /** Whether the last attempt to write the file did, with all rows. */
    boolean isSaved() { return isSaved; }

    /** Writes what there is, if there is something. */
    void save() throws IOException {
        if (rows.isEmpty()) {
            return;
        }
        isSaved = false;
        List<Skipped> all = new ArrayList<>(skipped);
        if (group != null) {
            all.add(rest("the run was interrupted"));
        }
        ResultFiles.write(file, header.results(all, rows));
        isSaved = true;
        saved = System.nanoTime();
    }

    private Skipped rest(String why) { return new Skipped(group, "the rest of the group", why); }
}
