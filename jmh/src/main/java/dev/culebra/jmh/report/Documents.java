package dev.culebra.jmh.report;

import dev.culebra.jmh.report.Part.Axis;
import dev.culebra.jmh.report.Part.Chart;
import dev.culebra.jmh.report.Part.Document;
import dev.culebra.jmh.report.Part.MachinePart;
import dev.culebra.jmh.report.Part.Note;
import dev.culebra.jmh.report.Part.Point;
import dev.culebra.jmh.report.Part.Section;
import dev.culebra.jmh.report.Part.Series;
import dev.culebra.jmh.report.Part.Variant;
import dev.culebra.jmh.results.Results;
import dev.culebra.jmh.results.Row;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** What is on the page, top to bottom. */
final class Documents {

    private static final String MEMORY = "memory";

    private final String id;
    private final MachineRuns runs;

    private Documents(String id, MachineRuns runs) {
        this.id = id;
        this.runs = runs;
    }

    /** Of at least one file. */
    static Document of(List<Source> sources) {
        List<MachinePart> machines = new ArrayList<>();
        Set<String> files = new LinkedHashSet<>();
        for (MachineRuns runs : MachineRuns.of(sources)) {
            machines.add(new Documents("m" + (machines.size() + 1), runs).part());
            files.addAll(runs.files());
        }
        return new Document(List.copyOf(files), machines);
    }

    private MachinePart part() {
        Results newest = runs.newest().results();
        String title = (newest.gpu() == null ? newest.machine() : newest.gpu())
                + (newest.quick() ? ", quick look" : "");
        List<Section> sections = new ArrayList<>();
        sections.addAll(gpu());
        sections.addAll(cpu());
        sections.add(section("host", "Host path", "host", HostPath::of));
        sections.add(section("text", "Text", "text",
                rows -> List.of(RowTable.of("Text",
                        "Of prefill and decode, one operation is one token.", rows,
                        RowTable.A_SECOND))));
        sections.add(section("emulator", "The emulator", "emulator",
                rows -> List.of(RowTable.of("The emulator",
                        "One operation is a million lane instructions; an instruction of a warp is 32.", rows,
                        RowTable.A_SECOND))));
        runs.groups().stream().map(MachineRuns.GroupRun::group).filter(g -> !Summary.KNOWN.contains(g))
                .forEach(g -> sections.add(section("other", g, g,
                        rows -> List.of(RowTable.of(g, null, rows, RowTable.PLAIN)))));
        sections.add(Versions.section(id + "-versions", runs));
        List<Row> all = runs.groups().stream().flatMap(g -> g.rows().stream()).toList();
        sections.add(new Section(id + "-rows", "All rows", null, all.isEmpty()
                ? List.of(new Note("No row was measured."))
                : List.of(RowTable.of("Every measurement", null, all, RowTable.ALL))));
        return new MachinePart(id, title, Summary.tiles(runs), Summary.about(runs), sections);
    }

    private interface Maker {
        List<Part> parts(List<Row> rows);
    }

    private Section section(String name, String title, String group, Maker maker) {
        MachineRuns.GroupRun run = runs.group(group);
        return new Section(id + "-" + name, title, null,
                run == null ? List.of(new Note(Summary.whyNot(runs, group))) : maker.parts(run.rows()));
    }

    private List<Section> gpu() {
        MachineRuns.GroupRun run = runs.group("gpu");
        if (run == null)
            return List
                    .of(new Section(id + "-gpu", "GPU multiply", null, List.of(new Note(Summary.whyNot(runs, "gpu")))));
        Contest contest = Contest.of(run.rows(), "cuBLAS", Row::ratioToCublas);
        Chart roofline = Roofline.chart(run.rows(), contest, run.now().results().gpu());
        // The group can be tried where there is no GPU.
        boolean real = run.rows().stream().noneMatch(r -> "emulator".equals(r.driver()));
        return List.of(
                new Section(id + "-roofline", "Roofline",
                        real ? null : "These products ran on the emulator: their times mean nothing.",
                        roofline == null
                                ? List.of(new Note("No product says how many bytes it moves."))
                                : List.of(roofline)),
                new Section(id + "-speedup", "Speed-up over dense cuBLAS",
                        "Time of cuBLASLt's best candidate over the time here, for the same layer and N in the same run: above 1 is "
                                + "faster than dense.",
                        speedup("gpu", contest)),
                new Section(id + "-share", "Share of the memory's limit",
                        "Bytes of the weights as stored, a second, over what a pure read of the same memory reached in the same run.",
                        shares("gpu", contest)),
                new Section(id + "-peers", "Beside other libraries",
                        "cuSPARSE reads the same zeros as CSR; cuSPARSELt takes half of each four weights away (2:4), so its matrix is "
                                + "another one.",
                        peers("gpu", contest, List.of("cublaslt", "cusparse", "cusparselt"))));
    }

