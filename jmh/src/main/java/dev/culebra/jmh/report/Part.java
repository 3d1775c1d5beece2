package dev.culebra.jmh.report;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import java.util.List;

/** A piece of the page, as its script takes it: all figures are worked out here, the script only draws. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonInclude(JsonInclude.Include.NON_NULL)
sealed interface Part {

    /** A sentence: why there is nothing, or what to know. */
    @JsonTypeName("note")
    record Note(String text) implements Part {}

    /** Names and what they stand for. @param pairs of two texts each */
    @JsonTypeName("facts")
    record Facts(String title, List<List<String>> pairs) implements Part {}

    /**
     * A plot.
     *
     * @param style {@code plot} (points and lines) or {@code bars}
     * @param choice what the reader chooses among the variants by, such as "layer"
     * @param variants what can be seen in turns
     * @param start the variant that is seen first, and printed
     * @param filters names of what a point's tags say, by which points can be left out; null where there are no tags; marks are the larger
     *     the larger the one named N
     */
    @JsonTypeName("chart")
    record Chart(String title, String note, String style, Axis x, Axis y, String choice, List<Variant> variants,
            int start, List<String> filters) implements Part {

        /** One that has nothing to choose. */
        static Chart of(String title, String note, String style, Axis x, Axis y, List<Series> series,
                String... filters) {
            return new Chart(title, note, style, x, y, null, List.of(new Variant("all", series)), 0,
                    filters.length == 0 ? null : List.of(filters));
        }
    }

    /**
     * @param title with the unit
     * @param scale linear, log, or category
     * @param labels of categories, whose points have the index for a coordinate
     * @param zero whether a linear axis begins there
     * @param bytes whether ticks are powers of 1024 with their units
     */
    record Axis(String title, String scale, List<String> labels, boolean zero, boolean bytes) {

        static Axis linear(String title) { return new Axis(title, "linear", null, true, false); }

        static Axis log(String title) { return new Axis(title, "log", null, false, false); }

        static Axis bytes(String title) { return new Axis(title, "log", null, false, true); }

        static Axis of(String title, List<String> labels) { return new Axis(title, "category", labels, false, false); }
    }

    record Variant(String name, List<Series> series) {}

    /**
     * @param colour series of one key have the same colour in every chart; null where the colours are the chart's own
     * @param step place on a scale of colours from first to last, 0 to 1, for what has an order; null otherwise
     * @param marks points, line, both, or limit (a dashed line)
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Series(String name, String colour, Double step, String marks, List<Point> points) {}

    /** @param tip lines of what is said of it
     *  @param tags what filters look at */
    @JsonFormat(shape = JsonFormat.Shape.ARRAY)
    @JsonInclude(JsonInclude.Include.ALWAYS)
    record Point(double x, double y, String tip, List<String> tags) {

        static Point of(double x, double y, String tip) { return new Point(x, y, tip, null); }
    }

    /**
     * A coloured table.
     *
     * @param scale ratio (1 is neutral) or share (0 to 1)
     */
    @JsonTypeName("heat")
    record Heat(String title, String note, String scale, String corner, List<String> columns, List<HeatRow> rows)
            implements
                Part {}

    /** @param cells null where there is none */
    record HeatRow(String name, List<Cell> cells) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Cell(double value, String text, String tip) {}

    /**
     * A table.
     *
     * @param rows texts, numbers and truths, as many a row as there are columns; null where there is nothing
     * @param all whether it is the long one that can be searched
     */
    @JsonTypeName("table")
    record Table(String title, String note, List<String> columns, List<List<Object>> rows, boolean all)
            implements
                Part {}

    /** A part of the page with a heading. */
    record Section(String id, String title, String intro, List<Part> parts) {}

    /** A figure that is seen first. @param good whether it is good news (true), bad news (false), or neither (null) */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Tile(String label, String value, String note, Boolean good) {}

    /** What one machine measured. */
    record MachinePart(String id, String title, List<Tile> tiles, List<Part> about, List<Section> sections) {}

    /** Everything. */
    record Document(List<String> files, List<MachinePart> machines) {}
}
