package dev.culebra.jmh.interpreter;

import dev.culebra.jmh.results.Row;
import dev.culebra.jmh.results.Samples;
import dev.culebra.jmh.run.Group;
import dev.culebra.jmh.run.JmhPlan;
import dev.culebra.jmh.run.JmhRun;
import dev.culebra.jmh.run.JmhRuns;
import dev.culebra.jmh.run.Recorder;
import dev.culebra.jmh.run.Settings;
import java.util.Optional;

/**
 * {@code emulator}: the interpreter on one worker, microseconds for a million lane instructions, so 33,333 is the goal's 30 million a
 * second. {@code -checked}: with all checks; {@code -counted}: with somebody who records what launches execute.
 */
public final class EmulatorGroup implements Group {

    private static final String NAME = "emulator";
    private static final double MILLION = 1e6;

    /** Cheap. */
    public EmulatorGroup() {}

    @Override
    public String name() { return NAME; }

    @Override
    public String description() {
        return "the emulator's interpreter on one worker, time of a million lane instructions";
    }

    @Override
    public Optional<String> skipReason() { return Optional.empty(); }

    @Override
    public void run(Settings settings, Recorder recorder) {
        JmhRuns runs = new JmhRuns(settings, recorder);
        JmhPlan all = JmhPlan.of(InterpreterBenchmark.class);
        if (settings.quick()) {
            runs.add(all.param("checks", "none").param("counters", "off"), run -> recorder.row(row(run)));
            runs.add(all.param("checks", "all").param("counters", "on"), run -> recorder.row(row(run)));
        } else {
            runs.add(all, run -> recorder.row(row(run)));
        }
        runs.run();
    }

    private static Row row(JmhRun run) {
        String name = run.param("program") + (run.param("checks").equals("all") ? "-checked" : "")
                + (run.param("counters").equals("on") ? "-counted" : "");
        double usPerLane = run.secondary().get("laneInstructions");
        return Row.of(NAME, name, "culebra").driver(NAME)
                .build(new Samples(usPerLane * MILLION, run.samples().spread(), run.samples().count()));
    }
}