    private List<Section> cpu() {
        MachineRuns.GroupRun run = runs.group("cpu");
        if (run == null)
            return List
                    .of(new Section(id + "-cpu", "CPU multiply", null, List.of(new Note(Summary.whyNot(runs, "cpu")))));
        Contest contest = Contest.of(run.rows(), "OpenBLAS", Row::ratioToOpenblas);
        List<Part> parts = new ArrayList<>(speedup("cpu", contest));
        parts.addAll(contest.shares());
        Chart rates = rates(run.rows());
        if (rates != null) parts.add(rates);
        return List.of(new Section(id + "-cpu", "CPU multiply",
                "Against OpenBLAS' dense fp32 sgemm of the same layer and N in the same run.", parts));
    }

    private List<Part> speedup(String group, Contest contest) {
        List<Part> parts = new ArrayList<>();
        for (Map.Entry<String, List<Row>> format : contest.ours().entrySet()) {
            parts.add(contest.speedup(format.getKey(), format.getValue()));
            parts.add(contest.table(format.getKey(), format.getValue()));
        }
        if (parts.isEmpty())
            parts.add(new Note("No row has a ratio to " + contest.peer() + ". " + Summary.skips(runs, group)));
        return parts;
    }

    private List<Part> shares(String group, Contest contest) {
        List<Part> parts = contest.shares();
        return parts.isEmpty()
                ? List.of(new Note(
                        "No row has a share of the limit: no pure read was measured. " + Summary.skips(runs, group)))
                : parts;
    }

    private List<Part> peers(String group, Contest contest, List<String> names) {
        List<Part> parts = new ArrayList<>();
        Chart beside = contest.beside();
        if (!beside.variants().isEmpty()) parts.add(beside);
        Set<String> measured = new LinkedHashSet<>(Means.distinct(contest.rows(), Row::by));
        List<String> missing = names.stream().filter(n -> !measured.contains(n)).toList();
        if (!missing.isEmpty())
            parts.add(new Note("Not measured: " + String.join(", ", missing) + ". " + Summary.skips(runs, group)));
        return parts;
    }

    /** Bytes a second of everything on a CPU, over how many there are: what the caches hold is faster. */
    private static Chart rates(List<Row> rows) {
        List<Row> rated = rows.stream().filter(r -> r.gbPerS() != null && r.gbPerS() > 0 && r.bytes() > 0).toList();
        List<Variant> variants = new ArrayList<>();
        for (String state : Means.distinct(rated, r -> Objects.requireNonNullElse(r.l2(), "any"))) {
            List<Series> series = new ArrayList<>();
            List<Row> ofState = rated.stream().filter(r -> r.l2() == null || r.l2().equals(state)).toList();
            for (String who : Means.distinct(ofState, Documents::mover)) {
                series.add(rate(who, ofState.stream().filter(r -> mover(r).equals(who))
                        .sorted(Comparator.comparing(Row::bytes)).toList()));
            }
            variants.add(new Variant(state, series));
        }
        if (variants.isEmpty()) return null;
        return new Chart("Bytes a second, beside a plain read",
                "Larger marks are larger N, where arithmetic takes longer than bytes.", "plot",
                Axis.bytes("bytes of the weights"), Axis.log("GB/s"), "cache", variants, 0, List.of("N", "zeros"));
    }

    private static Series rate(String who, List<Row> rows) {
        boolean limit = rows.getFirst().by().equals(MEMORY);
        List<Point> points = rows.stream().map(r -> new Point(r.bytes(), r.gbPerS(), Words.tip(r), limit
                ? null
                : List.of(String.valueOf(r.shape() == null ? 1 : r.shape().n()), Words.sparsity(r.sparsity()))))
                .toList();
        return new Series(who, limit ? null : who, null, limit ? "limit" : "points", points);
    }

    private static String mover(Row row) {
        return row.by().equals(MEMORY) ? "plain " + row.benchmark() : Words.who(row);
    }
}
