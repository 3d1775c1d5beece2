package dev.culebra.jmh.report;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * One HTML file with everything in it: style, script, the charting library, data. The same data make the same bytes.
 *
 * <p>Texts of the files can do nothing on the page: in the data every character that HTML gives a meaning is escaped, the script sets
 * them as text, and the page's policy forbids it to load anything.
 */
final class Page {

    /** Of the jar org.webjars.npm:chart.js; the pom's chartjs.version must be the same, which a test holds. */
    static final String CHART_JS = "4.5.1";

    private static final String LIBRARY = "/META-INF/resources/webjars/chart.js/" + CHART_JS + "/";

    private static final JsonMapper JSON = JsonMapper.builder()
            // ASCII, so that it does not matter how the file is read, and U+2028 ends no line of a script.
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private Page() {}

    /** The page of at least one file of results. */
    static String of(List<Source> sources) throws IOException {
        String data = JSON.writeValueAsString(Documents.of(sources));
        Map<String, String> parts = Map.of("style", resource("report.css"), "library", library(), "script",
                resource("report.js"), "data", inert(data), "licence", resource(LIBRARY + "LICENSE.md").strip());
        StringBuilder page = new StringBuilder();
        String template = resource("report.html");
        int at = 0;
        // One pass, so that what is filled in is never looked at again.
        for (int open = template.indexOf("{{"); open >= 0; open = template.indexOf("{{", at)) {
            int close = template.indexOf("}}", open);
            page.append(template, at, open).append(parts.get(template.substring(open + 2, close)));
            at = close + 2;
        }
        return page.append(template, at, template.length()).toString();
    }

    /** JSON in which HTML finds nothing: these characters occur in its strings alone, where an escape means the same. */
    private static String inert(String json) {
        return json.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026");
    }

    private static String library() throws IOException {
        // Without the address of its source map, which browsers' tools would ask for.
        String text = resource(LIBRARY + "dist/chart.umd.min.js").replaceAll("(?m)^//# sourceMappingURL=.*$", "")
                .strip();
        if (text.contains("</script") || text.contains("<!--"))
            throw new IllegalStateException("Chart.js " + CHART_JS + " can not stand in a page as it is");
        return text;
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Page.class.getResourceAsStream(name)) {
            if (in == null) throw new IllegalStateException("this build lacks the page's part " + name);
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
